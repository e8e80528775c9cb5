"""Real images measured as if they were generated: floors, planted faults, the self-test."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganvae.core.imageset import dequantise, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import UserError
from ganvae.floors import planted, selftest
from ganvae.jobs.threads import side_by_side
from ganvae.judging.classifier import Classifier, classify
from ganvae.judging.inception import Inception
from ganvae.judging.judged import Judged, look
from ganvae.judging.scoring import RealImages, Score, score

CPU = torch.device("cpu")
UNCHANGED = 5  # sets that say how far a metric moves by chance; one more is held against them


@dataclass(frozen=True)
class Inputs:
    """The real images and the judge.

    Attributes:
        images: training images [T, 1, 28, 28] in [-1, 1].
        labels: their classes [T].
        judged: the judge's view of them.
        real: the test images.
        judge: the classifier.
        inception: the Inception network, if it is asked for.
    """

    images: Tensor
    labels: Tensor
    judged: Judged
    real: RealImages
    judge: Classifier
    inception: Inception | None


@dataclass(frozen=True)
class Floors:
    """What was measured.

    Attributes:
        rows: `real` (training images against test images), `real_halves` (one half of the test
            images against the other), `planted_<fault>` (training images with a fault, against test
            images).
        counts: row -> its number of images and that of the real images it is measured against.
        selftest: what `selftest.judge` returned.
        chosen: indices of the training images of row `real`.
    """

    rows: dict[str, Score]
    counts: dict[str, tuple[int, int]]
    selftest: list[dict[str, Any]]
    chosen: Tensor


def measure(given: Inputs, count: int, progress: bool) -> Floors:
    """Measures all rows and lets the metrics stand their test.

    Args:
        given: the images and the judge.
        count: images per set; no more than there are training images but one are taken.
        progress: whether to draw a bar on stderr.

    Raises:
        UserError: a metric did not see a fault that it exists to see, or moved without one; too
            few images, or of one class only.
    """
    _ = given.real.frechet, given.real.manifold  # once, not in every thread
    order = _order("real", len(given.images))
    size = min(count, len(order) - 1)
    unchanged = [f"real {i}" for i in range(UNCHANGED)]
    tasks = {
        name: partial(_left_out, given, order.roll(-i * size)[:size])
        for i, name in enumerate([*unchanged, selftest.UNCHANGED])
    }
    tasks["real"] = partial(_left_out, given, order[:size], inception=True)
    own, other = _order("real halves", len(given.real.images)).tensor_split(2)
    tasks["real_halves"] = partial(_half, given, own, other)
    faulty = [f"planted_{fault}" for fault in planted.FAULTS]
    tasks |= {
        f"planted_{fault}": partial(_planted, given, fault, count) for fault in planted.FAULTS
    }
    found = dict(
        zip(tasks, side_by_side(list(tasks.values()), "evaluate real", progress), strict=True)
    )

    selftest.demand_equal(found[unchanged[0]].metrics, found["real"].metrics)
    faults = {name.removeprefix("planted_"): found[name].metrics for name in faulty}
    faults[selftest.UNCHANGED] = found[selftest.UNCHANGED].metrics
    wanted = selftest.expected(given.judge.architecture)
    entries = selftest.judge([found[name].metrics for name in unchanged], faults, wanted)
    selftest.demand(entries, wanted)
    rows = {name: found[name] for name in ("real", "real_halves", *faulty)}
    test = len(given.real.images)
    counts = {"real": (size, test), "real_halves": (len(own), len(other))}
    counts |= dict.fromkeys(faulty, (count, test))
    return Floors(rows, counts, entries, order[:size])


def overlap(count: int, images: int) -> str | None:
    """A line where so many training images are too few for unchanged sets without common ones."""
    sets = UNCHANGED + 1
    if sets * count <= images:
        return None
    return (
        f"{sets} sets of {count} of {images} training images have images in common, so that chance "
        f"looks smaller than it is in the self-test; they have none up to {images // sets}"
    )


def _left_out(given: Inputs, chosen: Tensor, inception: bool = False) -> Score:
    """Training images, as if they had not been trained on: the others are the training set.

    The self-test needs many such sets, the Inception network looks at one of them only.
    """
    others = torch.ones(len(given.images)).bool()
    others[chosen] = False
    images, judged = given.images[chosen], given.judged.at(chosen)
    view = look(given.inception, images) if inception else None
    return score(images, judged, given.real, given.images[others], 0, view)


def _half(given: Inputs, own: Tensor, other: Tensor) -> Score:
    images, judged = given.real.images, given.real.judged
    seen = given.real.inception
    against = RealImages(images[other], judged.at(other), seen.at(other) if seen else None)
    view = seen.at(own) if seen else None
    return score(images[own], judged.at(own), against, given.images, 0, view)


def _planted(given: Inputs, fault: str, count: int) -> Score:
    noise = Noise(seed_for(0, f"planted {fault}"), CPU)
    try:
        drawn = planted.FAULTS[fault](given.images, given.labels, count, noise)
    except ValueError as error:
        raise UserError(f"self-test: {fault} cannot be planted: {error}") from None
    drawn = dequantise(quantise(drawn))  # in the 256 grey levels that every evaluated image has
    judged = Judged(*classify(given.judge, drawn))
    return score(drawn, judged, given.real, given.images, 0, look(given.inception, drawn))


def _order(purpose: str, n: int) -> Tensor:
    return Noise(seed_for(0, purpose), CPU).permutation(n)
