"""The section of `docs/results.md` on initial weights, from `papers/<paper>/initial_weights/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pandas as pd

from ganvae.comparison.columns import column
from ganvae.comparison.differences import Difference, differences
from ganvae.comparison.tables import plain
from ganvae.errors import UserError
from ganvae.networks.layers.initialisation import Initialisation
from ganvae.papers.shared.results import of_seeds
from ganvae.papers.shared.tables import read_table
from ganvae.papers.shared.verdicts import title, written

SEED = ["initialisation", "seed"]
INITIALISATIONS = get_args(Initialisation)
TEXTS = ("system", "initialisation", "state", "collapsed")
ENDS = ("class_entropy", "digit", "share", "deviation", "fid_classifier")
SHOWN = ("highest", *ENDS)
COMPARED = ("class_entropy", "fid_classifier")
HEADINGS = {
    "highest": "highest class entropy of its snapshots",
    "class_entropy": "class entropy at its end",
    "digit": "most drawn digit",
    "share": "its share of images",
}
INTRODUCTION = """\
## What the initial weights decide

mi2018 and battineedi2023 used TensorFlow, whose layers begin with Glorot-uniform weights and biases
of 0; neither says how its own began. Torch's layers begin with smaller weights and random biases.
Here one GAN of each paper was trained with each start, Adam's epsilon with it
(`networks.initialisation`; [how long and how else](papers.md#what-weights-begin-as)), and judged by
the project's classifier. The systems further down began as torch does, but for those whose row says
Keras. `deviation` is the standard deviation over the images, root mean square over the pixels, on
[0, 1]: 0 is one and the same image. A collapsed seed, which one that has not begun to draw is too,
draws too few classes at its end.
"""


def section(folder: Path) -> str:
    """As Markdown; empty where no paper has been run.

    Args:
        folder: `papers/`.

    Raises:
        UserError: a table is damaged, or no such table.
    """
    files = sorted(folder.glob("*/initial_weights/seeds.csv"))
    tables = {file.parents[1].name: _read(file) for file in files}
    if not tables:
        return ""
    head = ["system", "initial weights", "finished", "collapsed", "steps", *map(_heading, SHOWN)]
    rows = [
        _row(table[table["initialisation"] == initialisation])
        for table in tables.values()
        for initialisation in INITIALISATIONS
    ]
    lines = [_difference(name, tables) for name in COMPARED]
    shown = [_files(paper) for paper in tables]
    return "\n".join([INTRODUCTION, plain(head, rows), *filter(None, lines), *shown, ""])


def _read(path: Path) -> pd.DataFrame:
    """One paper's table, with `highest`; of a finished seed all numbers are there."""
    table = read_table(path, TEXTS, ("seed", "step", *ENDS))
    course = read_table(path.with_name("course.csv"), SEED[:1], (*SEED[1:], "class_entropy"))
    highest = course.groupby(SEED)["class_entropy"].max().rename("highest")
    table = table.join(highest, on=SEED)
    rows = table[SEED]
    finished = table[table["state"] == "finished"]
    if (
        set(table["initialisation"]) != set(INITIALISATIONS)
        or not set(table["state"]) <= {"finished", "diverged"}
        or table["system"].nunique() != 1
        or rows.duplicated().any()
        or table[["system", "seed", "step"]].isna().any(axis=None)
        or finished[[*SHOWN, "collapsed"]].isna().any(axis=None)
    ):
        raise UserError(f"{path}: a row with its numbers for each initialisation and seed expected")
    return table


def _heading(name: str) -> str:
    return HEADINGS.get(name) or title(name)


def _row(table: pd.DataFrame) -> list[str]:
    finished = table[table["state"] == "finished"]
    seeds = finished["seed"].astype(int)
    steps = ", ".join(f"{step:,}" for step in sorted(set(table["step"].astype(int))))
    return [
        *table[["system", "initialisation"]].iloc[0],
        f"{len(finished)} of {len(table)}",
        f"{finished['collapsed'].astype(bool).sum()} of {len(finished)}",
        steps,
        *(written(name, of_seeds(dict(zip(seeds, finished[name], strict=True)))) for name in SHOWN),
    ]


def _difference(name: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Keras's start less torch's, the papers one family; empty with fewer than two seeds a side."""
    sides = {paper: _by_initialisation(table, name) for paper, table in tables.items()}
    pairs = {
        paper: (by["keras"], by["torch"])
        for paper, by in sides.items()
        if min(map(len, by.values())) > 1
    }
    if not pairs:
        return ""
    found = differences(pairs)
    words = "; ".join(f"{paper} {_signed(name, found[paper])}" for paper in pairs)
    standard = "[by the project's standard](metrics.md#uncertainty)"
    return f"- {_heading(name)}, Keras's start less torch's, interval {standard}: {words}."


def _by_initialisation(table: pd.DataFrame, name: str) -> dict[str, list[float]]:
    finished = table[table["state"] == "finished"]
    return {
        initialisation: finished.loc[finished["initialisation"] == initialisation, name].tolist()
        for initialisation in INITIALISATIONS
    }


def _signed(name: str, found: Difference) -> str:
    show = column(name).show
    value, low, high = (
        f"{'+' if number > 0 else ''}{show(number)}"
        for number in (found.value, found.low, found.high)
    )
    return f"{value} [{low}, {high}]"


def _files(paper: str) -> str:
    place = f"../papers/{paper}/initial_weights"
    linked = ", ".join(f"[{name}]({place}/{name})" for name in ("seeds.csv", "course.csv"))
    return f"\n{paper}: {linked}\n\n![images with both starts]({place}/samples.png)"
