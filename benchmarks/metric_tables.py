"""The tables of the metrics' benchmark, in Markdown, from its result file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.metric_cases import OURS

SHOWN = 10000  # images of the comparison, where measured
LEAST_MIB = 1.0  # less is lost among the pages that a process has anyway
COMPARISON = (
    "metric",
    "s",
    "MiB",
    "against",
    "its s",
    "its MiB",
    "s, its / ours",
    "MiB, its / ours",
    "difference",
    "differs",
)

Measurement = Mapping[str, Any]


def comparison(report: Mapping[str, Any]) -> str:
    """Both sides of every metric at one size, and theirs over ours."""
    sizes = measured_sizes(report)
    images = SHOWN if SHOWN in sizes else sizes[-1]
    found = at(report, images)
    lines: list[tuple[str, ...]] = []
    for metric, described in report["metrics"].items():
        ours = found[metric, OURS]
        if described["alone"]:
            lines.append((metric, *_costs(ours), "", "", "", "", "", "", described["alone"]))
        for side, differs in described["differs"].items():
            theirs = found[metric, side]
            seconds, mib = _costs(theirs)
            agreed = theirs.get("difference")
            lines.append(
                (
                    metric,
                    *_costs(ours),
                    side,
                    seconds,
                    mib,
                    ratio(theirs, ours, "seconds"),
                    ratio(theirs, ours, "mib"),
                    "" if agreed is None else f"{agreed:.0e}",
                    differs,
                )
            )
    return f"{images:,} images\n\n" + _table(COMPARISON, lines)


def growth(report: Mapping[str, Any]) -> str:
    """Seconds and MiB of every side at every size."""
    sizes = measured_sizes(report)
    by_size = {images: at(report, images) for images in sizes}
    lines = [
        (metric, side, *(_cell(by_size[images][metric, side]) for images in sizes))
        for metric, described in report["metrics"].items()
        for side in (OURS, *described["differs"])
    ]
    return "\n" + _table(("metric", "side", *(f"{images:,}" for images in sizes)), lines)


def measured_sizes(report: Mapping[str, Any]) -> list[int]:
    """All numbers of images, ascending."""
    return sorted({one["images"] for one in report["measurements"]})


def at(report: Mapping[str, Any], images: int) -> dict[tuple[str, str], Measurement]:
    """The measurements of one size, by metric and side."""
    return {
        (one["metric"], one["side"]): one
        for one in report["measurements"]
        if one["images"] == images
    }


def ratio(theirs: Measurement, ours: Measurement, what: str) -> str:
    """Theirs over ours; a bound where one has too little memory to tell, empty where both have."""
    if "reason" in theirs or "reason" in ours:
        return ""
    a, b = theirs[what], ours[what]
    if what == "mib" and min(a, b) < LEAST_MIB:
        if max(a, b) < LEAST_MIB:
            return ""
        return f"> {number(a / LEAST_MIB)}" if a > b else f"< {number(LEAST_MIB / b)}"
    return number(a / b)


def number(value: float) -> str:
    """Two significant digits, without an exponent."""
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")


def _costs(one: Measurement) -> tuple[str, str]:
    if "reason" in one:
        return one["reason"], ""
    return number(one["seconds"]), _mib(one["mib"])


def _mib(value: float) -> str:
    return f"< {LEAST_MIB:g}" if value < LEAST_MIB else number(value)


def _cell(one: Measurement) -> str:
    if "reason" in one:
        return str(one["reason"]).split(", at ")[0]
    return f"{number(one['seconds'])} s, {_mib(one['mib'])} MiB"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
