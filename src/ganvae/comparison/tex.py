"""The comparison's first tables for a paper: LaTeX with the packages booktabs and graphicx."""

import re
from collections.abc import Sequence

from ganvae.comparison.sections import (
    FIDELITY_AND_DIVERSITY,
    GENERATED_IMAGES,
    RECONSTRUCTION,
    Section,
)
from ganvae.comparison.tables import Cell, Table

LABELS = {
    GENERATED_IMAGES: "generated",
    RECONSTRUCTION: "reconstruction",
    FIDELITY_AND_DIVERSITY: "fidelity",
}
HEAD = r"""% Written by the stage compare. In the preamble: \usepackage{booktabs,graphicx}
% A table that is wider than the text or its column is made smaller.
% Bold: shown to be better than every other model that has the number, by the project's standard
% (Welch's intervals over the seeds at Holm's levels, five seeds or more); else nothing is marked.
"""
BOLD_SAID = "Bold: shown to be better than every other model."
SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "±": r"$\pm$", "∞": r"$\infty$", "↑": r"$\uparrow$",
    "↓": r"$\downarrow$", "–": "--",  # noqa: RUF001
}  # fmt: skip
NO_WIDER = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
MINUS = re.compile(r"(?<![\w-])-(?=[\w.])")


def render(sections: Sequence[Section]) -> str:
    """The whole of `comparison.tex`: a `table` for each section of `LABELS`."""
    shown = [section for section in sections if section.title in LABELS]
    return HEAD + "".join(_float(s, t) for s in shown for t in s.parts if isinstance(t, Table))


def escaped(text: str) -> str:
    """Text as LaTeX prints it; Markdown's `code` becomes typewriter letters."""
    parts = MINUS.sub("\x00", text).split("`")
    signs = ["".join(SIGNS.get(c, c) for c in part).replace("\x00", "$-$") for part in parts]
    return "".join(rf"\texttt{{{s}}}" if i % 2 else s for i, s in enumerate(signs))


def _float(section: Section, table: Table) -> str:
    said = next((part for part in section.parts if isinstance(part, str)), "")
    bold = BOLD_SAID if any(cell.best for line in table.lines for cell in line) else ""
    caption = " ".join([f"{section.title}.", *said.split(), bold]).strip()
    lines = [" & ".join(map(_cell, line)) for line in table.lines]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(caption)}}}",
            rf"\label{{tab:{LABELS[section.title]}}}",
            NO_WIDER,
            rf"\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
            r"\toprule",
            " & ".join(map(_head, table.header)) + r" \\",
            r"\midrule",
            *(rf"{line} \\" for line in lines),
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def _head(title: str) -> str:
    """A line for each word, so that the numbers decide how wide the column is."""
    words = escaped(re.sub(r" (?=[↑↓])", "\N{NO-BREAK SPACE}", title)).split(" ")
    text = r"\\".join(words).replace("\N{NO-BREAK SPACE}", "~")
    return rf"\shortstack[r]{{{text}}}" if len(words) > 1 else text


def _cell(cell: Cell) -> str:
    return rf"\textbf{{{escaped(cell.text)}}}" if cell.best else escaped(cell.text)
