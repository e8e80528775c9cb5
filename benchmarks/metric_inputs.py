"""What the metrics are measured on: N real and N generated images, from a fixed seed.

Made up, as time and memory do not depend on whose images they are, but of the form that the
evaluation meets: features that are not negative and correlated, opinions from sure to unsure,
smooth images, some of them copies.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvae.core.machine import Noise, seed_for

FEATURES = 128  # the width of the project's own classifier
LATENT = 32
SAMPLES = 50  # of the importance-weighted bound, as `evaluate.importance_samples`
CPU = torch.device("cpu")


def features(images: int) -> tuple[Tensor, Tensor]:
    """Real and generated features float32 [N, 128], >= 0."""
    strengths = torch.arange(1, FEATURES + 1) ** -0.5  # a few directions matter most
    strengths /= strengths.norm()
    mixing = strengths[:, None] * _noise("mixing").normal(FEATURES, FEATURES)
    real, generated = (
        _noise(f"{kind} features").normal(images, FEATURES) @ mixing
        for kind in ("real", "generated")
    )
    return real.relu(), (0.8 * generated + 0.35).relu()


def logits(images: int) -> tuple[Tensor, Tensor]:
    """Real and generated images' class logits float32 [N, 10]; the latter miss some classes."""
    real, generated = (
        _noise(f"{kind} logits").normal(images, 10) for kind in ("real", "generated")
    )
    return 4 * real, 3 * generated + torch.linspace(-1, 1, 10)


def probabilities(images: int) -> tuple[Tensor, Tensor]:
    """The softmax of `logits`."""
    real, generated = logits(images)
    return real.softmax(dim=1), generated.softmax(dim=1)


def pictures(images: int) -> tuple[Tensor, Tensor]:
    """Real and generated images float32 [N, 1, 28, 28] in [-1, 1], independent of each other."""
    return _smooth("real", images), 0.9 * _smooth("generated", images)


def with_copies(images: int) -> tuple[Tensor, Tensor, Tensor]:
    """Generated, training and test images as in `pictures`; every second is a noisy copy."""
    real, generated = pictures(images)
    train = _smooth("training", images)
    copies = train[::2] + 0.05 * _noise("copies").normal(*train[::2].shape)
    generated[::2] = copies.clamp(-1, 1)
    return generated, train, real


def posterior_means(images: int) -> tuple[Tensor]:
    """Float32 [N, 32], half of them collapsed."""
    spread = torch.where(torch.arange(LATENT) % 2 == 0, 1.0, 0.01)
    return (_noise("means").normal(images, LATENT) * spread,)


def log_weights(images: int) -> tuple[Tensor]:
    """Float32 [N, 50], of the size that they have for MNIST in nats."""
    return (5 * _noise("weights").normal(images, SAMPLES) - 100,)


def per_image(images: int) -> tuple[Tensor]:
    """Any number per image, float64 [N]."""
    return (_noise("values").normal(images).exp().double(),)


@dataclass(frozen=True)
class Everything:
    """One generated set, `images` to `logits`, and what it is measured against, as made above."""

    images: Tensor
    features: Tensor
    logits: Tensor
    real_images: Tensor
    real_features: Tensor
    real_logits: Tensor
    train_images: Tensor


def everything(images: int) -> tuple[Everything]:
    generated, train, real = with_copies(images)
    real_features, generated_features = features(images)
    real_logits, generated_logits = logits(images)
    found = Everything(
        images=generated,
        features=generated_features,
        logits=generated_logits,
        real_images=real,
        real_features=real_features,
        real_logits=real_logits,
        train_images=train,
    )
    return (found,)


def _noise(purpose: str) -> Noise:
    return Noise(seed_for(0, purpose), CPU)


def _smooth(kind: str, images: int) -> Tensor:
    coarse = _noise(f"{kind} images").normal(images, 1, 7, 7)
    return F.interpolate(coarse, size=(28, 28), mode="bilinear").tanh_()
