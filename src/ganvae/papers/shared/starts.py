"""The section of `docs/results.md` on initial weights, from `papers/<paper>/initial_weights/`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ganvae.comparison.columns import column
from ganvae.comparison.differences import Difference, differences
from ganvae.comparison.tables import plain
from ganvae.core import config
from ganvae.papers.shared.results import of_seeds
from ganvae.papers.shared.tables import read_table
from ganvae.papers.shared.verdicts import title, written

STARTS = ("torch", "keras")
TEXTS = ("initialisation", "state")
NUMBERS = ("seed", "step", "class_entropy", "digit", "share", "deviation", "fid_classifier")
SHOWN = ("class_entropy", "digit", "share", "deviation", "fid_classifier")
COMPARED = ("class_entropy", "fid_classifier")
HEADINGS = {"digit": "most drawn digit", "share": "its share of images"}
INTRODUCTION = """\
## What the initial weights decide

mi2018 and battineedi2023 used TensorFlow, whose layers begin with Glorot-uniform weights and biases
of 0; neither says more of it. Torch's own layers begin with smaller weights and random biases. Here
one GAN of each paper was trained with both starts (`networks.initialisation`), all else alike, and
judged by the project's classifier; all systems further down began as torch does. `deviation` is the
standard deviation over the images, root mean square over the pixels, on [0, 1]: 0 is one and the
same image.
"""


def section(folder: Path) -> str:
    """As Markdown; empty where no paper has been run.

    Args:
        folder: `papers/`.

    Raises:
        UserError: a table is of another form.
    """
    files = sorted(folder.glob("*/initial_weights/seeds.csv"))
    tables = {file.parents[1].name: read_table(file, TEXTS, NUMBERS) for file in files}
    if not tables:
        return ""
    blocks = config.section(config.load(folder / "params.yaml"), "initial_weights")
    head = ["system", "initial weights", "seeds", "steps", *(_heading(name) for name in SHOWN)]
    rows = [
        _row(blocks[paper]["system"], table[table["initialisation"] == start], start)
        for paper, table in tables.items()
        for start in STARTS
    ]
    lines = [_difference(name, tables) for name in COMPARED]
    shown = "\n".join(
        f"![{paper}: images with both starts](../papers/{paper}/initial_weights/samples.png)\n"
        for paper in tables
    )
    return "\n".join([INTRODUCTION, plain(head, rows), *filter(None, lines), "", shown])


def _heading(name: str) -> str:
    return HEADINGS.get(name) or title(name)


def _row(system: str, table: pd.DataFrame, start: str) -> list[str]:
    finished = table[table["state"] == "finished"]
    seeds = finished["seed"].astype(int)
    cells = [
        written(name, of_seeds(dict(zip(seeds, finished[name].astype(float), strict=True))))
        for name in SHOWN
    ]
    steps = ", ".join(f"{step:,}" for step in sorted(set(table["step"].astype(int))))
    return [system, start, f"{len(finished)} of {len(table)}", steps, *cells]


def _difference(name: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Keras's start less torch's, one family for the metric; empty with fewer than two seeds."""
    pairs = {
        paper: (sides["keras"], sides["torch"])
        for paper, table in tables.items()
        if min(map(len, (sides := _by_start(table, name)).values())) > 1
    }
    if not pairs:
        return ""
    found = differences(pairs)
    words = [f"{paper} {_signed(name, found[paper])}" for paper in pairs]
    return f"- Keras's start less torch's, {title(name)}: {'; '.join(words)}."


def _by_start(table: pd.DataFrame, name: str) -> dict[str, Sequence[float]]:
    finished = table[table["state"] == "finished"]
    return {
        start: finished.loc[finished["initialisation"] == start, name].astype(float).tolist()
        for start in STARTS
    }


def _signed(name: str, found: Difference) -> str:
    show = column(name).show
    value, low, high = (
        f"{'+' if number > 0 else ''}{show(number)}"
        for number in (found.value, found.low, found.high)
    )
    return f"{value} [{low}, {high}]"
