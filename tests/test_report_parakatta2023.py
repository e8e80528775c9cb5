"""The report of parakatta2023, on systems that were trained for a few steps, and its rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from ganvae.comparison.summary import Spread
from ganvae.core import imageset, storage
from ganvae.errors import UserError
from ganvae.models.base.contract import to_images
from ganvae.papers.parakatta2023 import experiments, fashion, latent, sets
from ganvae.papers.parakatta2023 import report as parakatta2023
from ganvae.papers.parakatta2023.sets import MODELS, Scores, Sets
from ganvae.papers.shared import findings
from ganvae.papers.shared.findings import Finding, Report
from ganvae.papers.shared.results import Results, of_seeds
from tests import made_experiments, paper_results
from tests.project import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project; working directory of every test that asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        made = paper_results.make(
            tmp_path_factory.mktemp("parakatta2023") / "project", "parakatta2023"
        )
        made_experiments.parakatta2023(made)
        patch.chdir(made)
        own = Results("parakatta2023")
        rows = {
            model: {
                metric: {"seeds": value.seeds}
                for metric in sets.METRICS
                if (value := own[f"fashion_{model}"].metric(metric))
            }
            for model in MODELS
        }
        comparison = {"settings": {"data": "mnist"}, "rows": rows}  # the main pipeline's
        storage.write_json(sets.COMPARISON, comparison)
        yield made


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return Results("parakatta2023")


@pytest.fixture(scope="module")
def report(results: Results) -> Report:
    return parakatta2023.report(results)


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(Text))


def row(report: Report, words: str) -> Finding:
    (found,) = [finding for finding in report.findings if words in finding.claim]
    return found


@pytest.mark.parametrize(
    "words",
    [
        "the autoencoder reconstructs better",
        "generates new data from the prior",
        "randomly distributed",
        "the VAE's ordered",
        "mitigates the imbalance",
        "improves the images",
        "MNIST: VAE and GAN produce images of similar quality",
        "MNIST: the GAN has the better FID",
        "FashionMNIST: the VAE has the better FID",
        "CIFAR10 and CelebA",
        "turns from MNIST to FashionMNIST",
        "order of all five models by fid_classifier",
        "order of all five models by sharpness",
        "on more complex images",
        "FashionMNIST: a higher FID indicates blurriness",
        "FashionMNIST: the VAE's samples are blurry",
        "anomaly detection: a digit left out",
        "anomaly detection: another set",
        "image denoising",
        "dimensionality reduction",
        "data compression",
    ],
)
def test_every_claim_has_a_row(report: Report, words: str) -> None:
    assert row(report, words).measured


def test_the_table_of_findings(report: Report) -> None:
    table = findings.table("parakatta2023", report.findings)
    assert {2, 6} <= set(table["question"].dropna())
    assert row(report, "CIFAR10").verdict == "cannot tell"
    # MNIST's numbers are copies of FashionMNIST's here
    order = row(report, "order of all five models by fid_classifier")
    assert (order.published, order.verdict) == ("not said", "no claim")
    assert row(report, "the autoencoder reconstructs better").verdict == "no claim"
    assert "tau 1.00" in order.measured
    anomaly = table[table["claim"].str.contains("digit left out")].iloc[0]
    assert anomaly["systems"] == "parakatta2023_anomaly"
    assert (anomaly["seeds"], anomaly["length"]) == ("3", "4 epochs")
    main = table[table["claim"].str.startswith("MNIST: VAE and GAN")].iloc[0]
    assert (main["systems"], main["seeds"]) == ("the main study", "2")


def test_the_tables(report: Report, results: Results) -> None:
    codes = report.tables["codes"].set_index(["system", "seed"])
    assert set(codes.index.get_level_values(0)) == {"ae", "vae", "ae_latent_2", "vae_latent_2"}
    measured = results["vae"].metric("reconstruction_mse")
    assert measured is not None
    assert codes.loc[("vae", 0), "reconstruction_mse"] == pytest.approx(measured.seeds["0"])
    assert list(report.tables["data_sets"]["model"]) == [*MODELS, *MODELS]
    assert sorted(report.tables["data_sets"]["rank"].iloc[:5]) == [1, 2, 3, 4, 5]
    rates = report.tables["learning_rates"].groupby("system").first()
    assert rates.loc["gan", "discriminator_rate"] == pytest.approx(
        2 * rates.loc["gan_balanced", "discriminator_rate"]
    )
    assert rates.loc["gan", "generator_rate"] == rates.loc["gan_balanced", "generator_rate"]
    assert len(report.tables["fid_and_sharpness"]) == 2


def test_the_figures_show_what_they_say(report: Report, results: Results) -> None:
    shown = report.figures
    for ax, name in zip(shown["samples"].axes, ("ae", "vae"), strict=True):
        grid = np.asarray(ax.images[0].get_array())
        np.testing.assert_array_equal(grid[1:29, 1:29], results[name].arrays["samples/0"][0])
    grids = [np.asarray(ax.images[0].get_array()) for ax in shown["reconstructions"].axes]
    original, of_ae, of_vae = (grid[1:29, 1:29] for grid in grids)
    np.testing.assert_array_equal(original, results["vae"].arrays["originals"][0])
    np.testing.assert_array_equal(of_vae, results["vae"].arrays["reconstructions/0"][0])
    networks = results["ae"].networks(0)
    seen = imageset.dequantise(results["ae"].arrays["originals"])  # all: sums in the same order
    code = networks["encoder"](seen)[:, : results["ae"].latent_dim]
    coded = imageset.quantise(to_images(networks["decoder"](code)))
    np.testing.assert_array_equal(of_ae, coded[0].numpy())
    metrics = report.tables["metrics"].set_index("system")["reconstruction_mse"]
    assert metrics.loc["ae"] == pytest.approx(
        report.tables["codes"].query("system == 'ae'")["reconstruction_mse"].mean()
    )
    with_two = latent.measure(results["ae_latent_2"], 0)
    dots = [c for c in shown["latent_space"].axes[0].collections if isinstance(c, PathCollection)]
    drawn = np.concatenate([np.asarray(c.get_offsets()) for c in dots])
    assert len(dots) == 10
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(with_two.plane, axis=0))
    assert "VAE, 2 numbers" in texts(shown["latent_space"])
    accuracy = shown["learning_rates"].axes[0].lines[0]
    both = pd.concat([results["gan"].history(seed) for seed in (0, 1)])
    means = both.groupby("images_seen")["discriminator.accuracy"].mean()
    np.testing.assert_allclose(accuracy.get_ydata(), means)
    assert all(model.upper() in texts(shown["fashion_samples"]) for model in MODELS)
    assert {"MNIST", "FashionMNIST"} <= set(texts(shown["data_sets"]).split(" | "))
    heights = [bar.get_height() for bar in shown["anomaly"].axes[0].patches]
    assert heights[:2] == pytest.approx([0.902, 0.897])
    assert len(heights) == 22
    assert "autoencoder 0.6" in texts(shown["denoising"])
    assert "noise 0.8" in texts(shown["denoised_images"])
    assert "JPEG without headers" in texts(shown["compression"])


# Rules


def three(mean: float) -> Spread:
    found = of_seeds({0: mean, 1: mean * 1.02, 2: mean * 0.98})
    assert found is not None
    return found


def scores(fid: dict[str, float], sharpness: dict[str, float] | None = None) -> Scores:
    even = dict.fromkeys(MODELS, 0.5)
    values = {"fid_classifier": fid, "sharpness": sharpness or even, "precision": even}
    return {metric: {m: three(v) for m, v in of.items()} for metric, of in values.items()}


UP = scores(dict(zip(MODELS, (1.0, 2.0, 4.0, 8.0, 16.0), strict=True)))
DOWN = scores(dict(zip(MODELS, (16.0, 8.0, 4.0, 2.0, 1.0), strict=True)))
TIED = scores(dict(zip(MODELS, (1.001, 1.0, 4.0, 8.0, 16.0), strict=True)))


def test_orders_on_two_sets() -> None:
    assert sets.turned(Sets(UP, UP)) == []
    assert sets.turned(Sets(UP, TIED)) == []
    assert sets.tau(Sets(UP, DOWN))[0] == pytest.approx(-1)
    assert ("gan", "cvaegan") in sets.turned(Sets(UP, DOWN))
    assert sets.order(DOWN)[0] == "cvaegan"


def test_blur_and_fid() -> None:
    fid = dict(zip(MODELS, (1.0, 2.0, 4.0, 8.0, 16.0), strict=True))
    blurry = dict.fromkeys(MODELS, 1.0) | {"vae": 0.6}
    sharp = dict.fromkeys(MODELS, 1.0) | {"vae": 1.5}
    assert fashion.blur_raises_fid(scores(fid, blurry)) is True
    assert fashion.blur_raises_fid(scores(fid, sharp)) is False
    assert fashion.blur_raises_fid(scores(fid)) is None
    assert fashion.similar(scores(fid)) is True
    assert fashion.similar(scores(fid, blurry)) is False
    assert fashion.blurry(three(0.6)) is True
    assert fashion.blurry(three(1.5)) is False
    assert fashion.blurry(of_seeds({0: 0.6})) is None


def codes_of(samples: torch.Tensor) -> latent.Codes:
    nothing = np.zeros((1, 2))
    return latent.Codes(0.0, samples.mean(dim=0), samples.T.cov(), 0.0, nothing, nothing)


def test_distance_from_the_prior() -> None:
    normal = torch.randn(20000, 3, generator=torch.Generator().manual_seed(0)).double()
    assert codes_of(normal).from_prior < 1e-3
    moved = codes_of(3 * normal + torch.tensor([0.0, 0.0, 3.0]))
    assert moved.from_prior == pytest.approx(2**2 + 3**2 / 3, rel=0.02)
    assert moved.variances[0] == pytest.approx(9, rel=0.05)
    assert codes_of(torch.zeros(5, 2).double()).from_prior == 1, "one point: no infinity"


def test_neighbours_of_the_same_class() -> None:
    labels = torch.arange(40) % 2
    apart = torch.stack([labels * 100.0, torch.arange(40.0)], dim=1).double()
    assert latent.same_class(apart, labels) == 1
    mixed = torch.arange(40.0).view(-1, 1).double()
    assert latent.same_class(mixed, labels) < 0.6


def compression(error: float, jpeg: float, seeds: tuple[int, ...] = (0, 1, 2)) -> pd.DataFrame:
    rows = [("autoencoder", size, 4 * size, error / size + 1e-5 * s, s, "float32")
            for size in (8, 32) for s in seeds]  # fmt: skip
    rows += [("pca", size, 4 * size, 0.1 / size, 0, "float32") for size in (8, 32)]
    rows += [("jpeg", 50, size, jpeg / size, 0, "") for size in (20, 100)]
    table = pd.DataFrame(rows, columns=["method", "size", "payload", "mse", "seed", "format"])
    return table.assign(bytes=table["payload"])


def test_codes_against_components_and_files() -> None:
    wins = experiments.wins
    assert wins(compression(0.05, 1.0), "pca") is True
    assert wins(compression(0.5, 1.0), "pca") is False
    assert wins(compression(0.05, 1.0), "jpeg") is True
    assert wins(compression(0.5, 0.1), "jpeg") is False
    assert wins(compression(0.05, 1.0, seeds=(0,)), "pca") is None, "one seed"
    mixed = compression(0.05, 1.0)
    large = (mixed["method"] == "autoencoder") & (mixed["size"] == 32)
    assert wins(mixed.assign(mse=mixed["mse"].where(~large, 1.0)), "pca") is False, "at one size"
    assert wins(compression(0.05, 1.0).query("method != 'autoencoder'"), "pca") is None


def test_what_one_setting_cannot_refute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says that something can be done, or finds application."""
    monkeypatch.setattr(parakatta2023_experiments, "experiment", lambda name, found: None)
    verdicts = [
        [row.verdict for row in experiments.compression(compression(error, 0.1))]
        for error in (0.005, 0.5)
    ]
    assert verdicts == [["holds", "holds"], ["cannot tell", "cannot tell"]]
    monkeypatch.setattr(parakatta2023, "late", lambda result, record: None)
    found = [
        parakatta2023.rates(Fake(fid_classifier=fid), Fake(fid_classifier=50.0))[1].verdict
        for fid in (100.0, 10.0)
    ]
    assert found == ["holds", "cannot tell"]


