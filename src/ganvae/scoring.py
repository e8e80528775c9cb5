"""Everything that is measured on a set of images, whether a model, the data or a fault made it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ganvae.data import quantise
from ganvae.evaluation import Judged
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.class_kl import class_kl
from ganvae.metrics.frechet_distance import Reference, at_infinity
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.inception_score import inception_score
from ganvae.metrics.interval import mean_with_interval
from ganvae.metrics.kernel_distance import SUBSET, kernel_distance
from ganvae.metrics.memorization import closest, nearest_real
from ganvae.metrics.modes import modes_covered
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.sharpness import sharpness

NEAREST = 2000  # images whose nearest real ones are looked for
PAIRS = 10


@dataclass(frozen=True)
class Standard:
    """What sets of images are measured against.

    Attributes:
        images: real images [M, 1, 28, 28] in [-1, 1] that no model was trained on.
        judged: the judge's view of them.
        train_images: what the models were trained on [T, 1, 28, 28].
    """

    images: Tensor
    judged: Judged
    train_images: Tensor

    @cached_property
    def frechet(self) -> Reference:
        """The Gaussian of the real features."""
        return Reference(self.judged.features)

    @cached_property
    def manifold(self) -> Manifold:
        """The real features with their neighbourhoods."""
        return Manifold(self.judged.features)

    @cached_property
    def shuffled(self) -> Tensor:
        """The real features in random order: the files are sorted, by writer or by class."""
        stream = torch.Generator().manual_seed(0)
        return self.judged.features[torch.randperm(len(self.images), generator=stream)]

    @cached_property
    def histogram(self) -> Tensor:
        """The real images per class, as the judge reads them: its mistakes are no one's fault."""
        return class_histogram(self.judged.probabilities)


def protocol(standard: Standard, classifier: str) -> dict[str, Any]:
    """What the numbers were measured against and how, for the files.

    Args:
        standard: the real images.
        classifier: the judge's architecture.
    """
    return {
        "real_images": len(standard.images),
        "real_split": "test",
        "features": "classifier",
        "feature_width": standard.judged.features.shape[1],
        "classifier": classifier,
        "neighbours": standard.manifold.k,
        "kernel_subset": SUBSET,
        "nearest_images": NEAREST,
        "train_images": len(standard.train_images),
    }


@dataclass(frozen=True)
class Score:
    """What was measured.

    Attributes:
        metrics: by the names of docs/metrics.md.
        intervals: metric -> ends of the 95 % interval of its own sampling error, where it has one.
        class_histogram: images per class.
        frechet_curve: (images, Frechet distance) of growing subsets.
        image_entropy: nats per image, float32 [N].
        pairs: the `PAIRS` images most like copies, each beside its nearest training and its nearest
            test image: uint8 [PAIRS, 3, 28, 28].
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    class_histogram: list[int]
    frechet_curve: list[tuple[int, float]]
    image_entropy: Tensor
    pairs: Tensor


def score(images: Tensor, judged: Judged, standard: Standard, seed: int) -> Score:
    """Measures a set of images.

    Args:
        images: [N, 1, 28, 28] in [-1, 1], N >= 10, in random order.
        judged: the judge's view of them.
        standard: what they are measured against.
        seed: of subsets and resamples.

    Raises:
        ValueError: images and opinions of different numbers, or what a metric refuses.
    """
    if len(images) != len(judged.features):
        raise ValueError(f"{len(images)} images, but {len(judged.features)} judged")
    histogram = class_histogram(judged.probabilities)
    entropies = image_entropy(judged.probabilities)
    estimates = {
        "fid_classifier": standard.frechet.interval(judged.features, seed),
        "kid_classifier": kernel_distance(standard.shuffled, judged.features),
        "sharpness": mean_with_interval(sharpness(images, standard.images), seed),
        "image_entropy": mean_with_interval(entropies, seed),
    }
    curve = standard.frechet.curve(judged.features, seed)
    near = standard.manifold.neighbourhoods(judged.features)
    found = nearest_real(images[:NEAREST], standard.train_images, standard.images)
    metrics = {
        "class_entropy": class_entropy(histogram),
        "class_kl": class_kl(histogram, standard.histogram),
        "modes": float(modes_covered(histogram, standard.histogram)),
        "inception_score_classifier": inception_score(judged.probabilities),
        "fid_classifier_infinity": at_infinity(curve),
        "precision": float(near.precision.mean()),
        "recall": float(near.recall.mean()),
        "density": float(near.density.mean()),
        "coverage": float(near.coverage.mean()),
        "memorization": float(found.memorization.mean()),
        **{name: estimate.value for name, estimate in estimates.items()},
    }
    chosen = closest(found, PAIRS)
    columns = (
        images[chosen],
        standard.train_images[found.train_index[chosen]],
        standard.images[found.test_index[chosen]],
    )
    return Score(
        metrics,
        {name: (estimate.low, estimate.high) for name, estimate in estimates.items()},
        histogram.tolist(),
        curve,
        entropies.float(),
        torch.stack([quantise(column) for column in columns], dim=1),
    )
