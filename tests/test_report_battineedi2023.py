"""The report of battineedi2023, on systems that were trained for a few steps, and its rules."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from ganvae.comparison.summary import spread
from ganvae.core import config, imageset
from ganvae.papers.battineedi2023 import figures, tables
from ganvae.papers.battineedi2023 import report as battineedi2023
from ganvae.papers.shared import findings
from ganvae.papers.shared.findings import Report
from ganvae.papers.shared.results import Result, Results
from tests import paper_results
from tests.paper_results import EPOCHS

PAPER = "battineedi2023"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(paper_results.make(tmp_path_factory.mktemp(PAPER) / "project", PAPER))
        yield Results(PAPER)


@pytest.fixture(scope="module")
def report(results: Results) -> Report:
    return battineedi2023.report(results)


def test_every_published_number_and_claim_is_a_row(report: Report) -> None:
    table = findings.table(PAPER, report.findings)
    published = " ".join(table["published"])
    for value in ("18.24", "28.56", "2.76"):
        assert value in published
    readings = table[table["published"] == "0.092"]
    assert len(readings) == 1 + len(tables.READINGS) == 7
    assert readings["verdict"].iloc[0] != "no claim", "one verdict over all readings"
    assert list(readings["verdict"][1:]) == ["no claim"] * 6
    claims = " ".join(table["claim"])
    for words in ("larger networks", "more training time", "blurry", "recognizably", "adapt"):
        assert words in claims
    assert {1, 2, 3} <= set(table["question"].dropna())
    assert not table.map(lambda cell: isinstance(cell, str) and "\n" in cell).any(axis=None)
    distance = table[table["claim"].str.startswith("FID of the GAN")].iloc[0]
    assert battineedi2023.NOT_MEASURED in distance["measured"]
    assert "classifier: " in distance["measured"]
    assert distance["verdict"] == "cannot tell"


def test_tables_and_figures(results: Results, report: Report) -> None:
    sizes = report.tables["sizes"].set_index("system")
    assert set(sizes.index) == set(results)
    gan, vae = sizes.loc["gan"], sizes.loc["vae"]
    assert gan["generator"] + gan["discriminator"] == gan["parameters"]
    assert vae["encoder"] + vae["decoder"] == vae["parameters"]
    varied = report.tables["customised"].set_index("system")["varied"]
    assert varied["gan"] == varied["vae"] == "as read"
    assert varied["gan_latent_2"] == "latent dim 2"
    assert varied["gan_two_generator_steps"] == "generator steps 2"
    assert varied["vae_alternating"] == "updates alternating"
    assert varied["vae_larger"] == "channels 64"
    errors = report.tables["reconstruction_error"]
    own = errors[errors["system"] == "vae"]["mse_unit"].mean()
    mse = results["vae"].metric("reconstruction_mse")
    assert mse is not None
    assert own == pytest.approx(mse.mean, rel=1e-4)
    shown = {
        name: [len(ax.images) for ax in figure.axes] for name, figure in report.figures.items()
    }
    assert shown["gan_epochs"] == [0, 0, 0, 1]  # the end of the training alone
    assert sum(shown["customised_samples"]) == len(results)
    assert sum(shown["vae_samples"]) == len(results["vae"].seeds)
    assert not any(ax.collections for ax in report.figures["latent_space"].axes)


def test_reached_epochs_are_shown(results: Results) -> None:
    vae = results["vae"]
    images, labels = imageset.load(vae.system.root / "processed" / "test.safetensors")
    drawn = figures.latent_space(vae, images, labels, (EPOCHS / 2, EPOCHS, 10))
    assert [bool(ax.collections) for ax in drawn.axes] == [True, True, False]
    grids = figures.gan_epochs(results["gan"], (EPOCHS / 2, EPOCHS))
    assert [len(ax.images) for ax in grids.axes] == [1, 1]
    gan = results["gan"]
    unkept = replace(gan, values=config.overlay(gan.values, {"train": {"checkpoints": []}}))
    panel = figures.figures.at_epoch(unkept, EPOCHS / 2, 25)
    assert panel.note.startswith("seed 0, snapshot at ")


def test_a_kept_epoch_is_found_in_whatever_order_the_epochs_are_given(results: Results) -> None:
    gan = results["gan"]
    backwards = config.overlay(gan.values, {"train": {"checkpoints": [EPOCHS, EPOCHS / 2]}})
    for epoch in (EPOCHS / 2, EPOCHS):
        kept = gan.networks(0, epoch).state_dict()
        again = replace(gan, values=backwards).networks(0, epoch).state_dict()
        assert all(torch.equal(again[name], tensor) for name, tensor in kept.items())
    end = gan.networks(0).state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in end.items())


def test_a_seed_that_collapsed_after_its_last_snapshot_fell(results: Results) -> None:
    timeline = [{"step": 1}, {"step": 2}]
    seeds = {
        str(number): {"state": "finished", "collapsed": lost, "collapsed_at": at}
        | {"timeline": timeline}
        for number, (lost, at) in enumerate([(True, None), (True, 2), (True, 1), (False, None)])
    }
    given = replace(results["gan"])
    given.__dict__["details"] = {"seeds": seeds}
    assert (given.collapsed, given.fell, given.all_collapsed) == (3, 2, False)
    seeds["3"]["collapsed"] = True
    assert given.all_collapsed


class Constant(nn.Module):
    """Zeros of a shape, whatever it is given."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(given), *self.shape)