class Fake:
    """Stands for a `Result` with these metrics, three seeds each."""

    def __init__(self, all_collapsed: bool = False, **metrics: float) -> None:
        self.all_collapsed, self.metrics = all_collapsed, metrics

    def metric(self, name: str) -> Spread:
        return three(self.metrics[name])


def test_one_image_over_and_over_has_any_precision() -> None:
    good: Any = Fake(fid_classifier=10.0, precision=0.8, coverage=0.5)
    blob: Any = Fake(True, fid_classifier=100.0, precision=0.99, coverage=0.01)
    assert parakatta2023.generates(good, blob) is True
    assert parakatta2023.generates(blob, good) is False
    blob.all_collapsed = False
    assert parakatta2023.generates(good, blob) is False, "all three have to be better"


def test_denoising_either_way(report: Report, results: Results) -> None:
    found = experiments.read_denoising(results.experiment("noise_removal"))
    assert experiments.denoises(found)[0] is True
    coder = found["method"] == "autoencoder 0.6"
    assert {0.4, 0.6, 0.8} == set(found["noise"])
    elsewhere = coder & (found["noise"] != 0.6)
    only = found.assign(mse=found["mse"].where(~elsewhere, 10 * found["mse"]))
    assert experiments.denoises(only)[0] is True, "judged at its own noise"
    worse = found.assign(mse=found["mse"].where(~coder, 10 * found["mse"]))
    assert experiments.denoises(worse)[0] is False
    one = found[~coder | (found["seed"] == 0)]
    assert experiments.denoises(one)[0] is None
    assert experiments.denoises(found[found["method"] == "noisy"])[0] is None


