"""`docs/results.md`: every published number and claim beside what was measured, and six answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.papers.shared.findings import COLUMNS

PAPERS = {
    "mi2018": 'Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models" (2018)',
    "battineedi2023": '"CAP6610 Project Report" (2023)',
    "ghosh2020": '"Comparative study between VAE and GAN" (2020)',
    "tikayyolla2020": '"Comparative Analysis of GAN and VAE" (2020)',
    "parakatta2023": '"VAE v/s GAN — A case study" (2023)',
}
QUESTIONS = (
    "Does the plain GAN collapse on MNIST, and does the Wasserstein loss cure it?",
    "Is the VAE blurrier, and by how much?",
    "How much longer does the GAN take to reach the same quality?",
    "Does depth matter for the VAE, and does convolution turn the order around?",
    "Does the constraint of mi2018 help, by how much, and for which lambda and d?",
    "Does any ordering hold on a second data set?",
)
# by question, in the folders of the papers
FIGURES = {
    1: ("mi2018/class_entropy", "mi2018/samples", "tikayyolla2020/gan_losses"),
    2: ("ghosh2020/samples", "tikayyolla2020/side_by_side", "parakatta2023/data_sets"),
    3: ("battineedi2023/gan_training", "tikayyolla2020/accuracy"),
    4: ("tikayyolla2020/vae_losses", "ghosh2020/samples"),
    5: ("mi2018/map", "mi2018/map_wide", "mi2018/image_entropy", "mi2018/gradients"),
    6: ("parakatta2023/data_sets", "parakatta2023/fashion_samples"),
}
SHOWN = COLUMNS[1:-1]
LEADS = {
    "holds": "What holds",
    "does not hold": "What does not",
    "cannot tell": "What these lengths and seeds cannot tell",
    "no claim": "Numbers without a claim",
}
INTRODUCTION = """\
# The source papers, re-run

Every number and claim that five texts publish, beside what this project's systems gave. `length`
is the share of the paper's own training length that was run, or of an assumed one where the text
has none (of an experiment, its length). "Cannot tell" means that seeds or length do not decide,
that the rule's metrics contradict each other, or that something was not measured. The systems
stand in `papers/params.yaml`, the readings of the texts in the docstrings of
`src/ganvae/networks` and `src/ganvae/models`, the verdicts' rules in `src/ganvae/papers`. A rule
can say more than the images do: [verdicts to read with
care](papers.md#verdicts-to-read-with-care). `python -m stages.results_page` writes this page from
the tables in `papers/`.
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
    parts += [_answer(folder, number, tables) for number in range(1, len(QUESTIONS) + 1)]
    parts += [_paper(folder, paper, table) for paper, table in tables.items()]
    return "\n".join(parts)


def _counts(tables: Mapping[str, pd.DataFrame]) -> str:
    counted = {paper: table["verdict"].value_counts().to_dict() for paper, table in tables.items()}
    rows = [[paper, *(counts.get(v, 0) for v in LEADS)] for paper, counts in counted.items()]
    missing = [paper for paper in PAPERS if paper not in tables]
    note = f"\nWithout a report yet: {', '.join(missing)}.\n" if missing else ""
    return _markdown(["paper", *LEADS], rows) + note


def _answer(folder: Path, number: int, tables: Mapping[str, pd.DataFrame]) -> str:
    """A paragraph for each kind of verdict on the question, and the figures that show it."""
    found = [
        (row["verdict"], f"{_sentence(row['claim'])} ({paper}): {row['measured']}.")
        for paper, table in tables.items()
        for _, row in table[table["question"] == str(number)].iterrows()
    ]
    heading = f"### {number}. {QUESTIONS[number - 1]}\n"
    if not found:
        return f"{heading}\nNo report answers it yet.\n"
    verdicts = [verdict for verdict, _ in found]
    claims = len(found) - verdicts.count("no claim")
    parts = [
        f"Claims on it: {claims} (holds {verdicts.count('holds')}, does not hold "
        f"{verdicts.count('does not hold')}, cannot tell {verdicts.count('cannot tell')})."
    ]
    if number == 1:
        parts[0] += f" {collapses(folder)}"
    for verdict, lead in LEADS.items():
        if own := [text for kind, text in found if kind == verdict]:
            parts.append(f"*{lead}.* {' '.join(own)}")
    images = [stem for stem in FIGURES[number] if (folder / f"{stem}.png").exists()]
    shown = " ".join(f"[{stem}](../papers/{stem}.png)" for stem in images)
    return (
        "\n\n".join([heading.strip(), *parts, f"Figures: {shown}" if shown else ""]).strip() + "\n"
    )


def collapses(folder: Path) -> str:
    """How many seeds of every adversarial system of all papers ended collapsed or diverged."""
    words = []
    for path in sorted(folder.glob("*/*.csv")):
        table = pd.read_csv(path)
        if not {"system", "seeds", "collapsed", "diverged"} <= set(table.columns):
            continue
        for row in table.to_dict("records"):
            if "gan" in str(row["system"]):
                finished, diverged = int(row["seeds"]), int(row["diverged"])
                ended = f"{int(row['collapsed']) + diverged} of {finished + diverged}"
                words.append(f"{path.parent.name} {row['system']} {ended}")
    what = "collapsed, which a generator that has not begun to draw is too, or diverged"
    return f"Seeds that ended {what}: {', '.join(words)}." if words else ""


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
    heading = f"## {paper}: {PAPERS[paper]}\n"
    parts = [*_devices(folder / paper), _markdown(SHOWN, rows), f"Tables: {links}\n", *shown]
    return "\n".join([heading, *parts])


def _devices(folder: Path) -> list[str]:
    """A line that says what a paper's systems were trained on, where one of its tables says so."""
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path)
        if {"system", "device"} <= set(table.columns):
            found = {str(on): list(of) for on, of in table.groupby("device")["system"]}
            words = [f"{on} ({', '.join(of)})" for on, of in found.items()]
            return [f"Trained on {'; '.join(words if len(found) > 1 else found)}.\n"]
    return []


def _markdown(header: list[str], rows: Sequence[Sequence[object]]) -> str:
    lines: list[Sequence[object]] = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def write(folder: Path, path: Path) -> None:
    """Writes `page` to `path`."""
    storage.write_text(path, page(folder))
