"""Everything that is measured on a set of images, whether a model, the data or a fault made it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ganvae.core.imageset import quantise
from ganvae.errors import UserError
from ganvae.judging.judged import Judged
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
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness

NEAREST = 2000  # images whose nearest real ones are looked for
PAIRS = 10


@dataclass(frozen=True)
class RealImages:
    """What sets of images are measured against.

    Attributes:
        images: real images [M, 1, 28, 28] in [-1, 1] that no model was trained on.
        judged: the judge's view of them.
        inception: the Inception network's view of them, if asked for.
    """

    images: Tensor
    judged: Judged
    inception: Judged | None = None

    @cached_property
    def frechet(self) -> Reference:
        """The Gaussian of the real features."""
        return Reference(self.judged.features)

    @cached_property
    def inception_frechet(self) -> Reference:
        """The Gaussian of the real Inception features."""
        assert self.inception is not None
        return Reference(self.inception.features)

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
    def sharpness(self) -> Tensor:
        """Of the real images on average, by their Laplacian."""
        return mean_laplacian_variance(self.images)

    @cached_property
    def histogram(self) -> Tensor:
        """The real images per class, as the judge reads them: its mistakes are no one's fault."""
        return class_histogram(self.judged.probabilities)


def protocol(real: RealImages, classifier: str) -> dict[str, Any]:
    """What the numbers were measured against and how, for the files.

    Args:
        real: the real images.
        classifier: the judge's architecture.
    """
    return {
        "real_images": len(real.images),
        "real_split": "test",
        "features": ["classifier", *(["inception"] if real.inception else [])],
        "feature_width": real.judged.features.shape[1],
        "classifier": classifier,
        "neighbours": real.manifold.k,
        "kernel_subset": SUBSET,
        "nearest_images": NEAREST,
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

    @property
    def arrays(self) -> dict[str, Tensor]:
        """What the figures show; single-image entropies only where there are classes."""
        shown = {"image_entropy": self.image_entropy} if "image_entropy" in self.metrics else {}
        return {**shown, "nearest": self.pairs}

    def fields(self) -> dict[str, Any]:
        """All but the tensors, for the files."""
        return {
            "metrics": self.metrics,
            "intervals": self.intervals,
            "class_histogram": self.class_histogram,
            "frechet_curve": self.frechet_curve,
        }


def score(
    images: Tensor,
    judged: Judged,
    real: RealImages,
    train_images: Tensor,
    seed: int,
    inception: Judged | None = None,
) -> Score:
    """Measures a set of images.

    Args:
        images: [N, 1, 28, 28] in [-1, 1], N >= 12, in random order.
        judged: the judge's view of them.
        real: what they are measured against.
        train_images: what their generator was trained on [T, 1, 28, 28].
        seed: of subsets and resamples.
        inception: the Inception network's view of them, to be held against that of the real
            images; without it there are no metrics of its features.

    Raises:
        UserError: what a metric refuses, such as too few images.
    """
    try:
        found = _score(images, judged, real, train_images, seed)
        if inception is not None:
            found.metrics["fid_inception"] = real.inception_frechet.distance(inception.features)
            found.metrics["inception_score_inception"] = inception_score(inception.probabilities)
        return found
    except ValueError as error:
        raise UserError(f"{len(images)} images cannot be measured: {error}") from None


def _score(
    images: Tensor, judged: Judged, real: RealImages, train_images: Tensor, seed: int
) -> Score:
    if len(images) != len(judged.features):
        raise ValueError(f"opinions of {len(judged.features)}")
    histogram = class_histogram(judged.probabilities)
    entropies = image_entropy(judged.probabilities)
    several = len(histogram) > 1
    estimates = {
        "fid_classifier": real.frechet.interval(judged.features, seed),
        "kid_classifier": kernel_distance(real.shuffled, judged.features),
        "sharpness": mean_with_interval(sharpness(images, real.sharpness), seed),
        **({"image_entropy": mean_with_interval(entropies, seed)} if several else {}),
        **real.manifold.estimates(judged.features, seed),
    }
    curve = real.frechet.curve(judged.features, seed)
    of_classes: dict[str, float] = {}
    if several:  # of one class every number below is the same for all generators
        of_classes = {
            "class_entropy": class_entropy(histogram),
            "class_kl": class_kl(histogram, real.histogram),
            "modes": float(modes_covered(histogram, real.histogram)),
            "inception_score_classifier": inception_score(judged.probabilities),
        }
    found = nearest_real(images[:NEAREST], train_images, real.images)
    metrics = {
        **of_classes,
        "fid_classifier_infinity": at_infinity(curve),
        "memorization": float(found.memorization.mean()),
        "memorization_neighbours": float(found.neighbours),
        **{name: estimate.value for name, estimate in estimates.items()},
    }
    chosen = closest(found, PAIRS)
    columns = (
        images[chosen],
        train_images[found.train_index[chosen]],
        real.images[found.test_index[chosen]],
    )
    return Score(
        metrics,
        {name: estimate.ends for name, estimate in estimates.items()},
        histogram.tolist(),
        curve,
        entropies.float(),
        torch.stack([quantise(column) for column in columns], dim=1),
    )