def test_reconstruction_errors_in_all_units() -> None:
    """Grey 0 instead of 0.5 and -0.5: on [0, 1] half of that, a quarter of its square."""
    networks = nn.ModuleDict({"encoder": Constant(4), "decoder": Constant(1, 28, 28)})
    images = torch.full((4, 1, 28, 28), 0.5)
    images[:2] = -0.5
    assert tables.reconstruction_errors(networks, images) == pytest.approx(
        {
            "mse_signed": 0.25, "mse_unit": 0.0625,
            "mae_signed": 0.5, "mae_unit": 0.25,
            "rmse_signed": 0.5, "rmse_unit": 0.25,
        }
    )  # fmt: skip
    images[:2] = 0.0  # half without an error: the root of the mean, not the mean of the roots
    found = tables.reconstruction_errors(networks, images)
    assert (found["mae_unit"], found["rmse_unit"]) == pytest.approx((0.125, 0.125**0.5 / 2))


class Made:
    """Stands for a `Result` with made-up numbers, two seeds each; its FID no longer changes."""

    def __init__(self, name: str, budget: float, model: str, **metrics: float) -> None:
        self.name, self.metrics = name, metrics
        self.system: Any = type("S", (), {"budget": budget, "model": model, "differs": ""})
        self.seeds, self.diverged, self.collapsed = [0, 1], 0, 0

    def metric(self, name: str) -> Any:
        value = self.metrics.get(name)
        return None if value is None else spread({"0": value, "1": value})

    def timeline(self, seed: int) -> pd.DataFrame:
        fid = [self.metrics["fid_classifier"] + self.metrics.get("falls", 0.0)] * 2
        fid.append(self.metrics["fid_classifier"])
        return pd.DataFrame({"images_seen": [1, 2, 4], "fid_classifier": fid})


def verdict(gan: Made, vae: Made) -> str:
    found: Any = battineedi2023._lower_fid
    return str(found(gan, vae).verdict)


def test_the_lower_fid_is_judged_by_inception_where_both_have_it() -> None:
    def gan(budget: float, **metrics: float) -> Made:
        return Made("gan", budget, "gan", **metrics)

    vae = Made("vae", 0.5, "vae", fid_classifier=20.0, fid_inception=5.0)
    assert verdict(gan(0.1, fid_classifier=10.0), vae) == "holds"
    assert verdict(gan(0.1, fid_classifier=30.0, falls=9.0), vae) == "cannot tell"
    assert verdict(gan(1.0, fid_classifier=30.0), vae) == "does not hold"
    assert verdict(gan(0.1, fid_classifier=30.0, fid_inception=2.0), vae) == "holds"


def test_one_diverged_variant_refutes_and_all_else_is_told_at_full_length() -> None:
    def judged(*variants: Made) -> str:
        found: Any = battineedi2023._adapts
        return str(found(list(variants)).verdict)

    fine, broken = Made("a", 0.1, "gan"), Made("b", 0.1, "gan")
    assert judged(fine) == "cannot tell"
    broken.collapsed = 1
    assert judged(fine, broken) == "cannot tell"
    fine.system.budget = 1.0
    assert judged(fine) == "holds"
    broken.system.budget = 1.0
    assert judged(fine, broken) == "does not hold"
    broken.system.budget, broken.diverged = 0.1, 1
    assert judged(fine, broken) == "does not hold"


def test_without_a_finished_seed_nothing_is_claimed(results: Results) -> None:
    class Lost(Result):
        @property
        def seeds(self) -> list[int]:
            return []

    lost = {name: Lost(r.name, r.system, r.values, r.folder) for name, r in results.items()}
    found: Any = battineedi2023
    rows = [*found._distances(lost), found._score(lost["gan"]), *found._looks(lost)]
    rows += [*found._costs(lost), *found._customised(lost)]
    assert {row.verdict for row in rows[:5]} == {"cannot tell"}
    assert "no seed finished" in rows[0].measured
    assert tables.sizes(lost)["parameters"].isna().all()
