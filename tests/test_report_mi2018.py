"""The report of mi2018, on systems that were trained for a few steps, and its rules."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from ganvae.comparison.summary import spread
from ganvae.experiments import map as map_experiment
from ganvae.judging import classifier
from ganvae.models.base import snapshots
from ganvae.papers.mi2018 import claims, constraint, figures, judge, looks
from ganvae.papers.mi2018 import report as mi2018
from ganvae.papers.shared import findings
from ganvae.papers.shared.findings import Report
from ganvae.papers.shared.results import Results
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
            "state": "finished", "collapsed": False, "fid_classifier": 10 * lam + seed - 5 * d,
            **measured,
        }
        for hinge, lam, d, seed in itertools.product(
            ["batch", "image"], [1.0, 2.0], [0.0, 0.5], [0, 1]
        )
    ]  # fmt: skip
    for name in mi2018.MAPS:
        (ROOT / f"mi2018_{name}").mkdir()
        pd.DataFrame(rows).to_csv(ROOT / f"mi2018_{name}" / "map.csv", index=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        folder = paper_results.make(tmp_path_factory.mktemp("mi2018") / "project", "mi2018")
        patch.chdir(folder)
        patch.setattr(mi2018_judge, "IMAGES", 200)
        patch.setattr(snapshots, "IMAGES", paper_results.SNAPSHOT_IMAGES)
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
    assert accuracy["measured"] == "0.9600 ± 0.0141"
    assert (accuracy["systems"], accuracy["seeds"]) == ("mi2018_two_layer_classifier", "2")
    assert accuracy["length"] == "20 epochs"
    assert accuracy["verdict"] == "holds"


def test_the_table_has_every_system_and_the_maps_their_means(report: Report) -> None:
    table = report.tables["systems"].set_index("system")
    assert table.loc["gan", "parameters"] > 0
    assert set(table.index) == set(report_systems())
    means = report.tables["map_means"].set_index(["hinge", "l_gan_on", "lambda", "d"])
    assert means.loc[("batch", "prior", 2.0, 0.5), "fid_classifier"] == 18
    assert means.loc[("batch", "prior", 2.0, 0.5), "diverged"] == 0


def report_systems() -> list[str]:
    return [name.removeprefix("mi2018_") for name in paper_results.names("mi2018")]


def test_every_figure_of_the_paper_is_drawn(report: Report) -> None:
    expected = {
        "class_entropy",
        "samples",
        "ten_images",
        "both_vaegans",
        "image_entropy",
        "gradients",
    }
    assert set(report.figures) == expected | {"map", "map_wide"}


def test_a_collapse_needs_classes_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that has only ever drawn noise has one class as well."""

    class Judged:
        def class_entropy(self, name: str) -> Any:
            return spread({"0": 0.001, "1": 0.002})

        def digit(self, name: str, seed: int) -> int:
            return 4

    class Made:
        system = paper_results.of_length(1.0).system
        seeds = (0, 1)
        fell = 0

    made, judged = Made(), Judged()
    entropies: Any = claims._entropies
    names = claims.CLASS_ENTROPY
    assert entropies(dict.fromkeys(names, made), judged)[0].verdict == "cannot tell"
    made.fell = 2
    gan = entropies(dict.fromkeys(names, made), judged)[0]
    assert gan.verdict == "holds"
    assert gan.measured.endswith(
        "a collapsed seed are read as 4, 4; 2 of 2 seeds had drawn more classes before"
    )


@pytest.mark.parametrize(
    "words",
    [
        "decreases rapidly", "rises and stays", "eq. 1 (minimax)", "have the lowest entropy",
        "several images of VAE and WGAN", "through its collapse", "hardest to read", "blurry",
        "looks best", "highest quality", "similar to the WGAN's", "not powerful enough", "CelebA",
        "more images of low entropy", "more stable", "neither has a dominating",
        "little difference", "might dominate", "constraint helps (map)",
        "constraint helps (map_wide)",
        "point x suggests", "in whole trainings",
    ],
)  # fmt: skip
def test_every_claim_has_a_row(report: Report, words: str) -> None:
    (found,) = [finding for finding in report.findings if words in finding.claim]
    assert found.measured


