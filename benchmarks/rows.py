"""Rows of the benchmark: this project against another way to do the same work, as ratios."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

FALLEN = 0.85  # of the committed ratio; less is a regression

Row = dict[str, Any]
Measured = Iterator[tuple[str, Row, float]]  # its name, the row, the least share of a core
# the rows of one kind of work, by the content of `params.yaml`, the seconds of a window, and how
# the names of the rows begin that are wanted (`--only`)
Group = Callable[[Mapping[str, Any], float, str], Measured]


def row(
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str,
    against: str,
    target: float | None,
    more_is_better: bool = True,
) -> Row:
    """One comparison: median, minimum and maximum of both sides and of their ratio.

    A ratio is of two neighbouring measurements, so a slow drift of the machine cancels; above 1
    this project is better.

    Args:
        ours: this project's measurements, in the order in which they were taken.
        theirs: the other side's.
        unit: of the measurements.
        against: what the other side is.
        target: the ratio to be reached, if one is set.
        more_is_better: of the measurements; false for seconds and memory.
    """
    pairs = list(zip(ours, theirs, strict=True))
    ratios = [a / b if more_is_better else b / a for a, b in pairs]
    return {
        "ours": _spread(ours),
        "theirs": _spread(theirs),
        "unit": unit,
        "against": against,
        "ratio": _spread(ratios),
        "target": target,
    }


def wanted(name: str, only: str) -> bool:
    """Whether `--only` asks for a row, or for one of the rows whose names start with `name`."""
    return name.startswith(only) or only.startswith(name)


def _spread(numbers: Sequence[float]) -> dict[str, float]:
    found = {"median": median(numbers), "min": min(numbers), "max": max(numbers)}
    return {key: float(f"{number:.4g}") for key, number in found.items()}


def fallen(before: Mapping[str, Row], after: Mapping[str, Row]) -> list[str]:
    """A line for every row of both whose ratio is now less than `FALLEN` of what it was."""
    lines = []
    for name in before.keys() & after.keys():
        old, new = before[name]["ratio"]["median"], after[name]["ratio"]["median"]
        if new < FALLEN * old:
            lines.append(f"{name}: {new:.2f}, was {old:.2f}")
    return sorted(lines)


HEADER = f"{'work':<46} {'ours':>30} {'theirs':>30} {'ratio':>22} {'target':>7}"


def line(name: str, found: Row) -> str:
    """The row as a line of the table below `HEADER`."""

    def cell(numbers: Mapping[str, float], form: str) -> str:
        middle, low, high = (format(numbers[key], form) for key in ("median", "min", "max"))
        return f"{middle} ({low} - {high})"

    form = ",.0f" if found["unit"] == "images/s" else ",.3g"
    target = "" if found["target"] is None else f"{found['target']:g}"
    ours, theirs = (f"{cell(found[side], form)} {found['unit']}" for side in ("ours", "theirs"))
    return f"{name:<46} {ours:>30} {theirs:>30} {cell(found['ratio'], '.2f'):>22} {target:>7}"
