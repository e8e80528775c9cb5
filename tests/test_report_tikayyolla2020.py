"""The report of tikayyolla2020, on systems that were trained for a few steps."""

import math
import sys
from statistics import fmean

import pandas as pd
import pytest
import torch

from ganvae.comparison.summary import spread
from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.papers.shared import page, values, verdicts
from ganvae.papers.shared.evidence import JUDGE
from ganvae.papers.shared.results import Results
from ganvae.papers.tikayyolla2020 import figures, losses, quantities, training
from stages import paper_report
from tests.paper_results import EPOCHS, SEEDS, Made


def test_every_published_number_is_a_row_and_not_reached_here(made: Made) -> None:
    rows = [row for name, row in made.verdicts().items() if "_epoch_" in name]
    assert len(rows) == 52
    assert {row.verdict for row in rows} == {"cannot tell"}
    assert all(row.reason.startswith("not measured") for row in rows)
    columns = {name: losses.published(made.claims, name) for name in ("vae3", "vae4", "generator")}
    assert len(columns["vae4"]) == 10
    assert fmean(columns["vae3"].values()) == pytest.approx(137.45, abs=0.01)
    assert columns["generator"][200] == 0.870


def test_tables_and_figures(made: Made) -> None:
    tables = made.report.tables
    assert tables["vae_losses_late"]["published"].isna().all(), "no late epoch was reached"
    assert list(tables["vae_losses"]["epoch"]) == list(range(10, 101, 10))
    assert tables["vae_losses"]["test_vae2"].isna().all()
    assert tables["gan_losses"]["published_discriminator"].iloc[0] == 1.018
    assert len(tables["batches"]) == 3 * SEEDS
    shown = {
        name: [len(ax.images) for ax in figure.axes] for name, figure in made.report.figures.items()
    }
    assert sum(shown["vae_samples"]) == 1  # the end of the training alone
    assert sum(shown["gan_samples"]) == 1
    assert shown["side_by_side"] == [1] * 6


def test_reached_epochs_are_measured(results: Results) -> None:
    result = results["vae2"]
    found = losses.vae_losses(result, [EPOCHS / 2, EPOCHS, 10])
    assert list(found) == [EPOCHS / 2, EPOCHS]
    last = found[EPOCHS]
    assert last.train is not None
    assert last.test is not None
    for seed in result.seeds:
        own = result.history(seed)["autoencoder.loss"].mean()
        assert last.train.seeds[str(seed)] == pytest.approx(own)
        assert last.test.seeds[str(seed)] == pytest.approx(result.number(seed, "negative_elbo"))
    shown = [figures.figures.at_epoch(result, epoch, 25) for epoch in (EPOCHS / 2, EPOCHS, 10)]
    assert [None if panel.values is None else len(panel.values) for panel in shown] == [
        25, 25, None,
    ]  # fmt: skip
    assert "not reached" in shown[2].note
    gan = losses.gan_losses(results["gan"], [EPOCHS, 1])
    assert list(gan) == [EPOCHS]
    value = gan[EPOCHS][0]
    assert value is not None
    own = [results["gan"].history(seed)["discriminator.loss"].mean() for seed in (0, 1)]
    assert value.mean == pytest.approx(fmean(own))


def test_losses_of_late_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {str(epoch): 140.0 - 0.1 * epoch for epoch in quantities.LATE}
    monkeypatch.setitem(quantities.LOSSES, "train", lambda result, seed, epoch: known.get(epoch))
    late, gain = (f(None, 0, "train") for f in (quantities.late_loss, quantities.improvement))  # type: ignore[arg-type]
    assert (late, gain) == pytest.approx((132.5, 5 / 135))
    del known["100"]
    assert quantities.late_loss(None, 0, "train") is None  # type: ignore[arg-type]
    assert quantities.improvement(None, 0, "train") is None  # type: ignore[arg-type]


def test_steps_and_noise() -> None:
    history = pd.DataFrame({"step": [10, 20, 30], "autoencoder.loss": [200.0, 150.0, 160.0]})
    assert training.steps_to(history, 180) == (10, 20)
    assert training.steps_to(history, 300) == (0, 10)
    assert training.steps_to(history, 100) is None
    assert training.rises(history) == 0.5


def of_losses(values: list[float], every: int = 1) -> pd.DataFrame:
    steps = [every * (i + 1) for i in range(len(values))]
    return pd.DataFrame({"step": steps, "discriminator.loss": values, "generator.loss": values})


def test_roughness_counts_jumps_and_no_drift() -> None:
    drifting = of_losses([0.1 * i for i in range(20)])
    jumping = of_losses([0.0, 1.0] * 10)
    assert training.jumps(drifting, 1, 20) == pytest.approx(0, abs=1e-9)
    assert training.jumps(jumping, 1, 20) > 1
    assert training.jumps(jumping, 2, 20) == 0  # both of a stretch: the same mean
    assert math.isnan(training.jumps(jumping, 1, 2))


def accuracies(*values: float) -> pd.DataFrame:
    """Two rows an epoch."""
    steps = range(1, len(values) + 1)
    epochs = [step / 2 for step in steps]
    return pd.DataFrame({"step": steps, "epoch": epochs, "discriminator.accuracy": values})


