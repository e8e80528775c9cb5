"""`docs/results.md`: every published number and claim beside what was measured, and six answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ganvae import storage
from ganvae.errors import UserError
from ganvae.papers.findings import COLUMNS

PAPERS = {
    "mi2018": 'Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models" (2018)',
    "battineedi2023": '"CAP6610 Project Report" (2023)',
    "ghosh2020": '"Comparative study between VAE and GAN" (2020)',
    "tikayyolla2020": '"Comparative Analysis of GAN and VAE" (2020)',
    "parakatta2023": '"VAE v/s GAN, a case study" (2023)',
}
QUESTIONS = (
    "Does the plain GAN collapse on MNIST, and does the Wasserstein loss cure it?",
    "Is the VAE blurrier, and by how much?",
    "How much longer does the GAN take to reach the same quality?",
    "Does depth matter for the VAE, and does convolution turn the order around?",
    "Does the constraint of mi2018 help, by how much, and for which lambda and d?",
    "Does any ordering hold on a second data set?",
)
SHOWN = ["claim", "systems", "published", "measured", "seeds", "length", "protocol", "verdict"]
INTRODUCTION = """\
# The source papers, re-run

Every number and claim that five texts publish, beside what this project's systems gave. `length` is
the share of the paper's own training length that was run; "cannot tell" means that the number of
seeds or this length does not decide. The systems stand in `papers/params.yaml`, the readings of the
texts in the docstrings of `src/ganvae/networks` and `src/ganvae/models`, the verdicts' rules in
`src/ganvae/papers`. `python -m stages.results_page` writes this page from the tables in `papers/`.
"""


def read(folder: Path, paper: str) -> pd.DataFrame | None:
    """A paper's findings, all as text; None where it has no report yet.

    Raises:
        UserError: the table has other columns.
    """
    path = folder / paper / "findings.csv"
    if not path.exists():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != COLUMNS:
        raise UserError(f"{path}: columns {list(table.columns)}; {COLUMNS} expected")
    return table


def page(folder: Path) -> str:
    """The whole page as Markdown.

    Args:
        folder: `papers/`, with a folder per paper that has a report.

    Raises:
        UserError: no paper has a report, or one is of another form.
    """
    tables = {paper: table for paper in PAPERS if (table := read(folder, paper)) is not None}
    if not tables:
        raise UserError(f"{folder}: no report yet; run dvc repro papers/dvc.yaml")
    parts = [INTRODUCTION, _counts(tables), "## The questions the papers leave open\n"]
    parts += [_answer(number, tables) for number in range(1, len(QUESTIONS) + 1)]
    parts += [_paper(folder, paper, table) for paper, table in tables.items()]
    return "\n".join(parts)


def _counts(tables: Mapping[str, pd.DataFrame]) -> str:
    counted = {paper: table["verdict"].value_counts().to_dict() for paper, table in tables.items()}
    verdicts = ["holds", "does not hold", "cannot tell", "no claim"]
    rows = [[paper, *(counts.get(v, 0) for v in verdicts)] for paper, counts in counted.items()]
    missing = [paper for paper in PAPERS if paper not in tables]
    note = f"\nWithout a report yet: {', '.join(missing)}.\n" if missing else ""
    return _markdown(["paper", *verdicts], rows) + note


def _answer(number: int, tables: Mapping[str, pd.DataFrame]) -> str:
    """One paragraph: each finding that bears on the question, with its verdict."""
    sentences = [
        f"{_sentence(row['claim'])} ({paper}): {row['measured']} [{row['verdict']}]."
        for paper, table in tables.items()
        for _, row in table[table["question"] == str(number)].iterrows()
    ]
    text = " ".join(sentences) or "No report answers it yet."
    return f"### {number}. {QUESTIONS[number - 1]}\n\n{text}\n"


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:]


def _paper(folder: Path, paper: str, table: pd.DataFrame) -> str:
    rows = [list(row) for row in table[SHOWN].itertuples(index=False)]
    figures = sorted(path.name for path in (folder / paper).glob("*.png"))
    shown = [
        f"![{name.removesuffix('.png').replace('_', ' ')}](../papers/{paper}/{name})\n"
        for name in figures
    ]
    others = sorted(path.name for path in (folder / paper).glob("*.csv"))
    links = ", ".join(f"[{name}](../papers/{paper}/{name})" for name in others)
    return "\n".join(
        [f"## {paper}: {PAPERS[paper]}\n", _markdown(SHOWN, rows), f"Tables: {links}\n", *shown]
    )


def _markdown(header: list[str], rows: Sequence[Sequence[object]]) -> str:
    lines: list[Sequence[object]] = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def write(folder: Path, path: Path) -> None:
    """Writes `page` to `path`."""
    storage.write_text(path, page(folder))
