"""The report of ghosh2020, on systems that were trained for a few steps, and its own quantities."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from ganvae.comparison.summary import spread
from ganvae.core.imageset import CPU, quantise
from ganvae.errors import UserError
from ganvae.judging import classifier
from ganvae.models.cgan.codes import Coded
from ganvae.papers.ghosh2020 import augmentation, codes, quantities, rules
from ganvae.papers.ghosh2020.codes import Codes, Read
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Evidence
from ganvae.papers.shared.results import Results
from tests.paper_results import Made


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(Text))


def images(figure: Figure) -> list[np.ndarray]:
    return [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]


def test_what_was_measured_stands_in_the_rows(made: Made) -> None:
    rows = made.verdicts()
    assert rows["value_at_the_optimum"].claim.text == "-log 4 = -1.3863"
    augmented = rows["augmentation_1000"]
    assert "accuracy (real 1000 0): augmentation 0.810 ± 0.010" in augmented.measured
    assert augmented.seeds == "3"
    assert rows["infinite_divergence"].verdict == "does not hold"
    left_out = "augmentation_10000"  # that experiment is made of two sizes
    told = {name: row.measured for name, row in rows.items() if name != left_out}
    assert not [name for name, text in told.items() if "nan" in text or "None" in text]
    assert not [name for name, text in told.items() if "not measured" in text
                and "seconds to common fid" not in text]  # fmt: skip


def test_the_tables(made: Made) -> None:
    metrics = made.report.tables["metrics"]
    assert list(metrics["system"]) == [
        "gan", "gan_saturating", "gan_slower", "vae", "vanilla_gan", "vanilla_vae", "cgan",
        "infogan", "real test images",
    ]  # fmt: skip
    assert metrics["fid_classifier"].iloc[:-1].notna().all()
    assert metrics["image_entropy"].iloc[-1] > 0
    classes = made.report.tables["infogan_classes"]
    assert classes[[str(d) for d in range(10)]].to_numpy().sum() == 200 * classes["seed"].nunique()
    assert sorted(classes[classes["seed"] == 0]["assigned"]) == list(range(10))
    assert set(made.report.tables["infogan_codes"]["code"]) == {"c2", "c3"}


def test_the_figures_show_what_they_say(made: Made, results: Results) -> None:
    shown = made.report.figures
    vae = results["vanilla_vae"]
    grids = images(shown["vae_epochs"])
    assert len(grids) == 4
    first = quantise(vae.images(0, 100, vae.epochs()[0])).numpy()
    np.testing.assert_array_equal(grids[0][1:29, 1:29], first[0])
    assert f"after epoch {vae.epochs()[1]:g}" in texts(shown["vae_epochs"])
    original, reconstructed, _ = images(shown["reconstructions"])
    np.testing.assert_array_equal(original[1:29, 1:29], vae.arrays["originals"][0])
    np.testing.assert_array_equal(reconstructed[1:29, 1:29], vae.arrays["reconstructions/0"][0])
    for grid, name in zip(
        images(shown["samples"]), ("vanilla_gan", "vanilla_vae", "gan", "vae"), strict=True
    ):
        np.testing.assert_array_equal(grid[1:29, 1:29], results[name].arrays["samples/0"][0])
    line = shown["losses"].axes[0].lines[0]
    history = results["gan"].history(0)
    np.testing.assert_allclose(line.get_ydata(), history["discriminator.loss"])
    np.testing.assert_allclose(line.get_xdata(), history["step"])
    assert "read as asked" in texts(shown["classes"])
    assert "code 9: " in texts(shown["classes"])
    assert len(images(shown["infogan_continuous"])) == 2
    assert len(images(shown["confusion"])) == 2
    assert {"100", "1,000"} <= set(texts(shown["augmentation"]).split(" | "))


def test_codes_are_read_as_the_classifier_reads_them(results: Results) -> None:
    judge = classifier.load(results["cgan"].system.data / "classifier" / "weights.safetensors", CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "IMAGES", 100)
        found = codes.read(results["cgan"], 0, judge)
    assert found.confusion.sum(axis=1).tolist() == [10] * 10
    decoder = results["cgan"].networks(0)["decoder"]
    assert isinstance(decoder, Coded)
    walked = codes.walk(results["infogan"], 0, 1)
    assert walked.shape == (100, 28, 28)
    assert (walked[0] != walked[9]).any(), "the code changes the image"


# Rules


def confused(confusion: np.ndarray) -> Read:
    return Read(confusion, np.zeros((100, 28, 28)), np.zeros(1), np.zeros(1), np.zeros((1, 2)))


def test_the_assignment_finds_a_permutation() -> None:
    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    found = confused(20 * np.eye(10, dtype=np.int64)[order])
    chosen, fits = found.assignment
    assert (chosen.tolist(), fits) == (order, 1.0)
    assert found.agreement < 0.5
    assert found.mutual_information == pytest.approx(math.log(10))
    nothing = confused(np.full((10, 10), 2))
    assert nothing.assignment[1] == pytest.approx(0.1)
    assert nothing.mutual_information == pytest.approx(0, abs=1e-12)


def test_slant_and_width() -> None:
    drawn = torch.full((3, 1, 28, 28), -1.0)
    for y in range(4, 24):
        drawn[0, 0, y, 14] = 1.0
        drawn[1, 0, y, 24 - y] = 1.0  # upward to the right
    slant, width = codes.shape(drawn)
    np.testing.assert_allclose(slant, [0, 1, 0], atol=1e-6)
    assert width[0] == pytest.approx(0, abs=1e-6)
    assert width[1] > 5


def test_often() -> None:
    def holds(*fell: float) -> bool | None:
        seeds = {str(i): seed for i, seed in enumerate(fell)}
        values = {("gan", "fell"): spread(seeds)} if fell else {}
        claim = Claim(id="a", claim="a", published="a", systems=["gan", "wgan"],
                      rule={"no_claim": {}})  # fmt: skip
        return rules.often(Evidence(values, claim)).holds

    assert holds(1, 1, 0, 0) is True
    assert holds(1, 0, 0, 0) is False
    assert holds(1) is None, "one seed"
    assert holds() is None


def test_the_bound_of_the_divergence() -> None:
    """A discriminator that is never wrong has the loss 0: log 4 / 2 = log 2."""
    right = pd.Series([1.4] + [0.0] * 99)
    assert quantities.divergence(right) == pytest.approx(math.log(2))
    assert quantities.divergence(right + math.log(4)) == pytest.approx(0, abs=1e-12)


def test_augmentation(results: Results, tmp_path: Path) -> None:
    found = augmentation.read(results.experiment("augmentation"))
    gain = augmentation.gain(found, 100, 1.0)
    assert gain is not None
    assert gain.mean == pytest.approx(0.021)
    assert augmentation.gain(found, 7, 1.0) is None
    with pytest.raises(UserError, match="no such file"):
        augmentation.read(tmp_path)
    (tmp_path / "accuracy.csv").write_text("variant,seed\nreal,0\n")
    with pytest.raises(UserError, match="no column real_images, share, test_accuracy"):
        augmentation.read(tmp_path)


def test_no_codes_no_number(results: Results) -> None:
    assert Codes(results["cgan"]).correlations().empty