def test_anomalies_either_way(report: Report, results: Results) -> None:
    digits = experiments.read_anomaly(results.experiment("anomaly"))
    other = experiments.read_anomaly(results.experiment("anomaly_other_set"))
    assert set(other["digit"]) == {-1}
    first, second = experiments.anomaly(digits, other.assign(auroc=other["auroc"] - 0.5))
    assert (first.verdict, second.verdict) == ("holds", "does not hold")
    assert row(report, "digit left out").measured == first.measured


def test_missing_experiments_are_named(tmp_path: Path) -> None:
    for read in (
        experiments.read_anomaly,
        experiments.read_denoising,
        experiments.read_compression,
    ):
        with pytest.raises(UserError, match="no such file"):
            read(tmp_path)


def test_mnists_models_are_those_of_the_committed_comparison(results: Results) -> None:
    path = ROOT / "metrics" / "comparison.json"
    found = sets.read(results, path).mnist
    rows = storage.read_json(path)["rows"]
    for metric, model in (("fid_classifier", "gan"), ("sharpness", "vae")):
        value = found[metric][model]
        assert value
        assert value.mean == pytest.approx(rows[model][metric]["mean"])
        assert value.std == pytest.approx(rows[model][metric]["std"])


def test_a_comparison_of_other_images_is_refused(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    for name, rows, line in (
        ("digits", {}, "of digits; mnist expected"),
        ("mnist", {"gan": {}}, "no row wgan, vae, vaegan, cvaegan"),
    ):
        storage.write_json(path, {"settings": {"data": name}, "rows": rows})
        with pytest.raises(UserError, match=line):
            sets.read(results, path)
