"""The report of parakatta2023, on systems that were trained for a few steps, and its functions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from ganvae.comparison.summary import Spread, spread
from ganvae.core import config, imageset, storage
from ganvae.errors import UserError
from ganvae.models.base.contract import to_images
from ganvae.papers.parakatta2023 import experiments, latent, rules, sets
from ganvae.papers.parakatta2023.sets import MODELS
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Evidence, Told, Values, decide
from ganvae.papers.shared.results import Results
from tests.paper_results import Made
from tests.project import ROOT


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(Text))


def test_its_settings_are_the_main_pipelines_as_it_says() -> None:
    main, own = config.load(ROOT / "params.yaml"), config.load(ROOT / "papers/params.yaml")
    block = own["papers"]["parakatta2023"]
    assert all(block["models"][name] == main["models"][name] for name in MODELS)
    of_length = {"epochs", "seeds"}
    assert block["train"].keys() | of_length == main["train"].keys()
    assert all(block["train"][k] == v for k, v in main["train"].items() if k not in of_length)


def test_what_was_measured_stands_in_the_rows(made: Made) -> None:
    rows = made.verdicts()
    assert rows["cifar_and_celeba"].verdict == "cannot tell"
    # MNIST's numbers are copies of FashionMNIST's here
    order = rows["order_by_fid_classifier"]
    assert (order.claim.text, order.verdict) == ("not said", "no claim")
    assert "tau 1.00" in order.measured
    assert rows["anomaly"].verdict == rows["anomaly_other_set"].verdict == "holds"
    assert rows["anomaly"].seeds == "3"
    assert rows["denoising"].verdict == "holds"
    assert rows["dimensionality_reduction"].verdict == "holds"
    assert rows["data_compression"].reason == "another network might"
    assert "JPEG cannot be as small" in rows["data_compression"].measured
    told = [row.measured for row in rows.values()]
    assert not any("nan" in text or "not measured" in text for text in told)


def test_the_tables(made: Made, results: Results) -> None:
    codes = made.report.tables["codes"].set_index(["system", "seed"])
    assert set(codes.index.get_level_values(0)) == {"ae", "vae", "ae_latent_2", "vae_latent_2"}
    measured = results["vae"].metric("reconstruction_mse")
    assert measured is not None
    assert codes.loc[("vae", 0), "reconstruction_mse"] == pytest.approx(measured.seeds["0"])
    assert list(made.report.tables["data_sets"]["model"]) == [*MODELS, *MODELS]
    assert sorted(made.report.tables["data_sets"]["rank"].iloc[:5]) == [1, 2, 3, 4, 5]
    rates = made.report.tables["learning_rates"].groupby("system").first()
    assert rates.loc["gan", "discriminator_rate"] == pytest.approx(
        2 * rates.loc["gan_balanced", "discriminator_rate"]
    )
    assert rates.loc["gan", "generator_rate"] == rates.loc["gan_balanced", "generator_rate"]
    assert len(made.report.tables["fid_and_sharpness"]) == 2


def test_the_figures_show_what_they_say(made: Made, results: Results) -> None:
    shown = made.report.figures
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
    metrics = made.report.tables["metrics"].set_index("system")["reconstruction_mse"]
    assert metrics.loc["ae"] == pytest.approx(
        made.report.tables["codes"].query("system == 'ae'")["reconstruction_mse"].mean()
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


# Functions


def three(mean: float) -> Spread:
    return spread({"0": mean, "1": mean * 1.02, "2": mean * 0.98})


def of_models(values: Sequence[float]) -> dict[str, Spread]:
    return {model: three(value) for model, value in zip(MODELS, values, strict=True)}


def test_orders_on_two_sets() -> None:
    up, down = of_models((1.0, 2.0, 4.0, 8.0, 16.0)), of_models((16.0, 8.0, 4.0, 2.0, 1.0))
    tied = of_models((1.001, 1.0, 4.0, 8.0, 16.0))
    assert rules.turned(up, up) == rules.turned(up, tied) == []
    assert "GAN and CVAEGAN" in rules.turned(up, down)
    assert rules.order(down)[0] == "cvaegan"


def judged(values: Values, other: str) -> Told:
    claim = Claim(id="a", claim="a", published="a", systems=[], rule={"no_claim": {}})
    evidence = Evidence(values, claim)
    rules.beats(evidence, other)
    decided = decide(evidence.asked)
    return rules.beats(Evidence(values, claim, decided=decided), other)


def test_codes_against_components_and_files() -> None:
    def coded(error: float, rival: float | None, seeds: int = 3) -> Values:
        found: dict[tuple[str, str], Spread] = {}
        for size in (8, 32):
            own = {str(seed): error / size + 1e-5 * seed for seed in range(seeds)}
            found["compression", f"mse@autoencoder {size}"] = spread(own)
            if rival:
                found["compression", f"mse@pca {size}"] = spread({"": rival / size})
        return found

    assert judged(coded(0.05, 0.1), "pca").holds is True
    assert judged(coded(0.05, None), "pca").holds is True, "which the other cannot reach"
    assert judged(coded(0.5, 0.1), "pca") == Told(
        None, "another network might", judged(coded(0.5, 0.1), "pca").text
    )
    assert judged(coded(0.05, 0.1, seeds=1), "pca").reason == "one seed"
    assert judged({}, "pca").reason == "not measured"


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


def test_noise_is_judged_where_it_was_trained(results: Results) -> None:
    found = experiments.read_denoising(results.experiment("noise_removal"))
    told = dict(experiments.denoised(found))
    assert told["input_mse"].seeds == {"": pytest.approx(0.09)}
    assert told["denoised_mse"].mean == pytest.approx(0.0361)
    assert told["best_filter_mse"].mean == pytest.approx(0.045)
    assert dict(experiments.denoised(found[found["method"] == "noisy"])) == {}


def test_anomalies_are_means_over_the_digits(results: Results) -> None:
    digits = experiments.read_anomaly(results.experiment("anomaly"))
    value = experiments.detection(digits, "reconstruction_mse")
    assert value is not None
    assert value.mean == pytest.approx(0.95 - 0.005 * 4.5 + 0.002)
    other = experiments.read_anomaly(results.experiment("anomaly_other_set"))
    assert set(other["digit"]) == {-1}


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
    rows = {"gan": {"images": 200, "against": 200}}
    for name, line in (
        ("digits", "of digits; mnist expected"),
        ("mnist", "no row wgan, vae, vaegan, cvaegan"),
    ):
        settings = {"data": name, "protocol": {}, "classifier": {"test_accuracy": 0.9}}
        storage.write_json(path, {"settings": settings, "rows": rows})
        with pytest.raises(UserError, match=line):
            sets.read(results, path)
