"""The report of mi2018, on systems that were trained for a few steps, and its rules."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch

from ganvae import classifier
from ganvae.comparison.summary import spread
from ganvae.papers import findings, mi2018, mi2018_claims, mi2018_constraint, mi2018_judge
from ganvae.papers.findings import Report
from ganvae.papers.results import Results
from tests import paper_results

ROOT = Path("data/papers/mi2018")


def write_experiments() -> None:
    """What the paper's experiments leave, made up."""
    folder = ROOT / "mi2018_two_layer_classifier"
    (folder / "classifier").mkdir(parents=True)
    torch.manual_seed(0)
    classifier.save(classifier.build("mlp"), folder / "classifier" / "weights.safetensors")
    accuracy = pd.DataFrame({"seed": [0, 1], "test_accuracy": [0.95, 0.97]})
    accuracy.to_csv(folder / "accuracy.csv", index=False)
    measured = dict.fromkeys(
        ["active_share", "l_gan_minus_d", "class_entropy", "negative_elbo", "reconstruction_mse"],
        1.0,
    )
    rows = [
        {
            "hinge": hinge, "l_gan_on": "prior", "lambda": lam, "d": d, "seed": seed, "step": 5,
            "state": "finished", "collapsed": False, "fid_classifier": 10 * lam + seed, **measured,
        }
        for hinge, lam, d, seed in itertools.product(["batch", "image"], [1.0, 2.0], [0.5], [0, 1])
    ]  # fmt: skip
    for name in ("map", "map_wide"):
        (ROOT / f"mi2018_{name}").mkdir()
        pd.DataFrame(rows).to_csv(ROOT / f"mi2018_{name}" / "map.csv", index=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        folder = paper_results.make(tmp_path_factory.mktemp("mi2018") / "project", "mi2018")
        patch.chdir(folder)
        patch.setattr(mi2018_judge, "IMAGES", 200)
        write_experiments()
        return mi2018.report(Results("mi2018"))


def test_every_published_number_has_a_row(report: Report) -> None:
    table = findings.table("mi2018", report.findings)
    assert list(table.columns) == findings.COLUMNS
    published = " ".join(table["published"])
    for value in ("0.000", "2.280", "2.266", "2.263", "0.954"):
        assert value in published
    assert set(table["verdict"]) <= {"holds", "does not hold", "cannot tell", "no claim"}
    assert {1, 2, 5} <= set(table["question"].dropna())
    accuracy = table[table["published"] == "0.954"].iloc[0]
    assert accuracy["measured"] == "0.9600 ± 0.0141 (2 seeds)"
    assert accuracy["verdict"] == "holds"


def test_the_table_has_every_system_and_the_maps_their_means(report: Report) -> None:
    table = report.tables["systems"].set_index("system")
    assert table.loc["gan", "parameters"] > 0
    assert set(table.index) == set(report_systems())
    means = report.tables["map_means"].set_index(["hinge", "l_gan_on", "lambda", "d"])
    assert means.loc[("batch", "prior", 2.0, 0.5), "fid_classifier"] == 20.5


def report_systems() -> list[str]:
    return [name.removeprefix("mi2018_") for name in paper_results.names("mi2018")]


def test_every_figure_of_the_paper_is_drawn(report: Report) -> None:
    expected = {"class_entropy", "samples", "ten_images", "image_entropy", "gradients"}
    assert set(report.figures) == expected | {"map", "map_wide"}


def course(*entropy: float) -> Any:
    """A result whose class entropy took this course."""
    steps = range(1, len(entropy) + 1)
    table = pd.DataFrame({"step": steps, "class_entropy": entropy, "fid_classifier": 1.0})
    return SimpleNamespace(timeline=lambda seed: table)


def test_rules_of_the_courses_go_both_ways() -> None:
    assert mi2018_claims._fall(course(0.1, 2.2, 0.0), 0) == pytest.approx(2.2)
    assert mi2018_claims._rises_and_stays(course(0.1, 2.0, 2.27, 2.28), 0)
    assert not mi2018_claims._rises_and_stays(course(0.1, 2.0, 2.0, 2.0), 0), "too low"
    assert not mi2018_claims._rises_and_stays(course(0.1, 2.28, 2.0, 2.28), 0), "unsteady"
    assert findings.agreed([0.6, 0.7], 0.5) is True
    assert findings.agreed([0.1, 0.2], 0.5) is False
    assert findings.agreed([0.1, 0.7], 0.5) is None


def test_growth_of_the_share_of_a_gradient() -> None:
    gan = pd.DataFrame({"autoencoder.l_gan_gradient": [1.0] * 10 + [3.0] * 10})
    assert mi2018_constraint.growth(gan.assign(**{"autoencoder.l_vae_gradient": 1.0})) == 0.75 / 0.5


def test_the_best_cell_of_a_map() -> None:
    columns = ["lambda", "d", "seed", "state", "fid_classifier"]
    rows = [
        (1.0, 0.0, 0, "finished", 50.0), (1.0, 0.0, 1, "finished", 52.0),
        (2.0, 0.0, 0, "finished", 90.0), (1.0, 0.7, 0, "finished", 40.0),
        (1.0, 0.7, 1, "finished", 44.0), (2.0, 0.7, 0, "diverged", 1.0),
    ]  # fmt: skip
    found = mi2018_constraint.best("wide", pd.DataFrame(rows, columns=columns))
    assert "with it 42.0 ± 2.8 (lambda 1.0, d 0.7)" in found.measured
    assert "(d <= 0) 51.0 ± 1.4 (lambda 1.0, d 0.0)" in found.measured


def test_verdicts() -> None:
    low, high = spread({"0": 1.0, "1": 1.1, "2": 0.9}), spread({"0": 2.0, "1": 2.1, "2": 1.9})
    assert findings.greater(high, low) is True
    assert findings.greater(low, high) is False
    assert findings.greater(low, spread({"0": 1.0, "1": 1.2, "2": 0.9})) is None
    assert findings.greater(spread({"0": 9.0}), low) is None, "one seed does not tell"
    assert [findings.if_true(c) for c in (True, False, None)] == [
        "holds", "does not hold", "cannot tell",
    ]  # fmt: skip
    assert findings.every([True, None]) is None
    assert findings.every([None, False]) is False
    assert findings.every([True, True]) is True
    assert findings.near(low, 1.05, 0.06) is True
    assert findings.near(low, 1.05, 0.04) is False
    assert findings.near(None, 1.0, 1.0) is None
    assert findings.written(low, 2) == "1.00 ± 0.10"
    assert findings.written(None) == "no seed finished"
