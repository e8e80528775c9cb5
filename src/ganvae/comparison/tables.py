"""Markdown tables, of numbers: padded, aligned, never wider than a screen; of texts: plain."""

from collections.abc import Sequence

from ganvae.comparison.columns import EXACT, Column, column, ordered
from ganvae.comparison.summary import Row, Spread

NONE = "–"  # noqa: RUF001 (an en dash reads better than a hyphen in an empty cell)
WIDTH = 150
FATES = ("finished", "collapsed", "diverged")


def table(header: Sequence[str], lines: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """A table with padded cells, split by columns into several where it would be too wide.

    Args:
        header: one title per column.
        lines: the rows' cells.
        numbers: all columns but the first align right, and the first is repeated in every part.
    """
    widths = [max(len(cell) for cell in cells) for cells in zip(header, *lines, strict=True)]
    right = [numbers and i > 0 for i in range(len(widths))]
    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    padded = [
        [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        for line in [header, *lines]
    ]
    parts = _parts(widths) if numbers else [list(range(len(widths)))]
    return "\n\n".join(
        "\n".join(
            f"| {' | '.join(line[i] for i in part)} |" for line in [padded[0], rule, *padded[1:]]
        )
        for part in parts
    )


def plain(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of long texts, neither padded nor split, ended by a line break."""
    rows = [header, ["---"] * len(header), *lines]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _parts(widths: Sequence[int]) -> list[list[int]]:
    """The columns of each table; the first column is in all of them."""
    parts = [[0]]
    for i in range(1, len(widths)):
        wide = sum(widths[k] + 3 for k in [*parts[-1], i]) + 1 > WIDTH
        if wide and len(parts[-1]) > 1:
            parts.append([0])
        parts[-1].append(i)
    return parts


def spreads(rows: Sequence[Row], names: Sequence[str], fates: bool = False) -> str:
    """The rows that have at least one of the metrics, mean ± standard deviation over the seeds.

    Args:
        rows: all of one protocol.
        names: metrics; those that no row has are left out.
        fates: whether to say how many seeds finished, collapsed and diverged; then all rows stand.
    """
    if len({row.sizes for row in rows}) > 1:
        raise ValueError("rows of different protocols in one table")
    found = present({name for row in rows for name in row.metrics}, names)
    shown = [row for row in rows if fates or any(name in row.metrics for name in found)]
    lines = [
        [
            row.name,
            *(_count(getattr(row, fate)) for fate in FATES if fates),
            *(cell(row.metrics.get(name), column(name), exact=name in EXACT) for name in found),
        ]
        for row in shown
    ]
    heads = [*(FATES if fates else ()), *(column(name).head for name in found)]
    return table(["", *heads], lines) if lines and heads else "No row has any."


def intervals(rows: Sequence[Row]) -> str:
    """The 95 % interval of a single seed's sampling error, for the metrics that have one."""
    names = {name for row in rows for name, value in row.metrics.items() if value.interval}
    found = ordered(names)
    lines = [[row.name, *(_interval(row.metrics.get(name), column(name)) for name in found)]
             for row in rows if found]  # fmt: skip
    return table(["", *(column(name).title for name in found)], lines) if lines else ""


def present(measured: set[str], names: Sequence[str]) -> list[str]:
    """Those of `names` that were measured; one that ends in `_` stands for all with a number."""
    return [
        found
        for name in names
        for found in ordered({m for m in measured if m == name or _numbered(m, name)})
    ]


def _numbered(metric: str, prefix: str) -> bool:
    return prefix.endswith("_") and metric.removeprefix(prefix).isdigit()


def cell(value: Spread | None, shown: Column, exact: bool = False) -> str:
    """Mean ± standard deviation; the mean alone for one value, or where no seed differs."""
    if value is None:
        return NONE
    if value.std is None or (exact and not value.std):
        return shown.show(value.mean)
    return f"{shown.show(value.mean)} ± {shown.show(value.std)}"


def _interval(value: Spread | None, shown: Column) -> str:
    if value is None or value.interval is None:
        return NONE
    return f"[{shown.show(value.interval[0])}, {shown.show(value.interval[1])}]"


def _count(value: int | None) -> str:
    return NONE if value is None else str(value)
