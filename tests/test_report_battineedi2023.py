"""The report of battineedi2023, on systems that were trained for a few steps."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ganvae.comparison.summary import spread
from ganvae.core import config, imageset
from ganvae.papers.battineedi2023 import figures, quantities, rules
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Evidence, Told
from ganvae.papers.shared.results import Result, Results
from tests.paper_results import EPOCHS, Made


def test_every_reading_of_the_error_is_a_row_and_one_verdict_is_over_all(made: Made) -> None:
    rows = made.verdicts()
    readings = [row for row in rows.values() if row.claim.value == 0.092]
    assert len(readings) == 1 + len(quantities.READINGS) == 7
    assert readings[0].verdict != "no claim"
    assert {row.verdict for row in readings[1:]} == {"no claim"}
    assert rows["fid_gan"].reason == "not measured: gan.fid_inception"
    assert "FID, classifier: gan" in rows["fid_gan"].measured
    # sizes need no second seed; the larger reading is a small one here
    assert rows["larger_networks"].reason == "the measures contradict"


def test_tables_and_figures(made: Made, results: Results) -> None:
    sizes = made.report.tables["sizes"].set_index("system")
    assert set(sizes.index) == set(results)
    gan, vae = sizes.loc["gan"], sizes.loc["vae"]
    assert gan["generator"] + gan["discriminator"] == gan["parameters"]
    assert vae["encoder"] + vae["decoder"] == vae["parameters"]
    varied = made.report.tables["customised"].set_index("system")["varied"]
    assert varied["gan"] == varied["vae"] == "as read"
    assert varied["gan_latent_2"] == "latent dim 2"
    assert varied["gan_two_generator_steps"] == "generator steps 2"
    assert varied["vae_alternating"] == "updates alternating"
    assert varied["vae_larger"] == "channels 64"
    errors = made.report.tables["reconstruction_error"]
    own = errors[errors["system"] == "vae"]["mse_unit"].mean()
    mse = results["vae"].metric("reconstruction_mse")
    assert mse is not None
    assert own == pytest.approx(mse.mean, rel=1e-4)
    shown = {
        name: [len(ax.images) for ax in figure.axes] for name, figure in made.report.figures.items()
    }
    assert shown["gan_epochs"] == [0, 0, 0, 1]  # the end of the training alone
    assert sum(shown["customised_samples"]) == len(results)
    assert sum(shown["vae_samples"]) == len(results["vae"].seeds)
    assert not any(ax.collections for ax in made.report.figures["latent_space"].axes)


def with_checkpoints(result: Result, epochs: list[float]) -> Result:
    values = config.overlay({**result.values}, {"train": {"checkpoints": epochs}})
    return replace(result, system=replace(result.system, values=values))


def test_reached_epochs_are_shown(results: Results) -> None:
    vae = results["vae"]
    images, labels = imageset.load(vae.system.data / "processed" / "test.safetensors")
    drawn = figures.latent_space(vae, images, labels, (EPOCHS / 2, EPOCHS, 10))
    assert [bool(ax.collections) for ax in drawn.axes] == [True, True, False]
    grids = figures.gan_epochs(results["gan"], (EPOCHS / 2, EPOCHS))
    assert [len(ax.images) for ax in grids.axes] == [1, 1]
    gan = results["gan"]
    unkept = with_checkpoints(gan, [])
    panel = figures.figures.at_epoch(unkept, EPOCHS / 2, 25)
    assert panel.note.startswith("seed 0, snapshot at ")


def test_a_kept_epoch_is_found_in_whatever_order_the_epochs_are_given(results: Results) -> None:
    gan = results["gan"]
    backwards = with_checkpoints(gan, [EPOCHS, EPOCHS / 2])
    for epoch in (EPOCHS / 2, EPOCHS):
        kept = gan.networks(0, epoch).state_dict()
        again = backwards.networks(0, epoch).state_dict()
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
    assert given.collapsed == 3
    assert [given.has_fallen(seed) for seed in given.seeds] == [True, True, False, False]


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
    assert quantities.reconstruction_errors(networks, images) == pytest.approx(
        {
            "mse_signed": 0.25, "mse_unit": 0.0625,
            "mae_signed": 0.5, "mae_unit": 0.25,
            "rmse_signed": 0.5, "rmse_unit": 0.25,
        }
    )  # fmt: skip
    images[:2] = 0.0  # half without an error: the root of the mean, not the mean of the roots
    found = quantities.reconstruction_errors(networks, images)
    assert (found["mae_unit"], found["rmse_unit"]) == pytest.approx((0.125, 0.125**0.5 / 2))


def test_two_diverged_variants_refute_and_all_else_is_told_at_full_length() -> None:
    def judged(length: float, diverged: int, collapsed: int = 0) -> Told:
        ends = {"diverged": diverged, "collapsed": collapsed}
        values = {("length"): [length] * 3} | {
            name: [1.0] * count + [0.0] * (3 - count) for name, count in ends.items()
        }
        found = {
            (system, name): spread({"0": of[i]})
            for name, of in values.items()
            for i, system in enumerate("abc")
        }
        claim = Claim(
            id="a", claim="a", published="a", systems=["a", "b", "c"], rule={"no_claim": {}}
        )
        return rules.adapts(Evidence(found, claim))

    assert judged(0.5, 0).reason == judged(0.5, 0, 2).reason == "0.5 of the length"
    assert judged(0.5, 2).holds is False
    assert judged(1.0, 0).holds is True
    assert judged(1.0, 0, 2).holds is False
    assert judged(1.0, 1).reason == "one seed"
    assert "a (1, 0)" in judged(1.0, 1).text
