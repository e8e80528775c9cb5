"""docs/questions.md shows what the committed studies say."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ganvae.comparison import verdicts
from ganvae.comparison.columns import column
from ganvae.comparison.compared import Comparison, Metric
from ganvae.comparison.summary import Spread
from ganvae.comparison.tables import NONE, amount
from ganvae.core import storage
from ganvae.papers.shared import values
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


def test_mi2018s_gan_ends_as_its_two_starts_let_it() -> None:
    folder = ROOT / "papers/mi2018/initial_weights"
    ends, course = (pd.read_csv(folder / f"{name}.csv") for name in ("seeds", "course"))
    torchs, keras = (ends[ends["initialisation"] == name] for name in ("torch", "keras"))
    assert torchs["deviation"].max() < 0.02, "one and the same image"
    assert (torchs["share"] == 1).all()
    begun = course[(course["initialisation"] == "torch") & (course["class_entropy"] > 0.1)]
    assert begun[["seed", "step"]].to_numpy().tolist() == [[1, 5341], [2, 5341]]
    assert (keras["digit"] == 1).all()
    share, entropy = (
        f"{keras[name].mean():.3f} ± {keras[name].std():.3f}" for name in ("share", "class_entropy")
    )
    said = f"{share} are the published digit 1, with a class entropy of {entropy} nats"
    page = " ".join(PAGE.split())
    assert said in page
    of_results = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    told = re.findall(
        r"battineedi2023 \S+ \[(\S+), (\S+)\]; mi2018 \S+ \[(\S+), (\S+)\]", of_results
    )
    assert len(told) == 2
    for low, high, *of_mi2018 in told:  # the one holds zero, the other does not
        assert (low[0], high[0]) == ("-", "+")
        assert of_mi2018[0][0] == of_mi2018[1][0]
    measured = values.read(ROOT / "papers/mi2018/report/values.csv")
    entropies, digits = (measured["gan", n] for n in ("two_layer_class_entropy", "digit"))
    assert set(digits.seeds.values()) == {1}
    assert f"a class entropy of {entropies.mean:.3f} ± {entropies.std:.3f} nats by the" in page
    updates = measured["gan", "length"].mean * 1_000_000  # of the paper's
    assert f"after {updates:,.0f} updates, all three seeds draw the digit 1 most" in page
    assert f"after {int(ends['step'].max()):,} updates it draws one and the same image" in page
