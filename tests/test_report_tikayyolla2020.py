"""The report of tikayyolla2020, on systems that were trained for a few steps, and its rules."""

from collections.abc import Iterator
from statistics import fmean

import pandas as pd
import pytest
import torch

from ganvae.comparison.summary import spread
from ganvae.core import imageset
from ganvae.papers.shared import findings
from ganvae.papers.shared.findings import Report
from ganvae.papers.shared.results import Results
from ganvae.papers.tikayyolla2020 import figures, losses, training
from ganvae.papers.tikayyolla2020 import gan as of_gan
from ganvae.papers.tikayyolla2020 import report as tikayyolla2020
from ganvae.papers.tikayyolla2020 import vae as of_vae
from ganvae.papers.tikayyolla2020.losses import GAN_LOSS, VAE_LOSS, Loss
from tests import paper_results
from tests.paper_results import EPOCHS

PAPER = "tikayyolla2020"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(paper_results.make(tmp_path_factory.mktemp(PAPER) / "project", PAPER, seeds=1))
        yield Results(PAPER)


@pytest.fixture(scope="module")
def report(results: Results) -> Report:
    return tikayyolla2020.report(results)


def test_every_published_number_is_a_row_and_not_reached_here(report: Report) -> None:
    table = findings.table(PAPER, report.findings)
    tables = table[
        table["claim"].str.contains("Table [12]\\)") & table["claim"].str.contains("epoch ")
    ]
    published = [f"{value}" for column in VAE_LOSS.values() for value in column.values()]
    published += [f"{value:.3f}" for pair in GAN_LOSS.values() for value in pair]
    assert len(published) == 52
    assert list(tables["published"]) == published
    assert set(tables["verdict"]) == {"cannot tell"}
    assert tables["measured"].str.endswith("not reached").all()
    assert {1, 2, 3, 4} <= set(table["question"].dropna())
    assert not table.map(lambda cell: isinstance(cell, str) and "\n" in cell).any(axis=None)


def test_tables_and_figures(report: Report) -> None:
    late = report.tables["vae_losses_late"]
    assert late["published"].isna().all(), "no late epoch was reached"
    assert [round(mean, 1) for mean in of_vae.PUBLISHED_LATE] == [138.7, 136.6, 141.6]
    assert list(report.tables["vae_losses"]["epoch"]) == list(VAE_LOSS["vae2"])
    assert report.tables["vae_losses"]["test_vae2"].isna().all()
    assert list(report.tables["gan_losses"]["published_discriminator"]) == [
        pair[0] for pair in GAN_LOSS.values()
    ]
    assert len(report.tables["batches"]) == 3
    shown = {
        name: [len(ax.images) for ax in figure.axes] for name, figure in report.figures.items()
    }
    assert sum(shown["vae_samples"]) == 1  # the end of the training alone
    assert sum(shown["gan_samples"]) == 1
    assert shown["side_by_side"] == [1] * 6