def test_when_the_discriminator_is_right_half_of_the_time() -> None:
    row = training.half(accuracies(0.9, 0.9, 0.5, 0.6))
    assert row is not None
    assert row["step"] == 4
    assert training.half(accuracies(0.9, 0.9, 0.5, 0.9)) is None, "a row's dip is no epoch"
    assert training.half(accuracies(0.5, 0.5)) is None, "it has not been better before"


def test_negative_elbo_of_a_decoder_that_knows_nothing() -> None:
    """Zero logits: 784 ln 2 nats, and no divergence where the posterior is the prior."""

    class Nothing(torch.nn.Module):
        def __init__(self, *shape: int) -> None:
            super().__init__()
            self.shape = shape
            self.unused = torch.nn.Parameter(torch.zeros(1))  # says where the network is

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(given), *self.shape)

    networks = torch.nn.ModuleDict({"encoder": Nothing(4), "decoder": Nothing(1, 28, 28)})
    nats = quantities.negative_elbo(networks, torch.zeros(3, 1, 28, 28), 0)
    assert nats == pytest.approx(784 * 0.693147, rel=1e-5)


def test_the_stage_keeps_all_that_the_page_judges_by(
    made: Made,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["report", "tikayyolla2020"])
    stale = made.folder / "papers" / "tikayyolla2020" / "report" / "findings.csv"
    storage.write_text(stale, "of an earlier report")
    paper_report.main()
    assert capsys.readouterr().out.startswith("papers/tikayyolla2020/report: ")
    assert not stale.exists()
    files = {path.name for path in stale.parent.iterdir()}
    assert {"values.csv", "vae_losses.csv", "vae_losses.png"} <= files
    kept = values.read(stale.with_name("values.csv"))
    assert set(kept) == set(made.values)
    again = verdicts.tell("tikayyolla2020", made.claims, kept)
    assert [(j.verdict, j.measured) for j in again.values()] == [
        (j.verdict, j.measured) for j in made.verdicts().values()
    ]
    assert "judged by an earlier rule |" not in page.page(made.folder / "papers")


def test_a_report_of_some_systems_leaves_all_else(
    made: Made, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = made.folder / "papers" / "tikayyolla2020" / "report"
    paper = "tikayyolla2020"
    monkeypatch.setattr(sys, "argv", ["report", paper])
    paper_report.main()
    whole = values.read(report / "values.csv")
    earlier = {key: spread({"0": 7.0}) for key in whole if not key[1].startswith(JUDGE)}
    storage.write_text(report / "values.csv", values.text(earlier))
    for name in ("systems", "gan_losses", "batches"):
        table = pd.read_csv(report / f"{name}.csv")
        storage.write_text(report / f"{name}.csv", paper_report.csv(table.assign(earlier=1)))
    for path in report.glob("*.png"):
        storage.write_bytes(path, b"earlier")
    storage.write_text(report / "findings.csv", "of an earlier report")
    vaes = [name for name in results if name.startswith("vae")]
    monkeypatch.setattr(sys, "argv", ["report", paper, *vaes])
    paper_report.main()
    found = values.read(report / "values.csv")
    # of a GAN and a VAE together, and the VAEs' times to it
    gone = {
        (system, quantity)
        for system, quantity in whole
        if (other := quantity.partition("@")[2]) in results.all
        and ((system in vaes) != (other in vaes) or (system in vaes and "seconds" in quantity))
    }
    assert gone
    assert found.keys() == whole.keys() - gone
    of_vaes = {key for key in whole if key[0] in vaes and not values.is_of_machine(key[1])}
    assert of_vaes
    judges = {key[0]: value.mean for key, value in found.items() if key[1] == f"{JUDGE}mnist"}
    assert {judges[vae] for vae in vaes} == {whole["vae2", f"{JUDGE}mnist"].mean}
    assert judges["gan"] == values.UNKNOWN
    for key in earlier.keys() - gone:
        value = found[key]
        assert value.seeds == (whole if key in of_vaes else earlier)[key].seeds, key
    tables = {name: pd.read_csv(report / f"{name}.csv") for name in ("systems", "batches")}
    kept = tables["systems"].set_index("system")["earlier"]
    assert set(kept.dropna().index) == {"gan", "gan_relu", "wgan"}
    assert list(kept.index) == list(results)
    assert "earlier" not in tables["batches"]
    assert "earlier" in pd.read_csv(report / "gan_losses.csv")
    old = {path.stem for path in report.glob("*.png") if path.read_bytes() == b"earlier"}
    assert old == {"gan_samples", "side_by_side", "gan_losses", "accuracy"}
    assert (report / "findings.csv").exists()


def test_a_system_that_is_not_there_is_refused(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["report", "tikayyolla2020", "vea2"])
    with pytest.raises(UserError, match=r"tikayyolla2020\.vea2: unknown key \(did you mean vae2"):
        paper_report.main()


def test_a_paper_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["report", "mi2019"])
    with pytest.raises(UserError, match=r"usage: python -m stages\.paper_report <mi2018"):
        paper_report.main()
