"""The judge: shapes, determinism, files, and that it learns."""

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganvae.core import config, storage
from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.judging import classifier as judge
from ganvae.judging.classifier import ClassifierParams

CPU = torch.device("cpu")
ARCHITECTURES = ("cnn", "mlp")


def params(**changes: Any) -> ClassifierParams:
    values = {"architecture": "mlp", "lr": 0.004, "batch_size": 32, "epochs": 1, "seed": 0}
    return config.block(ClassifierParams, {"classifier": {**values, **changes}}, "classifier")


def digits() -> tuple[Tensor, Tensor]:
    """The 8x8 digits of scikit-learn, enlarged to 24x24 with a margin of 2."""
    bunch = load_digits()
    grey = torch.from_numpy(bunch.images).float()[:, None] / 8 - 1
    large = grey.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)
    return torch.nn.functional.pad(large, (2, 2, 2, 2), value=-1), torch.from_numpy(bunch.target)


def noise_images(n: int) -> Tensor:
    return torch.rand((n, 1, 28, 28), generator=torch.Generator().manual_seed(0)) * 2 - 1


def weights(classifier: torch.nn.Module) -> list[Tensor]:
    return list(classifier.state_dict().values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_features_lead_to_the_probabilities(architecture: judge.Architecture) -> None:
    classifier = judge.build(architecture, 10)
    images = noise_images(7)
    features, probabilities = judge.classify(classifier, images, batch_size=3)
    assert features.shape == (7, judge.FEATURES)
    assert features.dtype == probabilities.dtype == torch.float32
    assert (features >= 0).all()
    assert not features.requires_grad
    assert not classifier.training
    with torch.no_grad():
        expected = classifier(images).softmax(dim=1)
        from_features = classifier.head(features).softmax(dim=1)
    # batches of another size may round otherwise
    torch.testing.assert_close(probabilities, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(probabilities, from_features, rtol=0, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_learns_the_bundled_digits(architecture: judge.Architecture) -> None:
    images, labels = digits()
    settings = params(architecture=architecture, epochs=1 if architecture == "cnn" else 6)
    classifier = judge.train(images[:1400], labels[:1400], settings, CPU, False, 10)
    _, probabilities = judge.classify(classifier, images[1400:])
    accuracy = (probabilities.argmax(dim=1) == labels[1400:]).double().mean()
    assert accuracy > 0.88


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_seed_alone_decides(architecture: judge.Architecture) -> None:
    images, labels = digits()
    images, labels = images[:70], labels[:70]

    def trained(seed: int) -> list[Tensor]:
        settings = params(architecture=architecture, seed=seed)
        return weights(judge.train(images, labels, settings, CPU, False, 10))

    torch.manual_seed(1)
    first = trained(0)
    following = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), following), "training draws from the global random numbers"
    assert all(map(torch.equal, first, trained(0)))
    assert not all(map(torch.equal, first, trained(1)))


def test_images_are_shifted_by_at_most_a_pixel() -> None:
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 10, 10] = 1
    noise = Noise(0, CPU)
    seen = {tuple(judge._shifted(image, 1, noise)[0, 0].nonzero()[0].tolist()) for _ in range(200)}
    assert seen == {(row, column) for row in (9, 10, 11) for column in (9, 10, 11)}
    assert torch.equal(judge._shifted(image, 0, noise), image)


@pytest.mark.parametrize(("images", "batch_size"), [(1, 32), (5, 2), (3, 60000)])
def test_any_number_of_images_can_be_trained_on(images: int, batch_size: int) -> None:
    settings = params(architecture="cnn", batch_size=batch_size)
    labels = torch.arange(images)
    classifier = judge.train(noise_images(images), labels, settings, CPU, False, 10)
    assert all(w.isfinite().all() for w in weights(classifier))


def test_a_diverging_training_is_one_line() -> None:
    images = torch.full((4, 1, 28, 28), float("nan"))
    with pytest.raises(UserError, match=r"params\.yaml: classifier\.lr = 0.004.*no longer finite"):
        judge.train(images, torch.zeros(4).long(), params(), CPU, False, 10)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_classifier_comes_back(architecture: judge.Architecture, tmp_path: Path) -> None:
    classifier = judge.build(architecture, 10).eval()
    judge.save(classifier, tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    loaded = judge.load(tmp_path / "weights.safetensors", CPU)
    assert torch.equal(torch.get_rng_state(), before)
    assert loaded.architecture == architecture
    assert all(map(torch.equal, weights(loaded), weights(classifier)))
    images = noise_images(5)
    for a, b in zip(
        judge.classify(loaded, images), judge.classify(classifier, images), strict=True
    ):
        assert torch.equal(a, b)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    mlp = judge.build("mlp", 10).state_dict()
    storage.write_tensors(path, mlp, {"architecture": "cnn"})
    with pytest.raises(UserError, match=r"weights\.safetensors: weights of another architecture"):
        judge.load(path, CPU)
    for metadata in ({"architecture": "transformer"}, {}):
        storage.write_tensors(path, mlp, metadata)
        with pytest.raises(UserError, match="allowed: cnn, mlp"):
            judge.load(path, CPU)
    with pytest.raises(UserError, match="no such file"):
        judge.load(tmp_path / "none.safetensors", CPU)


@pytest.mark.parametrize(
    ("key", "value"),
    [("architecture", "vgg"), ("lr", 0.0), ("batch_size", 0), ("epochs", 0), ("seed", -1)],
)
def test_params_are_checked(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"classifier.{key} = "):
        params(**{key: value})
