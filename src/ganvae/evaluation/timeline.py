"""What a model drew along its training: the snapshots, judged, and the step at which it collapsed.

Numbers of 2,000 images each at most: comparable with one another, not with those of the final ones.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ganvae.core.imageset import dequantise
from ganvae.judging.classifier import Classifier, classify
from ganvae.judging.scoring import RealImages
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy

Entry = dict[str, Any]


def timeline(
    classifier: Classifier, real: RealImages, snapshots: Mapping[str, Tensor]
) -> list[Entry]:
    """Judges every snapshot.

    Args:
        classifier: the judge.
        real: the real images that it is compared with.
        snapshots: what `read_snapshots` returned.

    Returns:
        One entry per snapshot: `step`, `images_seen`, `class_entropy`, `image_entropy`,
        `fid_classifier`, `coverage` and `class_histogram`.
    """
    found = []
    rows = zip(snapshots["steps"].tolist(), snapshots["images_seen"].tolist(), strict=True)
    for (step, images_seen), grey in zip(rows, snapshots["images"], strict=True):
        features, probabilities = classify(classifier, dequantise(grey))
        histogram = class_histogram(probabilities)
        found.append(
            {
                "step": step,
                "images_seen": images_seen,
                **_of_classes(histogram, probabilities),
                "fid_classifier": real.frechet.distance(features),
                "coverage": real.manifold.coverage(features),
                "class_histogram": histogram.tolist(),
            }
        )
    return found


def _of_classes(histogram: Tensor, probabilities: Tensor) -> Entry:
    """Of one class alone there is nothing to be told."""
    if len(histogram) == 1:
        return {"class_entropy": None, "image_entropy": None}
    return {
        "class_entropy": class_entropy(histogram),
        "image_entropy": float(image_entropy(probabilities).mean()),
    }


def fewest_classes(real: RealImages, share: float) -> float:
    """How many effective classes, exp(H), a generator must draw not to count as collapsed.

    Args:
        real: the real images.
        share: of their own effective classes.
    """
    return share * math.exp(class_entropy(real.histogram))


def is_collapsed(class_entropy: float | None, fewest: float) -> bool:
    """Whether a generator draws fewer than `fewest` effective classes; with one class none does."""
    return class_entropy is not None and math.exp(class_entropy) < fewest


def collapsed_at(entries: Sequence[Entry], fewest: float) -> int | None:
    """The step of the snapshot from which on a generator that had been better is collapsed.

    Returns:
        None if the last snapshot is not collapsed; the first snapshot's step if none ever was.
    """
    step = None
    for entry in reversed(entries):
        if not is_collapsed(entry["class_entropy"], fewest):
            break
        step = entry["step"]
    return step
