"""docs/questions.md shows what the committed studies say."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ganvae.comparison import verdicts
from ganvae.comparison.columns import column
from ganvae.comparison.compared import Comparison, Metric
from ganvae.comparison.summary import Spread
from ganvae.comparison.tables import NONE, amount
from ganvae.core import storage
from tests import test_readme
from tests.project import ROOT

STUDIES = {
    "MNIST, `wide`": ROOT / "metrics",
    "MNIST, `conv`": ROOT / "metrics/conv",
    "FashionMNIST, `wide`": ROOT / "metrics/fashion_mnist",
}
METRICS = ("class_entropy", "fid_classifier", "coverage", "sharpness", "negative_elbo")
TITLES = {column(name).title: name for name in METRICS}
PAGE = (ROOT / "docs/questions.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def tables() -> list[tuple[list[str], list[list[str]]]]:
    """The head and the rows of every table of the page."""
    lines = [[cells(line) for line in table.splitlines()] for table in test_readme.tables(PAGE)]
    return [(head, rows) for head, _, *rows in lines]


def shown(row: Mapping[str, Metric], name: str) -> str:
    value = row.get(name)
    return amount(Spread(value.mean, value.std), column(name)) if value else NONE


def test_every_table_is_of_the_committed_studies() -> None:
    kinds = {"models": 0, "gan": 0}
    for head, rows in tables():
        assert rows
        assert head[:2] == ["metric", "study"]
        kinds[head[2]] += 1
        for title, study, *found in rows:
            name, folder = TITLES[title], STUDIES[study]
            if head[2] == "models":
                assert found[1:] == differences(folder, name, found[0]), (title, study, found)
            else:
                measured = storage.read_as(folder / "comparison.json", Comparison).rows
                assert found == [shown(measured[model].metrics, name) for model in head[2:]]
    assert min(kinds.values()) >= 1


def differences(folder: Path, name: str, models: str) -> list[str]:
    table = pd.read_csv(folder / "differences.csv")
    first, second = models.split(" - ")
    is_row = (table["metric"] == name) & (table["first"] == first) & (table["second"] == second)
    (record,) = table[is_row].to_dict("records")
    return verdicts._difference(record, column(name))


def test_the_seconds_to_the_vaes_quality_are_those_of_the_snapshots() -> None:
    """Core seconds to the first snapshot at or below the VAE's last, the mean over the seeds."""
    course = pd.read_csv(ROOT / "plots/budget.csv")
    last = course[course["step"] == course.groupby(["model", "seed"])["step"].transform("max")]
    of_vae = last[last["model"] == "vae"]
    below = course[course["fid_classifier"] <= of_vae["fid_classifier"].mean()]
    seconds = below.groupby(["model", "seed"])["train_seconds"].min().groupby("model").mean()
    said = (
        f"The GAN's snapshots pass below the VAE's last after {seconds['gan']:.0f} seconds of a "
        f"core, the VAE's training takes {of_vae['train_seconds'].mean():.0f}"
    )
    assert said in " ".join(PAGE.split())
