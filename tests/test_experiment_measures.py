"""What the experiments measure, against known answers, and what they train on."""

import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganvae.core import config, imageset, storage
from ganvae.errors import UserError
from ganvae.experiments import anomaly, augmentation, compression, denoising
from ganvae.experiments.shared import classifiers, few_images, jpeg, trainings
from ganvae.experiments.shared.classifiers import ClassifierPlan
from ganvae.experiments.shared.few_images import Subset
from ganvae.experiments.shared.principal import PrincipalComponents
from ganvae.judging import classifier
from ganvae.models.base.systems import PAPERS_FILE
from ganvae.training import task
from tests.experiment_project import EXPERIMENTS, TINY


def random_images(num: int, seed: int = 0) -> Tensor:
    levels = torch.randint(256, (num, 28, 28), generator=torch.Generator().manual_seed(seed))
    return imageset.dequantise(levels.byte())


def params(name: str, schema: type[config.Block]) -> Any:
    block = config.overlay(EXPERIMENTS[name]["params"], TINY[name])
    return schema.model_validate(block)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Random images of all classes, 200 to train on and 50 to test."""
    for split, num, seed in (("train", 200, 1), ("test", 50, 2)):
        path = tmp_path / "data" / "processed" / f"{split}.safetensors"
        trainings.write_subset(path, random_images(num, seed), torch.arange(num) % 10)
    return tmp_path / "data"


class Stopped(Exception):  # noqa: N818 (ends an experiment before it trains)
    """Carries what would have been trained."""

    def __init__(self, wanted: Mapping[Any, Any]) -> None:
        self.held = {
            key: storage.read_tensors(w.images) if w.images.suffix != ".npy" else np.load(w.images)
            for key, w in wanted.items()
        }
        self.wanted = dict(wanted)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def trained(wanted: Mapping[Any, Any]) -> Iterator[None]:
        raise Stopped(wanted)
        yield

    monkeypatch.setattr(trainings, "trained", trained)


# anomaly


def test_auroc_of_separable_scores_is_1_and_of_equal_ones_a_half() -> None:
    anomalous = torch.tensor([0, 1, 0, 1, 0], dtype=torch.uint8)
    assert anomaly.auroc(anomalous, torch.tensor([1.0, 5.0, 2.0, 4.0, 3.0])) == 1
    assert anomaly.auroc(anomalous, -torch.tensor([1.0, 5.0, 2.0, 4.0, 3.0])) == 0
    assert anomaly.auroc(anomalous, torch.ones(5)) == 0.5
    # 6 pairs: the anomaly at 2.5 is above two of three, the one at 0 above none
    assert anomaly.auroc(anomalous, torch.tensor([1.0, 2.5, 2.0, 0.0, 3.0])) == pytest.approx(2 / 6)


def test_scores_of_a_vae_that_knows_nothing() -> None:
    """mean m, variance 1 and zero logits: 784 ln 2 + D m^2 / 2 nats, whatever the image."""

    class Encoder(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.cat([torch.full((len(images), 3), 2.0), torch.zeros(len(images), 3)], 1)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.zero = nn.Parameter(torch.zeros(1))

        def forward(self, z: Tensor) -> Tensor:
            return self.zero.expand(len(z), 1, 28, 28)

    networks = nn.ModuleDict({"encoder": Encoder(), "decoder": Decoder()})
    images = random_images(4)
    found = anomaly.scores(networks, images, "bernoulli", k=3, seed=0)
    expected = torch.full((4,), 784 * math.log(2) + 6, dtype=torch.float64)
    assert torch.allclose(found["negative_elbo"], expected, rtol=1e-5)
    grey = images.double().square().flatten(1).mean(dim=1) / 4
    assert torch.allclose(found["reconstruction_mse"], grey)


@pytest.mark.usefixtures("stopped")
def test_the_left_out_digit_is_left_out_of_training_and_only_there(root: Path) -> None:
    block = params("parakatta2023_anomaly", anomaly.Params).model_copy(update={"left_out": [6, 0]})
    with pytest.raises(Stopped) as stop:
        anomaly.run(block, root / "result", root)
    images, labels = imageset.load(root / "processed" / "train.safetensors")
    for digit in (6, 0):
        held = torch.from_numpy(stop.value.held[str(digit)])
        assert torch.equal(held.squeeze(1), imageset.quantise(images[labels != digit]))
    wanted, tests = anomaly._plans(block, root, root)
    assert set(wanted) == {"6", "0"}
    test_images, test_labels = imageset.load(root / "processed" / "test.safetensors")
    assert torch.equal(tests["6"][0], test_images)
    assert torch.equal(tests["6"][1] == 1, test_labels == 6)


def test_another_set_is_held_against_mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "MNIST", root)
    other = root / "other"
    trainings.write_subset(
        other / "processed/test.safetensors", random_images(7), torch.zeros(7, dtype=torch.int64)
    )
    block = params("parakatta2023_anomaly_other_set", anomaly.Params)
    wanted, tests = anomaly._plans(block, other, root)
    assert wanted["other"].images == root / "processed" / "train.safetensors"
    assert tests["other"][1].tolist() == [0] * 50 + [1] * 7
    with pytest.raises(UserError, match="left_out is null"):
        anomaly._plans(block, root, root)


# compression


def test_a_jpeg_is_its_header_and_its_data() -> None:
    levels = imageset.quantise(random_images(1))[0]
    flat = torch.full((28, 28), 128, dtype=torch.uint8)
    for quality in (1, 5, 50, 95):
        for image in (levels, flat):
            file = jpeg.encode(image, quality)
            size = jpeg.header_bytes(file)
            assert 300 < size < len(file), "tables of several hundred bytes, and data"
            # nothing but data follows: every 0xff in it is stuffed with 0, up to the end's marker
            scan = file[size - 2 : -2]
            assert scan.count(b"\xff") == scan.count(b"\xff\x00")
            assert file.endswith(b"\xff\xd9")
    assert torch.equal(jpeg.decode(jpeg.encode(flat, 95)), flat)
    fine, rough = (jpeg.decode(jpeg.encode(levels, q)).float() for q in (95, 5))
    assert (fine - levels).abs().mean() < (rough - levels).abs().mean()


def test_all_principal_components_reconstruct_without_error() -> None:
    images = torch.rand(40, 1, 5, 5, generator=torch.Generator().manual_seed(0)) * 2 - 1
    seen, unseen = images.split(30)
    components = PrincipalComponents(seen, 25)
    errors = []
    for k in (1, 5, 24, 25):
        codes = components.encode(unseen, k)
        assert codes.shape == (10, k)
        errors.append(float((components.decode(codes) - unseen).square().mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-2] > 1e-4
    assert errors[-1] < 1e-12
    with pytest.raises(UserError, match="code_sizes: 26: allowed: at most 25"):
        PrincipalComponents(seen, 26)
    with pytest.raises(UserError, match="allowed: at most 10"):
        PrincipalComponents(unseen, 25)


def test_codes_are_counted_and_rounded_in_their_format() -> None:
    images = random_images(3)
    codes = torch.tensor([[1 / 3, 1e6], [0.5, -1e6], [0.25, 0.0]])
    seen = []

    def decode(stored: Tensor) -> Tensor:
        seen.append(stored)
        return images

    rows, _ = compression._in_formats({"method": "pca"}, images, codes, decode)
    assert [row["bytes_per_image"] for row in rows] == [8, 4]
    assert [row["number_format"] for row in rows] == ["float32", "float16"]
    assert torch.equal(seen[0], codes)
    assert seen[1][0, 0] == float(np.float16(1 / 3))
    assert seen[1][0, 1] == 65504, "the largest float16, not infinity"


# denoising


def test_errors_are_on_the_scale_from_0_to_1() -> None:
    images = random_images(2)
    assert denoising.error(images, images) == 0
    assert denoising.error(images, images + 0.2) == pytest.approx(0.01)


def test_the_noise_is_the_same_for_every_method_and_differs_between_levels() -> None:
    images = torch.zeros(200, 1, 28, 28)
    weak, strong = denoising.noisy(images, 0.2), denoising.noisy(images, 0.8)
    assert torch.equal(weak, denoising.noisy(images, 0.2))
    assert weak.std() == pytest.approx(0.2, rel=0.01)
    assert abs(float((weak * strong).mean())) < 0.002


def test_filters_keep_a_flat_image_and_smooth_noise() -> None:
    flat = torch.full((50, 1, 28, 28), -1.0)
    found = {
        (name, window): images
        for name, window, images in denoising.filtered(denoising.noisy(flat, 0.3), 0.3, [3, 5])
    }
    assert set(found) == {
        ("noisy", 0), ("clipped", 0),
        ("wiener", 3), ("wiener", 5), ("median", 3), ("median", 5),
    }  # fmt: skip
    errors = {key: denoising.error(flat, images) for key, images in found.items()}
    assert errors["clipped", 0] == pytest.approx(errors["noisy", 0] / 2, rel=0.05)
    for name in ("wiener", "median"):
        assert errors[name, 5] < errors[name, 3] < errors["clipped", 0]
        assert found[name, 3].shape == flat.shape
    still = {(n, w): i for n, w, i in denoising.filtered(torch.zeros_like(flat), 0.3, [3])}
    assert torch.allclose(still["median", 3], torch.zeros_like(flat), atol=1e-6)


# augmentation


@pytest.mark.usefixtures("stopped")
def test_the_gans_training_file_holds_only_the_n_images(root: Path) -> None:
    block = params("ghosh2020_augmentation", augmentation.Params)
    block = block.model_copy(update={"real_images": [64, 100], "seeds": [0, 7]})
    with pytest.raises(Stopped) as stop:
        augmentation.run(block, root / "result", root)
    images, labels = imageset.load(root / "processed" / "train.safetensors")
    held = stop.value.held
    assert len(held) == 4
    rows = {}
    for subset, tensors in held.items():
        assert len(tensors["images"]) == len(tensors["labels"]) == subset.num
        index = [
            int((images == image).flatten(1).all(dim=1).nonzero()) for image in tensors["images"]
        ]
        assert len(set(index)) == subset.num, "each once"
        assert torch.equal(labels[index], tensors["labels"])
        rows[subset] = set(index)
    assert rows[Subset(64, 0)] < rows[Subset(100, 0)], "the larger holds the smaller"
    assert rows[Subset(64, 0)] != rows[Subset(64, 7)]
    for subset, training in stop.value.wanted.items():
        built = task.build(
            "cgan", training.values, *(held[subset][k] for k in ("images", "labels")),
            seed=0, folder=root,
        )  # fmt: skip
        assert built.total_steps == block.gan.generator_updates


def test_real_longer_makes_as_many_steps_as_augmented() -> None:
    block = params("ghosh2020_augmentation", augmentation.Params)
    block = block.model_copy(update={"shares": [0.5, 1.0, 3.0]})
    size = block.classifier.batch_size
    for num in (32, 640, 10000):
        real, *others = augmentation._cases(block, Subset(num, 0))
        batches = -(-num // size)
        assert abs(real.steps(size) - block.classifier.updates) < max(batches, 2)
        for augmented, longer in zip(others[::2], others[1::2], strict=True):
            assert augmented.generated == round(augmented.share * num)
            assert longer.generated == 0
            assert augmented.epochs == real.epochs
            assert abs(longer.steps(size) - augmented.steps(size)) <= batches / 2


def test_generated_images_are_of_the_wanted_classes() -> None:
    from ganvae.models.cgan.codes import Coded

    class Painter(nn.Module):
        """Draws its class: the brighter the higher."""

        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, inputs: Tensor) -> Tensor:
            shade = inputs[:, -10:].argmax(dim=1).float() / 5 - 1
            return (
                (2 * torch.atanh(shade.clamp(-0.99, 0.99))).view(-1, 1, 1, 1).expand(-1, 1, 28, 28)
            )

    labels = torch.arange(10).repeat(3)
    with torch.no_grad():
        made = few_images.generate(Coded(Painter()), labels, latent_dim=4, seed=0)
    assert made.shape == (30, 1, 28, 28)
    assert torch.allclose(made[:, 0, 0, 0], (labels.float() / 5 - 1).clamp(-0.99, 0.99), atol=0.01)


# classifiers


def test_equal_classifiers_are_trained_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    ran = []

    def run(todo: Any, *_: Any) -> None:
        for job in todo:
            classifiers.train_one(job.folder)
            ran.append(job.label)

    monkeypatch.setattr(classifiers.progress, "run_counted", run)
    block = params("ghosh2020_augmentation", augmentation.Params).classifier
    train = root / "processed" / "train.safetensors"
    twin = Path(shutil.copy(train, root / "twin.safetensors"))
    wanted = {
        epochs + copy: ClassifierPlan(block.of(0, epochs), images)
        for epochs in (1, 3)
        for copy, images in ((0, train), (10, twin))
    }
    storage.write_text(root.parent / PAPERS_FILE, "")
    with classifiers.trained(wanted) as found:
        assert len(ran) == 2
        weights = {key: judge.head.weight for key, judge in found.items()}
    assert torch.equal(weights[1], weights[11])
    assert not torch.equal(weights[1], weights[3])
    assert not list(root.parent.glob(".cache/runs/*/"))
    images = random_images(20)
    _, probabilities = classifier.classify(found[1], images)
    named = probabilities.argmax(dim=1)
    assert classifier.accuracy(found[1], images, named) == 1
    assert classifier.accuracy(found[1], images, (named + 1) % 10) == 0


def test_an_unknown_model_is_refused() -> None:
    block = EXPERIMENTS["parakatta2023_anomaly"]["params"]
    for models in ({}, {"vae": block["models"]["vae"], "ae": {}}):
        with pytest.raises(UserError, match="allowed: blocks of vae"):
            config.block(anomaly.Params, {"params": {**block, "models": models}}, "params")
