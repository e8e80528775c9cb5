"""The report of mi2018, on systems that were trained for a few steps, and its own quantities."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ganvae.core import storage
from ganvae.experiments import map as map_experiment
from ganvae.papers.mi2018 import figures, quantities, rules
from ganvae.papers.shared import values
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Evidence
from stages import paper_report
from tests.paper_results import Made


def test_what_was_measured_stands_in_the_rows(made: Made) -> None:
    rows = made.verdicts()
    accuracy = rows["classifier_accuracy"]
    assert (accuracy.measured, accuracy.seeds) == (
        "test accuracy: two_layer_classifier 0.960 ± 0.014", "2",
    )  # fmt: skip
    for name in ("where_it_helps_map", "where_it_helps_map_wide", "options_of_the_constraint"):
        assert rows[name].verdict == "no claim"
        assert "FID" in rows[name].measured
    readings = rows["readings_of_the_constraint"].measured
    assert "cvaegan_per_image" in readings
    assert rows["powerful_networks"].reason == "one seed"
    told = [row.measured for row in rows.values()]
    assert not any("nan" in text or "not measured" in text for text in told)


def test_the_table_has_every_system_and_the_maps_their_means(made: Made) -> None:
    table = made.report.tables["systems"].set_index("system")
    assert table.loc["gan", "parameters"] > 0
    assert set(table.index) == set(made.results)
    assert table.loc["gan", "class_entropy_two_layers"] == pytest.approx(
        made.values["gan", "two_layer_class_entropy"].mean
    )
    means = made.report.tables["map_means"].set_index(["hinge", "l_gan_on", "lambda", "d"])
    assert means.loc[("batch", "prior", 2.0, 0.5), "fid_classifier"] == 18
    assert means.loc[("batch", "prior", 2.0, 0.5), "diverged"] == 0


def test_every_figure_of_the_paper_is_drawn(made: Made) -> None:
    assert set(made.report.figures) == {
        "class_entropy", "samples", "ten_images", "both_vaegans", "image_entropy", "gradients",
        "map", "map_wide", "gan_by_seed",
    }  # fmt: skip


def course(*entropy: float) -> pd.DataFrame:
    """Snapshots of a run whose class entropy ran so, evenly spaced."""
    steps = range(1, len(entropy) + 1)
    return pd.DataFrame({"step": steps, "updates": steps, "class_entropy": entropy})


def test_courses_of_the_class_entropy() -> None:
    assert quantities.fall_of(course(0.1, 2.2, 0.0)) == pytest.approx(2.2)
    good = course(*[0.1] * 1, *[2.27, 2.28] * 6)
    good.loc[0, "step"] = 0
    assert quantities.stays(good) == 1
    assert quantities.stays(good.assign(class_entropy=2.0)) == 0, "too low"
    unsteady = good["class_entropy"].where(good["step"] != 9, 2.0)
    assert quantities.stays(good.assign(class_entropy=unsteady)) == 0
    assert quantities.stays(good[-2:]) is None, "two snapshots are no course"
    assert quantities.entropy_at(good, 4) == 2.27


def test_which_snapshots_are_shown() -> None:
    updates = np.geomspace(0.2, 150_000, 16)
    picked, missing = figures.rows_of(updates)
    assert missing == [500_000, 1_000_000]
    assert len(picked) == figures.ROWS
    assert int(np.abs(np.log(updates / 100_000)).argmin()) in picked
    assert figures.rows_of(np.geomspace(1, 1_000_000, 16))[1] == []


def test_the_share_of_a_gradient() -> None:
    history = pd.DataFrame({"autoencoder.l_gan_gradient": [1.0, float("nan"), 3.0]})
    share = quantities.share_of_l_gan(history.assign(**{"autoencoder.l_vae_gradient": 1.0}))
    assert share.tolist() == [0.5, 0.75]


def test_where_the_constraint_helps() -> None:
    columns = ["lambda", "d", "seed", "state", "fid_classifier", "active_share", "collapsed"]
    rows: list[tuple[Any, ...]] = [
        (lam, d, seed, "finished", fid + seed, 0.5 if d else 1.0, False)
        for lam, d, fid in ((1.0, 0.0, 50), (1.0, 0.7, 40), (2.0, 0.0, 20), (2.0, 0.7, 30))
        for seed in (0, 1, 2)
    ]
    rows += [(2.0, 5.0, 0, "finished", 1.0, 0.1, True), (2.0, 5.0, 1, "diverged", None, None, None)]
    rows += [(1.0, 9.0, seed, "finished", 45.0 + seed / 9, 0.0, False) for seed in (0, 1, 2)]
    measured = pd.DataFrame(rows, columns=columns).assign(hinge="batch", l_gan_on="prior")
    values = {("map", quantity): value for quantity, value in quantities.of_map(measured)}
    claim = Claim(id="a", claim="a", published="a", systems=["map"], rule={"no_claim": {}})
    found = rules.where_it_helps(Evidence(values, claim)).text
    assert "told lower for lambda 1 d 0.7, higher for lambda 2 d 0.7" in found, (
        "neither where it never was active, nor by one seed"
    )
    assert "lowest of all 21.00 ± 1.00 at lambda 2, d 0 (active in 1.00)" in found
    assert found.endswith("1 collapsed")


def test_low_entropy_is_the_same_in_maps_and_claims() -> None:
    assert quantities.LOW_ENTROPY == map_experiment.LOW_ENTROPY


def test_a_map_alone_leaves_all_systems_as_they_were(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = made.folder / "papers" / "mi2018" / "report"
    monkeypatch.chdir(made.folder)
    monkeypatch.setattr(sys, "argv", ["report", "mi2018", "vae", "two_layer_classifier"])
    paper_report.main()  # there is no report yet
    files = {path.name: path.read_bytes() for path in report.iterdir()}
    assert set(files) == {"values.csv", "systems.csv"}
    before = values.read(report / "values.csv")
    assert {system for system, _ in before} == {"vae", "two_layer_classifier"}
    monkeypatch.setattr(sys, "argv", ["report", "mi2018", "map"])
    paper_report.main()
    assert (report / "systems.csv").read_bytes() == files["systems.csv"]
    assert {path.name for path in report.iterdir()} == {*files, "map.png", "map_means.csv"}
    found = values.read(report / "values.csv")
    assert {system for system, _ in found} == {"vae", "two_layer_classifier", "map"}
    assert {key: value for key, value in found.items() if key[0] != "map"} == before
    table = pd.DataFrame({"system": ["vae", "gan"], "seeds": [1, 2]})
    storage.write_text(report / "systems.csv", paper_report.csv(table))
    left = paper_report.joined(report / "systems.csv", pd.DataFrame(), ["vae"])
    assert list(left["system"]) == ["gan"], "no seed of the VAE gave a row"