def test_other_readings_of_the_constraint_are_beside_the_first(report: Report) -> None:
    (found,) = [each for each in report.findings if "in whole trainings" in each.claim]
    assert found.question == 5
    for result in found.systems:
        fid = result.metric("fid_classifier")
        assert fid is not None
        assert f"{result.name}: FID {fid.mean:.1f}" in found.measured
    assert len(found.systems) == 3
    assert "nan" not in found.measured


def course(*entropy: float) -> pd.DataFrame:
    """Snapshots of a run whose class entropy ran so, evenly spaced."""
    steps = range(1, len(entropy) + 1)
    return pd.DataFrame({"step": steps, "updates": steps, "class_entropy": entropy})


def test_rules_of_the_courses_go_both_ways() -> None:
    assert claims.fall(course(0.1, 2.2, 0.0)) == pytest.approx(2.2)
    good = course(*[0.1] * 1, *[2.27, 2.28] * 6)
    good.loc[0, "step"] = 0
    assert claims.rises_and_stays(good) is True
    assert claims.rises_and_stays(good.assign(class_entropy=2.0)) is False, "too low"
    unsteady = good["class_entropy"].where(good["step"] != 9, 2.0)
    assert claims.rises_and_stays(good.assign(class_entropy=unsteady)) is False
    assert claims.rises_and_stays(good[-2:]) is None, "two snapshots are no course"
    assert claims.entropy_at(good, 4) == 2.27


def test_which_snapshots_are_shown() -> None:
    updates = np.geomspace(0.2, 150_000, 16)
    picked, missing = figures.rows_of(updates)
    assert missing == [500_000, 1_000_000]
    assert len(picked) == figures.ROWS
    assert int(np.abs(np.log(updates / 100_000)).argmin()) in picked
    assert figures.rows_of(np.geomspace(1, 1_000_000, 16))[1] == []


def test_the_share_of_a_gradient() -> None:
    history = pd.DataFrame({"autoencoder.l_gan_gradient": [1.0, float("nan"), 3.0]})
    share = constraint.share_of_l_gan(history.assign(**{"autoencoder.l_vae_gradient": 1.0}))
    assert share.tolist() == [0.5, 0.75]


def test_means_that_are_similar() -> None:
    ten, near, far = (spread({"0": value}) for value in (10.0, 9.1, 8.9))
    assert looks.similar(ten, near) is True
    assert looks.similar(ten, far) is False
    assert looks.similar(ten, None) is None


def test_where_the_constraint_helps() -> None:
    columns = ["lambda", "d", "seed", "state", "fid_classifier", "active_share", "collapsed"]
    rows: list[tuple[Any, ...]] = [
        (lam, d, seed, "finished", fid + seed, 0.5 if d else 1.0, False)
        for lam, d, fid in ((1.0, 0.0, 50), (1.0, 0.7, 40), (2.0, 0.0, 20), (2.0, 0.7, 30))
        for seed in (0, 1, 2)
    ]
    rows += [(2.0, 5.0, 0, "finished", 1.0, 0.1, True), (2.0, 5.0, 1, "diverged", None, None, None)]
    rows += [(1.0, 9.0, seed, "finished", 45.0 + seed / 9, 0.0, False) for seed in (0, 1, 2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mi2018_constraint, "experiment", lambda name, found: None)
        found = constraint.where_it_helps("map", pd.DataFrame(rows, columns=columns))
    assert (
        "told lower for lambda 1 d 0.7, lambda 2 d 5, higher for lambda 2 d 0.7" in found.measured
    ), "not where it never was active"
    assert "lowest of all 21.0 ± 1.0 at lambda 2, d 0 (active in 1.00)" in found.measured
    assert found.measured.endswith("1 of 17 collapsed")


def test_low_entropy_is_the_same_in_maps_and_findings() -> None:
    assert judge.LOW_ENTROPY == map_experiment.LOW_ENTROPY
