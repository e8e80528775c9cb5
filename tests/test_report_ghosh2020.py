"""The report of ghosh2020, on systems that were trained for a few steps, and its rules."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from ganvae.core.imageset import CPU, quantise
from ganvae.errors import UserError
from ganvae.judging import classifier
from ganvae.models.cgan.codes import Coded
from ganvae.papers.ghosh2020 import augmentation, claims, codes, theory
from ganvae.papers.ghosh2020 import report as ghosh2020
from ganvae.papers.ghosh2020.codes import Codes, Read
from ganvae.papers.shared import courses, findings
from ganvae.papers.shared.findings import Finding, Report
from ganvae.papers.shared.results import Result, Results, of_seeds
from tests import made_experiments, paper_results

LOW, HIGH = of_seeds({0: 1.0, 1: 1.1, 2: 0.9}), of_seeds({0: 5.0, 1: 5.2, 2: 4.9})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = paper_results.make(tmp_path_factory.mktemp("ghosh2020") / "project", "ghosh2020")
    made_experiments.ghosh2020(made)
    return made


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "folder" in request.fixturenames:
        monkeypatch.chdir(request.getfixturevalue("folder"))


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return Results("ghosh2020")


@pytest.fixture(scope="module")
def report(folder: Path, results: Results) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(ghosh2020_codes, "IMAGES", 200)
        return ghosh2020.report(results)


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.findobj(Text))


def images(figure: Figure) -> list[np.ndarray]:
    return [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]


def row(report: Report, words: str) -> Finding:
    (found,) = [finding for finding in report.findings if words in finding.claim]
    return found


@pytest.mark.parametrize(
    "words",
    [
        "fully connected: the VAE's images look more real",
        "convolutional: the GAN's images look more real",
        "convolutional: the GAN's images are crisper",
        "fully connected: whose images are crisper",
        "vanishing gradients",
        "theoretically",
        "InfoGAN augments",
        "convolution turns the order",
        "fully connected VAE: reconstructions are similar",
        "convolutional VAE: but their quality needs to be improved",
        "global optimum",
        "JSD of noise and data",
        "mode collapse",
        "KL divergence in the VAE's loss is infinite",
        "saturating loss of eq. 2",
        "conditional GAN: better performance",
        "InfoGAN: better performance",
        "asked for",
        "disentangled",
        "100 generated images augment 100 real ones",
        "1,000 generated images augment 1,000 real ones",
    ],
)
def test_every_claim_has_a_row(report: Report, words: str) -> None:
    assert row(report, words).measured


def test_the_table_of_findings(report: Report) -> None:
    table = findings.table("ghosh2020", report.findings)
    assert not table["measured"].str.contains("nan|None").any()
    assert {1, 2, 3, 4} <= set(table["question"].dropna())
    assert row(report, "global optimum").published == "-log 4 = -1.3863"
    augmented = table[table["claim"].str.contains("1,000 generated")].iloc[0]
    assert augmented["systems"] == "ghosh2020_augmentation"
    assert (augmented["seeds"], augmented["length"]) == ("3", "3,000 updates")
    assert "real images 0.8100 ± 0.0100" in augmented["measured"]


def test_the_tables(report: Report) -> None:
    metrics = report.tables["metrics"]
    assert list(metrics["system"]) == [
        "gan", "gan_saturating", "gan_slower", "vae", "vanilla_gan", "vanilla_vae", "cgan",
        "infogan", "real test images",
    ]  # fmt: skip
    assert metrics["fid_classifier"].iloc[:-1].notna().all()
    assert metrics["image_entropy"].iloc[-1] > 0
    classes = report.tables["infogan_classes"]
    assert classes[[str(d) for d in range(10)]].to_numpy().sum() == 200 * classes["seed"].nunique()
    assert sorted(classes[classes["seed"] == 0]["assigned"]) == list(range(10))
    assert set(report.tables["infogan_codes"]["code"]) == {"c2", "c3"}


def test_the_figures_show_what_they_say(report: Report, results: Results) -> None:
    shown = report.figures
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
    judge = classifier.load(Path("data/papers/mnist/classifier/weights.safetensors"), CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ghosh2020_codes, "IMAGES", 100)
        found = codes.read(results["cgan"], 0, judge)
    assert found.confusion.sum(axis=1).tolist() == [10] * 10
    decoder = results["cgan"].networks(0)["decoder"]
    assert isinstance(decoder, Coded)
    walked = codes.walk(results["infogan"], 0, 1)
    assert walked.shape == (100, 28, 28)
    assert (walked[0] != walked[9]).any(), "the code changes the image"


# Rules


def made(confusion: np.ndarray) -> Read:
    return Read(confusion, np.zeros((100, 28, 28)), np.zeros(1), np.zeros(1), np.zeros((1, 2)))


def test_the_assignment_finds_a_permutation() -> None:
    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    found = made(20 * np.eye(10, dtype=np.int64)[order])
    chosen, fits = found.assignment
    assert (chosen.tolist(), fits) == (order, 1.0)
    assert found.agreement < 0.5
    assert found.mutual_information == pytest.approx(math.log(10))
    nothing = made(np.full((10, 10), 2))
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


def fake(**metrics: object) -> Result:
    """A system of which only these metrics exist."""

    class Fake(Result):
        all_collapsed = bool(metrics.pop("all_collapsed", False))

        def metric(self, name: str):  # type: ignore[no-untyped-def]
            return metrics.get(name)

    return Fake("fake", SimpleNamespace(), {}, Path())  # type: ignore[arg-type]


def test_who_looks_more_real() -> None:
    good = fake(fid_classifier=LOW, precision=HIGH)
    bad = fake(fid_classifier=HIGH, precision=LOW)
    mixed = fake(fid_classifier=LOW, precision=LOW)
    assert claims.more_real(good, bad) is True
    assert claims.more_real(bad, good) is False
    assert claims.more_real(good, good) is None
    assert claims.more_real(mixed, bad) is True  # precision does not tell, FID does
    assert claims.more_real(mixed, fake(fid_classifier=HIGH, precision=HIGH)) is None
    repeated = fake(fid_classifier=HIGH, precision=HIGH, all_collapsed=True)
    assert claims.more_real(mixed, repeated) is True, "precision has no vote"


def test_there_is_no_common_quality_with_a_collapsed_model() -> None:
    nothing, fine = fake(all_collapsed=True), fake()
    for pair in ((nothing, fine), (fine, nothing)):
        assert courses.time_to_quality(*pair) == "no common quality: every seed of fake collapsed"


def of_length(model: str, budget: float, precision: str = "fp32") -> Result:
    system = SimpleNamespace(model=model, budget=budget, differs="its rate")
    return Result(model, system, {"train": {"precision": precision}}, Path())  # type: ignore[arg-type]


def test_no_order_before_a_gan_has_had_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ghosh2020_claims, "settled", lambda left, right: True)
    enough, short, vae = of_length("gan", 0.05), of_length("cgan", 0.02), of_length("vae", 0.01)
    assert claims.ordered(enough, vae)
    assert not claims.ordered(vae, short)
    assert not claims.ordered(enough, short)


def test_a_row_says_which_precision_its_systems_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Result, "seeds", [0])
    rows = [
        Finding("", [of_length("gan", 0.1, precision)], "", "", "no claim", "judged by FID")
        for precision in ("fp32", "bf16")
    ]
    assert findings.table("ghosh2020", rows)["protocol"].tolist() == [
        "judged by FID; its rate", "judged by FID; its rate; trained in bf16",
    ]  # fmt: skip


def test_often() -> None:
    assert theory.often(3, 6) is True
    assert theory.often(2, 6) is False
    assert theory.often(0, 0) is None


def test_augmentation(folder: Path, tmp_path: Path) -> None:
    found = augmentation.read(Results("ghosh2020").experiment("augmentation"))
    gain = augmentation.gain(found, 100, 1.0)
    assert gain is not None
    assert gain.mean == pytest.approx(0.021)
    assert augmentation.gain(found, 7, 1.0) is None
    with pytest.raises(UserError, match="no such file"):
        augmentation.read(tmp_path)
    (tmp_path / "accuracy.csv").write_text("variant,seed\nreal,0\n")
    with pytest.raises(UserError, match="no column real_images, share, test_accuracy"):
        augmentation.read(tmp_path)


def test_no_codes_no_number() -> None:
    nothing = fake()
    assert Codes(nothing).assignment is None
    assert Codes(nothing).correlations().empty