def test_reached_epochs_are_measured(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """With epochs in the place of the published ones that these trainings did reach."""
    for name in VAE_LOSS:
        monkeypatch.setitem(VAE_LOSS, name, {EPOCHS / 2: 1.0, EPOCHS: 500.0, 10: 140.0})
    result = results["vae2"]
    images, _ = imageset.load(result.system.root / "processed" / "test.safetensors")
    found = losses.vae_losses(result, images, VAE_LOSS["vae2"])
    assert list(found) == [EPOCHS / 2, EPOCHS]
    last, history = found[EPOCHS], result.history(0)["autoencoder.loss"]
    assert last.train is not None
    assert last.test is not None
    assert last.train.mean == pytest.approx(history.mean())
    assert last.test.mean == pytest.approx(result.details["seeds"]["0"]["metrics"]["negative_elbo"])
    read = [*VAE_LOSS, "vae2_latent_3"]
    rows = losses.vae_rows(dict.fromkeys(read, result), dict.fromkeys(read, found))
    assert [row.verdict for row in rows[:3]] == ["does not hold", rows[1].verdict, "cannot tell"]
    near = {EPOCHS: Loss(spread({"0": 502.0}), None)}
    other = {name: near if name == "vae2_latent_3" else {} for name in read}
    either = losses.vae_rows(dict.fromkeys(read, result), other)
    assert [row.verdict for row in either[:3]] == ["cannot tell", "holds", "cannot tell"]
    assert either[1].measured.endswith("train 502.00, test not kept")
    assert {row.verdict for row in either[3:]} == {"cannot tell"}, "of two layers alone"
    shown = [figures.figures.at_epoch(result, epoch, 25) for epoch in (EPOCHS / 2, EPOCHS, 10)]
    assert [None if panel.values is None else len(panel.values) for panel in shown] == [
        25,
        25,
        None,
    ]
    assert "not reached" in shown[2].note
    gan = losses.gan_losses(results["gan"], [EPOCHS, 1])
    assert list(gan) == [EPOCHS]
    value = gan[EPOCHS][0]
    assert value is not None
    own = results["gan"].history(0)["discriminator.loss"]
    assert value.mean == pytest.approx(own.mean())


def all_depths(at_50: float, at_100: float, *offsets: float) -> dict[str, dict[float, Loss]]:
    """Made-up losses of the three depths, an offset each."""
    found = {}
    for name, offset in zip(VAE_LOSS, offsets or (0.0, 0.0, 0.0), strict=True):
        late = range(60, 101, 10)
        ends = {50: at_50 + offset} | dict.fromkeys(late, at_100 + offset)
        found[name] = {e: Loss(spread({"0": v}), spread({"0": v})) for e, v in ends.items()}
    return found


def test_vae_rules() -> None:
    assert of_vae.hardly_improves(all_depths(140, 139.5)) is True
    assert of_vae.hardly_improves(all_depths(140, 130)) is False
    assert of_vae.hardly_improves({name: {} for name in VAE_LOSS}) is None
    mixed = all_depths(140, 139.5)
    mixed["vae2"][100] = Loss(spread({"0": 120.0}), mixed["vae2"][100].test)
    assert of_vae.hardly_improves(mixed) is None
    assert of_vae.depth_hardly_matters(all_depths(140, 139, 0, 2, 4)) is True
    assert of_vae.depth_hardly_matters(all_depths(140, 139, 0, 2, 6)) is False
    assert of_vae.depth_hardly_matters({name: {} for name in VAE_LOSS}) is None
    short = all_depths(140, 139, 0, 2, 4)
    short["vae3"] = {50: short["vae3"][50]}
    assert losses.late_epochs(short) == [50]
    assert of_vae.depth_hardly_matters(short) is None, "one depth did not reach the end"
    assert losses.late_means("vae2", short["vae2"], [50]).published == VAE_LOSS["vae2"][50]


def test_rules_of_steps_and_noise() -> None:
    history = pd.DataFrame({"step": [10, 20, 30], "autoencoder.loss": [200.0, 150.0, 160.0]})
    assert training.steps_to(history, 180) == (10, 20)
    assert training.steps_to(history, 300) == (0, 10)
    assert training.steps_to(history, 100) is None
    assert training.rises(history) == 0.5
    assert of_vae.fewer((9, 10), (14, 20)) is True
    assert of_vae.fewer((30, 40), (10, 20)) is False
    assert of_vae.fewer((52, 53), (48, 49)) is None, "one seed each, and close"
    assert of_vae.fewer((9, 15), (10, 20)) is None
    assert of_vae.fewer(None, (10, 20)) is None
    high, low = spread({"0": 0.4}), spread({"0": 0.0})
    assert of_vae.noisier(high, low) is True
    assert of_vae.noisier(low, high) is False
    assert of_vae.noisier(low, low) is False
    assert of_vae.noisier(low, None) is None


def of_losses(values: list[float], every: int = 1) -> pd.DataFrame:
    steps = [every * (i + 1) for i in range(len(values))]
    return pd.DataFrame({"step": steps, "discriminator.loss": values, "generator.loss": values})


def test_roughness_counts_jumps_and_no_drift() -> None:
    drifting = of_losses([0.1 * i for i in range(20)])
    jumping = of_losses([0.0, 1.0] * 10)
    assert training.roughness([drifting], 1, 20) == pytest.approx(0, abs=1e-9)
    assert training.roughness([jumping], 1, 20) > 1
    assert training.roughness([jumping], 2, 20) == 0  # both of a stretch: the same mean
    assert training.roughness([jumping], 1, 2) != training.roughness([jumping], 1, 2)  # NaN
    assert of_gan.unstable(0, 3.0, 1.0) is True
    assert of_gan.unstable(0, 1.5, 1.0) is False
    assert of_gan.unstable(1, float("nan"), 1.0) is True
    assert of_gan.unstable(0, float("nan"), 1.0) is None


def accuracies(*values: float) -> pd.DataFrame:
    """Two rows an epoch."""
    steps = range(1, len(values) + 1)
    epochs = [step / 2 for step in steps]
    return pd.DataFrame({"step": steps, "epoch": epochs, "discriminator.accuracy": values})


def test_rules_of_half_and_collapse() -> None:
    row = training.half(accuracies(0.9, 0.9, 0.5, 0.6))
    assert row is not None
    assert row["step"] == 4
    assert training.half(accuracies(0.9, 0.9, 0.5, 0.9)) is None, "a row's dip is no epoch"
    assert training.half(accuracies(0.5, 0.5)) is None, "it has not been better before"
    assert of_gan.decreases([(10.0, 12.0), (10.0, 12.0)]) is True
    assert of_gan.decreases([(10.0, 9.0), (10.0, 9.0)]) is False
    assert of_gan.decreases([(10.0, 9.0), (10.0, 12.0)]) is None
    assert of_gan.decreases([(10.0, 12.0)]) is None, "one training"
    assert of_gan.decreases([]) is None
    assert of_gan.cures(1, 0, better=True) is True
    assert of_gan.cures(1, 0, better=None) is None
    assert of_gan.cures(0, 0, better=True) is None, "nothing to cure"
    assert of_gan.cures(1, 1, better=True) is False


def test_published_constants_are_the_texts_own() -> None:
    assert len(VAE_LOSS["vae4"]) == 10
    assert fmean(VAE_LOSS["vae3"].values()) == pytest.approx(137.45, abs=0.01)
    assert GAN_LOSS[200] == (1.286, 0.870)


def test_negative_elbo_of_a_decoder_that_knows_nothing() -> None:
    """Zero logits: 784 ln 2 nats, and no divergence where the posterior is the prior."""

    class Nothing(torch.nn.Module):
        def __init__(self, *shape: int) -> None:
            super().__init__()
            self.shape = shape

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(given), *self.shape)

    networks = torch.nn.ModuleDict({"encoder": Nothing(4), "decoder": Nothing(1, 28, 28)})
    nats = losses.negative_elbo(networks, torch.zeros(3, 1, 28, 28), 0)
    assert nats == pytest.approx(784 * 0.693147, rel=1e-5)
