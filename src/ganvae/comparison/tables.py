"""Tables as cells, whoever writes them: the comparison's Markdown and LaTeX, and the pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ganvae.comparison.columns import EXACT, Column, column, ordered
from ganvae.comparison.summary import Row, Spread

NONE = "–"  # noqa: RUF001 (an en dash reads better than a hyphen in an empty cell)
WIDTH = 150
FATES = ("finished", "collapsed", "diverged")


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: what stands in it.
        interval: ends of the 95 % interval of the sampling error, where there is one.
        best: shown to be better than those of all other models (`verdicts.best`).
    """

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        header: one title per column.
        lines: the rows' cells.
        numbers: all columns but the first are numbers; the first names the rows.
        spans: of each line a difference between its interval's ends (low, value, high), to draw.
    """

    header: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    numbers: bool = True
    spans: Sequence[tuple[float, float, float]] = ()

    @property
    def widths(self) -> list[int]:
        """The longest text of each column."""
        texts = ([cell.text for cell in line] for line in self.lines)
        return [max(map(len, column)) for column in zip(self.header, *texts, strict=True)]

    def parts(self, width: int = WIDTH) -> list["Table"]:
        """The table split by columns where it has more than `width` letters, if of numbers.

        The first column is repeated in every part.
        """
        places = _parts(self.widths, width) if self.numbers else [range(len(self.header))]
        return [
            replace(
                self,
                header=[self.header[i] for i in part],
                lines=[[line[i] for i in part] for line in self.lines],
            )
            for part in places
        ]


Part = str | Table  # of a section; texts are Markdown


def table(
    header: Sequence[str],
    lines: Sequence[Sequence[str | Cell]],
    numbers: bool = True,
    spans: Sequence[tuple[float, float, float]] = (),
) -> Table:
    """A table of texts or cells, see `Table`."""
    cells = [[c if isinstance(c, Cell) else Cell(c) for c in line] for line in lines]
    return Table(header, cells, numbers, spans)


def plain(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Markdown of a table of long texts, neither padded nor split, ended by a line break."""
    rows = [header, ["---"] * len(header), *lines]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _parts(widths: Sequence[int], width: int) -> list[list[int]]:
    """The columns of each table; the first column is in all of them."""
    parts = [[0]]
    for i in range(1, len(widths)):
        wide = sum(widths[k] + 3 for k in [*parts[-1], i]) + 1 > width
        if wide and len(parts[-1]) > 1:
            parts.append([0])
        parts[-1].append(i)
    return parts


def spreads(
    rows: Sequence[Row],
    names: Sequence[str],
    fates: bool = False,
    best: Collection[tuple[str, str]] = (),
) -> Part:
    """The rows that have at least one of the metrics, mean ± standard deviation over the seeds.

    Args:
        rows: all of one protocol.
        names: metrics; those that no row has are left out.
        fates: whether to say how many seeds finished, collapsed and diverged; then all rows stand.
        best: pairs of a row and a metric that are marked.
    """
    if len({row.sizes for row in rows}) > 1:
        raise ValueError("rows of different protocols in one table")
    found = present({name for row in rows for name in row.metrics}, names)
    shown = [row for row in rows if fates or any(name in row.metrics for name in found)]
    lines = [
        [
            Cell(row.name),
            *(Cell(_count(getattr(row, fate))) for fate in FATES if fates),
            *(_cell(row, name, (row.name, name) in best) for name in found),
        ]
        for row in shown
    ]
    heads = [*(FATES if fates else ()), *(column(name).head for name in found)]
    return table(["", *heads], lines) if lines and heads else "No row has any."


def intervals(rows: Sequence[Row]) -> Part:
    """The 95 % interval of a single seed's sampling error, for the metrics that have one."""
    names = {name for row in rows for name, value in row.metrics.items() if value.interval}
    found = ordered(names)
    lines = [
        [row.name, *(_interval(row.metrics.get(name), column(name)) or NONE for name in found)]
        for row in rows
        if found
    ]
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


def _cell(row: Row, name: str, best: bool) -> Cell:
    value, shown = row.metrics.get(name), column(name)
    return Cell(amount(value, shown, exact=name in EXACT), _interval(value, shown), best)


def amount(value: Spread | None, shown: Column, exact: bool = False) -> str:
    """Mean ± standard deviation; the mean alone for one value, or where no seed differs."""
    if value is None:
        return NONE
    if value.std is None or (exact and not value.std):
        return shown.show(value.mean)
    return f"{shown.show(value.mean)} ± {shown.show(value.std)}"


def between(ends: Sequence[float], shown: Column) -> str:
    """An interval by its two ends."""
    low, high = ends
    return f"[{shown.show(low)}, {shown.show(high)}]"


def _interval(value: Spread | None, shown: Column) -> str:
    return between(value.interval, shown) if value and value.interval else ""


def _count(value: int | None) -> str:
    return NONE if value is None else str(value)
