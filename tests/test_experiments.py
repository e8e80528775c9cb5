"""The papers' experiments: each for real, but tiny, on the bundled digits."""

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.experiments.shared import experiment
from ganvae.judging import classifier, judged
from ganvae.models.base import systems
from ganvae.papers import initial_weights
from stages import evaluate as evaluate_stage
from stages import experiment as stage
from stages import initial_weights as initial_weights_stage
from stages import train as train_stage
from tests import experiment_project, inside, project
from tests.experiment_project import EXPERIMENTS, TINY
from tests.pipelines import Pipeline
from tests.project import ROOT

TEST_IMAGES = 360


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return experiment_project.make(tmp_path_factory.mktemp("experiments") / "project")


def images(path: Path) -> dict[str, torch.Tensor]:
    tensors = storage.read_tensors(path / "images.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.uint8}
    return tensors


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_is_valid(name: str) -> None:
    found, module, _ = experiment.read(name, ROOT / systems.PAPERS_FILE)
    assert name.startswith(f"{found.paper}_")
    assert module.__doc__
    assert set(module.MODELS) <= {"ae", "cgan", "cvaegan", "vae"}
    assert name in TINY, "runs for real somewhere below"


def test_every_file_is_an_experiment_of_a_paper() -> None:
    assert {block["experiment"] for block in EXPERIMENTS.values()} == set(experiment.known())


def test_two_layer_classifier(folder: Path) -> None:
    made = experiment_project.run(folder, "mi2018_two_layer_classifier")
    rows = pd.read_csv(made / "accuracy.csv")
    assert list(rows.columns) == ["seed", "test_accuracy"]
    assert rows["seed"].tolist() == [3, 1]
    judge = classifier.load(made / "classifier" / "weights.safetensors", torch.device("cpu"))
    assert judge.architecture == "mlp"
    tensors = storage.read_tensors(folder / "data" / "processed" / "test.safetensors")
    real = judged.read_judged_real(made / "classifier" / "real.safetensors")
    right = real.test.probabilities.argmax(dim=1) == tensors["labels"]
    first = rows["test_accuracy"].iloc[0]
    assert first == pytest.approx(float(right.double().mean())), "the first seed's"
    assert rows["test_accuracy"].between(0.2, 1).all(), "better than guessing"
    _, probabilities = classifier.classify(judge, tensors["images"])
    assert torch.allclose(probabilities, real.test.probabilities, atol=1e-6)
    assert len(real.train.features) == 1437


def test_augmentation(folder: Path) -> None:
    made = experiment_project.run(folder, "ghosh2020_augmentation")
    rows = pd.read_csv(made / "accuracy.csv").set_index("variant")
    assert rows.index.tolist() == ["real", "augmented", "real_longer"]
    assert set(rows["real_images"]) == {64}
    assert set(rows["seed"]) == {2}
    assert rows["generated_images"].tolist() == [0, 64, 0]
    # 10 steps of 32 are 5 epochs of 64 images, 2 batches each
    assert rows["steps"].tolist() == [10, 20, 20], "as many steps as with generated images"
    assert rows["test_accuracy"].between(0, 1).all()
    assert rows["state"].fillna("").tolist() == ["", "finished", ""]
    (shown,) = images(made).values()
    assert shown.shape == (10, 10, 28, 28)


def test_anomaly(folder: Path) -> None:
    made = experiment_project.run(folder, "parakatta2023_anomaly")
    rows = pd.read_csv(made / "auroc.csv")
    assert rows["score"].tolist() == ["negative_elbo", "reconstruction_mse"]
    assert set(rows["left_out"]) == {6}
    labels = storage.read_tensors(folder / "data/processed/test.safetensors")["labels"]
    assert set(rows["anomalies"]) == {int((labels == 6).sum())}
    assert set(rows["anomalies"] + rows["normal_images"]) == {TEST_IMAGES}
    stored = storage.read_tensors(made / "scores.safetensors")
    assert torch.equal(stored["anomalous/6"].bool(), labels == 6)
    # by its meaning: how often an anomaly scores above a normal image
    for name, found in zip(rows["score"], rows["auroc"], strict=True):
        scores = stored[f"{name}/6/0"]
        strange, normal = scores[labels == 6], scores[labels != 6]
        above = (strange[:, None] > normal).double().mean()
        assert found == pytest.approx(float(above), abs=1e-4)
    shown = images(made)
    assert shown["anomaly/6"].shape == shown["normal/6"].shape == (10, 28, 28)


def test_anomaly_of_another_set(folder: Path) -> None:
    made = experiment_project.run(folder, "parakatta2023_anomaly_other_set")
    rows = pd.read_csv(made / "auroc.csv")
    assert rows["left_out"].isna().all()
    assert set(rows["anomalies"]) == set(rows["normal_images"]) == {TEST_IMAGES}
    assert (rows["auroc"] > 0.95).all(), "white paper instead of black is strange"
    assert images(made)["anomaly/other"].float().mean() > 127, "the inverted ones"


def test_compression(folder: Path) -> None:
    made = experiment_project.run(folder, "parakatta2023_compression")
    rows = pd.read_csv(made / "compression.csv")
    codes = rows[rows["method"] != "jpeg"]
    assert codes["method"].value_counts().to_dict() == {"pca": 2, "autoencoder": 2, "vae": 2}
    size = codes["number_format"].map({"float32": 4, "float16": 2})
    assert (codes["bytes_per_image"] == 4 * size).all()
    assert (codes["header_bytes"] == 0).all()
    # the decoder of `wide`, without its batch counters: see networks/wide.py
    weights = 4 * 256 + 256 * 512 + 512 * 1024 + 1024 * 784 + (256 + 512 + 1024) * 5 + 784
    trained = codes[codes["method"] != "pca"]["shared_bytes"]
    assert set(trained) == {4 * weights + 3 * 8}
    assert set(codes[codes["method"] == "pca"]["shared_bytes"]) == {4 * (4 + 1) * 784}
    jpegs = rows[rows["method"] == "jpeg"].set_index("quality")
    assert jpegs["bytes_per_image"][95] > jpegs["bytes_per_image"][5]
    assert jpegs["mse"][95] < jpegs["mse"][5]
    assert (jpegs["bytes_per_image"] > jpegs["header_bytes"]).all()
    assert rows["mse"].between(0, 1).all()
    names = {"originals", "pca/4", "autoencoder/4", "vae/4", "jpeg/5", "jpeg/95"}
    assert set(images(made)) == names


def test_denoising(folder: Path) -> None:
    made = experiment_project.run(folder, "parakatta2023_noise_removal")
    rows = pd.read_csv(made / "denoising.csv").set_index(["method", "noise"])
    assert rows["mse"].index.is_unique
    methods = {"autoencoder", "noisy", "clipped", "wiener", "median"}
    assert set(rows.index) == {(method, noise) for method in methods for noise in (0.2, 1.0)}
    for noise in (0.2, 1.0):
        own = rows["mse"]["noisy", noise]
        assert own == pytest.approx((noise / 2) ** 2, rel=0.02), "the noise's own variance"
        assert rows["mse"]["clipped", noise] < own
    assert rows["mse"]["wiener", 1.0] < rows["mse"]["clipped", 1.0]
    assert set(rows.loc["wiener"]["window"]) == {3}
    shown = images(made)
    assert {"clean", "0.2/noisy", "1/autoencoder_0.5", "1/median_3"} <= set(shown)
    assert {tuple(tensor.shape) for tensor in shown.values()} == {(10, 28, 28)}


def refused(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(sys, "argv", ["experiment", *arguments])
    with pytest.raises(UserError) as error:
        stage.main()
    assert "\n" not in str(error.value)
    return str(error.value)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("mi2018_map", {"images": 1}, "params.images = 1: allowed"),
    ("mi2018_map", {"train": {"batch_size": 2000}}, "allowed: at most 1437"),
    ("mi2018_map", {"architecture": "wid"}, "params.architecture = 'wid': allowed"),
    ("mi2018_map", {"models": {"cvaegan": {"beta": -1}}}, "models.cvaegan.beta = -1: allowed"),
    ("mi2018_map", {"models": {"cvaegan": {"d": 1}}}, "models.cvaegan.d: stands in `grid`"),
    ("mi2018_map", {"models": {"vae": {}}}, "allowed: blocks of cvaegan"),
    ("mi2018_two_layer_classifier", {"seeds": [1, 1]}, "different integers"),
    ("ghosh2020_augmentation", {"real_images": [2000]}, "allowed: at most 1437"),
    ("ghosh2020_augmentation", {"real_images": [32]}, "gan.batch_size = 64: allowed: at most 32"),
    ("ghosh2020_augmentation", {"shares": [0.0]}, "params.shares.0 = 0.0: allowed"),
    ("ghosh2020_augmentation", {"classifier": {"updates": 100000}}, "on 64 images they are"),
    ("ghosh2020_augmentation", {"gan": {"models": {"cgan": {"steps": 1}}}}, "models.cgan.steps"),
    ("parakatta2023_anomaly", {"left_out": [10]}, "params.left_out.0 = 10: allowed"),
    ("parakatta2023_anomaly", {"left_out": None}, "left_out is null: name another set"),
    ("parakatta2023_compression", {"qualities": [96]}, "params.qualities.0 = 96: allowed"),
    ("parakatta2023_compression", {"code_sizes": [8, 8]}, "allowed: different numbers"),
    ("parakatta2023_noise_removal", {"windows": [4]}, "windows = [4]: allowed: odd numbers"),
    ("parakatta2023_noise_removal", {"models": {"ae": {"noise": 0.0}}}, "stands in `train_noise`"),
]


@pytest.mark.parametrize(("name", "change", "line"), BAD)
def test_bad_blocks_are_refused_before_any_training(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    change: dict[str, Any],
    line: str,
) -> None:
    monkeypatch.chdir(folder)
    kept = experiment_project.result(folder, name) / "kept"
    storage.write_text(kept, "of an earlier run\n")
    experiment_project.write(folder, {name: change})
    try:
        said = refused(monkeypatch, name)
    finally:
        experiment_project.write(folder, {name: {} for name in TINY})
    assert line in said
    assert said.startswith(f"papers/params.yaml: experiment {name}: ")
    assert kept.exists()
    assert not list(folder.glob(".cache/runs/*/result"))
    assert not experiment_project.scratch(folder)


@pytest.fixture
def gan(folder: Path) -> Iterator[Path]:
    """The project with mi2018's GAN in the place of the experiments."""
    papers = config.load(ROOT / systems.PAPERS_FILE)
    block = papers["systems"]["mi2018_gan"]
    own = {
        "evaluate": {"images": 200, "inversion_images": 2, "inversion_steps": 2},
        "length": {"epochs": 0.3}, "budget": 1.0, "train": {"seeds": [5, 2]},
    }  # fmt: skip
    params = {
        "papers": {"mi2018": papers["papers"]["mi2018"]},
        "systems": {"mi2018_gan": {**block, **own}},
        "initial_weights": {"mi2018": {"system": "mi2018_gan", "epochs": 0.3}},
    }
    storage.write_text(folder / systems.PAPERS_FILE, yaml.safe_dump(params, sort_keys=False))
    yield folder
    experiment_project.write(folder, {name: {} for name in TINY})


def test_initial_weights(gan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Keras's start it is the system itself: its own stages measure the same."""
    sampled = initial_weights.sample

    def not_finite_once(decoder: Any, latent_dim: int, count: int, seed: int) -> torch.Tensor:
        if seed == 2 and decoder[0].bias.abs().max() < 0.02:  # Keras's, some steps from 0
            raise FloatingPointError
        return sampled(decoder, latent_dim, count, seed)

    monkeypatch.setattr(initial_weights, "sample", not_finite_once)
    with inside.little_drawn():
        inside.whole(gan, initial_weights_stage.main, "mi2018")
        for main in (train_stage.main, evaluate_stage.main):
            inside.whole(gan, main, "mi2018_gan", str(systems.PAPERS_FILE))
    made = gan / "papers/mi2018/initial_weights"
    rows, course = pd.read_csv(made / "seeds.csv"), pd.read_csv(made / "course.csv")
    assert list(rows.columns) == initial_weights.SEEDS
    assert list(course.columns) == initial_weights.COURSE
    found = list(zip(rows["initialisation"], rows["seed"], rows["state"], strict=True))
    assert found == [
        ("torch", 5, "finished"), ("torch", 2, "finished"),
        ("keras", 5, "finished"), ("keras", 2, "diverged"),
    ]  # fmt: skip
    assert rows["fid_classifier"].isna().tolist() == [False, False, False, True]
    assert set(rows["step"]) == {round(0.3 * (1437 // 64))}
    details = storage.read_json(gan / "papers/data/mi2018/mi2018_gan/evaluated/details.json")
    is_system = (rows["initialisation"] == "keras") & (rows["state"] == "finished")
    for row in rows[is_system].to_dict("records"):
        same = details["seeds"][str(row["seed"])]
        assert row["collapsed"] == same["collapsed"]
        for name in ("class_entropy", "fid_classifier"):
            assert row[name] == pytest.approx(same["metrics"][name], rel=1e-6), name
        snapshot = course[(course["initialisation"] == "keras") & (course["seed"] == row["seed"])]
        assert snapshot["class_entropy"].tolist() == pytest.approx(
            [entry["class_entropy"] for entry in same["timeline"]], rel=1e-6
        )
    starts = course[course["step"] == 1].set_index(["initialisation", "seed"])
    # biases of 0 and larger weights: more of the noise reaches the images
    assert starts.loc["keras", "deviation"].min() > 3 * starts.loc["torch", "deviation"].max()
    with Image.open(made / "samples.png") as drawn:
        assert drawn.size[0] > 500
    assert not experiment_project.scratch(gan)


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ({"system": "mi2018_gam"}, "systems.mi2018_gam: missing"),
        ({"epochs": 0}, "initial_weights.mi2018.epochs = 0: allowed: greater than 0"),
        ({"train": {"lr": -1.0}}, "initial weights of mi2018: train.lr = -1.0: allowed"),
        ({"trian": {}}, "initial_weights.mi2018.trian: unknown key (did you mean train?)"),
    ],
)
def test_a_wrong_block_of_initial_weights_writes_nothing(
    gan: Path, monkeypatch: pytest.MonkeyPatch, block: dict[str, Any], line: str
) -> None:
    changed = config.overlay(
        config.load(gan / systems.PAPERS_FILE), {"initial_weights": {"mi2018": block}}
    )
    storage.write_text(gan / systems.PAPERS_FILE, yaml.safe_dump(changed))
    monkeypatch.chdir(gan)
    before = project.contents(Path("papers"))
    for paper, said in (("mi2018", line), ("nobody", "initial_weights.nobody: missing")):
        monkeypatch.setattr(sys, "argv", ["stage", paper])
        with pytest.raises(UserError, match=re.escape(said)):
            initial_weights_stage.main()
    assert project.contents(Path("papers")) == before
    assert not Path("papers/nobody").exists()


def test_a_systems_paper_is_the_blocks_own(gan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = config.load(gan / systems.PAPERS_FILE)
    content["initial_weights"]["other"] = content["initial_weights"]["mi2018"]
    storage.write_text(gan / systems.PAPERS_FILE, yaml.safe_dump(content))
    monkeypatch.chdir(gan)
    with pytest.raises(UserError, match=r"system = 'mi2018_gan': allowed: one of other, on mnist"):
        initial_weights.read("other")


def test_results_lie_where_dvc_has_them() -> None:
    stages = Pipeline(papers=True).stages
    expected = {}
    for name in EXPERIMENTS:
        found, _, _ = experiment.read(name, ROOT / systems.PAPERS_FILE)
        stage = "map" if found.experiment == "map" else "experiment"
        expected[f"{stage}@{name}"] = experiment.folder(found, name)
    for paper in config.load(ROOT / systems.PAPERS_FILE)["initial_weights"]:
        expected[f"initial_weights@{paper}"] = initial_weights.folder(paper)
    for stage, folder in expected.items():
        (out,) = stages[stage].outs
        assert Path(out.fs_path) == ROOT / folder, stage


def test_deviation_is_that_over_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = torch.zeros(4, 3), torch.eye(10)[[7, 7, 1, 7]].double()
    monkeypatch.setattr(initial_weights, "classify", lambda judge, images: judged)
    images = torch.full((4, 1, 28, 28), -1.0)
    images[:2, :, :14] = 1.0  # half the pixels are white in half the images: a variance of 1 / 8
    found, _ = initial_weights.drawn(mock.Mock(), images)
    assert found["deviation"] == pytest.approx(math.sqrt(1 / 8))
    assert (found["digit"], found["share"]) == (7, 0.75)
    assert found["class_entropy"] == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_the_command_ends_with_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = project.stage(folder, "experiment", "mi2018_mop")
    assert done.returncode == 1
    prefix = "error: papers/params.yaml: experiment mi2018_mop: "
    assert done.stderr == f"{prefix}experiments.mi2018_mop: missing\n"
    monkeypatch.chdir(folder)
    assert refused(monkeypatch).startswith("usage: python -m stages.experiment")
    block = {"paper": "p", "experiment": "mop", "data": "data", "params": {}}
    content = {"papers": {"p": {}}, "experiments": {"p_x": block}}
    file = folder / "other.yaml"
    for change, line in [
        ({}, "experiments.p_x.experiment = 'mop': allowed: anomaly, "),
        ({"paper": "q"}, "papers.q: missing"),
        ({"parms": 1}, "parms: unknown key (did you mean params?)"),
    ]:
        storage.write_text(
            file, yaml.safe_dump(config.overlay(content, {"experiments": {"p_x": change}}))
        )
        with pytest.raises(UserError) as error:
            experiment.read("p_x", file)
        assert line in str(error.value)
