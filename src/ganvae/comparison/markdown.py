"""The comparison as text that reads well in a terminal and on GitHub."""

from collections.abc import Iterable, Sequence

from ganvae.comparison import facts
from ganvae.comparison.measurements import Study
from ganvae.comparison.sections import Section
from ganvae.comparison.tables import Part, Table


def render(study: Study, sections: Sequence[Section]) -> str:
    """The whole of `comparison.md`."""
    parts = ["# Comparison", facts.conditions(study)]
    for section in sections:
        parts += [f"{'#' * section.level} {section.title}", text(section.parts)]
    return "\n\n".join(parts) + "\n"


def text(parts: Iterable[Part]) -> str:
    """Texts as they are, and tables, an empty line between them."""
    return "\n\n".join(part if isinstance(part, str) else _table(part) for part in parts)


def _table(whole: Table) -> str:
    """Padded and aligned; split by columns into several where it would be too wide."""
    return "\n\n".join(_padded(part) for part in whole.parts())


def _padded(table: Table) -> str:
    widths = table.widths
    right = [table.numbers and i > 0 for i in range(len(widths))]
    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    texts = [table.header, *([cell.text for cell in line] for line in table.lines)]
    padded = [
        [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        for line in texts
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in [padded[0], rule, *padded[1:]])
