"""Real images measured as if they were generated: floors, planted faults, the self-test."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganvae.core import imageset, machine
from ganvae.core.imageset import CPU, dequantise, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import UserError
from ganvae.floors import planted, selftest
from ganvae.jobs.threads import side_by_side
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier, classify
from ganvae.judging.inception import Inception
from ganvae.judging.judged import (
    EvaluateParams,
    Judged,
    inception_view,
    look,
    read_judged_real,
)
from ganvae.judging.scoring import RealImages, Score, score

# Sets that say how far a metric moves by chance; one more is held against them. Fewer images show a
# fault less clearly: there more sets make the interval half as wide.
UNCHANGED, MORE = 5, 10


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
        selftest: what `selftest.compare` returned.
        chosen: indices of the training images of row `real`.
    """

    rows: dict[str, Score]
    counts: dict[str, tuple[int, int]]
    selftest: list[dict[str, Any]]
    chosen: Tensor


def read(data: Path, params: EvaluateParams | None) -> Inputs:
    """Those that the stages left in `<data>/processed/` and `<data>/classifier/`.

    Args:
        data: such as `data/`.
        params: say whether the Inception network is asked for; it is not without them.

    Raises:
        UserError: a file is missing or damaged.
    """
    device = machine.device()
    judged = read_judged_real(data / "classifier" / "real.safetensors")
    images, labels = imageset.load(data / "processed" / "train.safetensors")
    test, _ = imageset.load(data / "processed" / "test.safetensors")
    judge = classifier.load(data / "classifier" / "weights.safetensors", device)
    network, seen = inception_view(params, test, device) if params else (None, None)
    real = RealImages(test, judged.test, seen)
    return Inputs(images, labels, judged.train, real, judge, network)


def measure(given: Inputs, count: int, progress: bool, *, word: str, strict: bool) -> Floors:
    """Measures all rows and lets the metrics stand their test.

    Of images of one class the faults that take two are not planted.

    Args:
        given: the images and the judge.
        count: images per set; if `strict` no more than there are training images but one are
            taken, else no more than half of them, so that sets differ.
        progress: whether to draw a bar on stderr.
        word: what a class is called in the faults' names.
        strict: whether a metric that fails its test is an error, as on the data and with the counts
            that the test is made for.

    Raises:
        UserError: too few images; and, if `strict`, a metric did not see a fault that it exists to
            see, or moved without one.
    """
    _ = given.real.frechet, given.real.manifold  # once, not in every thread
    order = order_of("real", len(given.images))
    size = size_of(count, len(order), strict)
    planted_count = count if strict else size
    sets = _unchanged_sets(order, size, strict)
    tasks = {name: partial(left_out, given, chosen) for name, chosen in sets.items()}
    tasks["real"] = partial(left_out, given, order[:size], inception=True)
    own, other = order_of("real halves", len(given.real.images)).tensor_split(2)
    tasks["real_halves"] = partial(_half, given, own, other)
    faults = planted.of_labels(given.labels)
    tasks |= {_row(fault, word): partial(_planted, given, fault, planted_count) for fault in faults}
    found = dict(
        zip(tasks, side_by_side(list(tasks.values()), "evaluate real", progress), strict=True)
    )

    selftest.demand_equal(found["real 0"].metrics, found["real"].metrics)
    measured = {fault: found[_row(fault, word)].metrics for fault in faults}
    measured[selftest.UNCHANGED] = found[selftest.UNCHANGED].metrics
    test = len(given.real.images)
    metrics = found["real"].metrics
    wanted = selftest.expected(
        given.judge.architecture, min(size, test), metrics, faults, strict=strict
    )
    if "missing_class" in faults:
        wanted["class_entropy"]["missing_class"] = planted.way_of_entropy(given.labels)
    unchanged = [found[name].metrics for name in sets if name != selftest.UNCHANGED]
    # where a metric that moves is only told of, all of them together may tell so once in a thousand
    alarm = selftest.FALSE_ALARM / (1 if strict else len(unchanged[0]))
    entries = selftest.compare(unchanged, measured, wanted, alarm)
    if strict:
        selftest.demand(entries, wanted)
    for entry in entries:
        entry["fault"] = entry["fault"].replace("class", word)
    faulty = [_row(fault, word) for fault in faults]
    rows = {name: found[name] for name in ("real", "real_halves", *faulty)}
    counts = {"real": (size, test), "real_halves": (len(own), len(other))}
    counts |= dict.fromkeys(faulty, (planted_count, test))
    return Floors(rows, counts, entries, order[:size])


def _unchanged_sets(order: Tensor, size: int, strict: bool) -> dict[str, Tensor]:
    """Sets that differ by chance alone, by name: indices of training images [size] each.

    Windows of one order that have no image in common. Where they must have some, each is drawn for
    itself: then one more is as unlike the others as they are unlike each other, which windows are
    not. Not on the data that the test is made for, whose windows it was made with.
    """
    number = UNCHANGED if strict else MORE
    apart = strict or (number + 1) * size <= len(order)
    names = [*(f"real {i}" for i in range(number)), selftest.UNCHANGED]
    windows = {name: order.roll(-i * size)[:size] for i, name in enumerate(names)}
    drawn = {name: order_of(name, len(order))[:size] for name in names[1:]}
    return windows if apart else {**windows, **drawn}


def _row(fault: str, word: str) -> str:
    return f"planted_{fault.replace('class', word)}"


def size_of(count: int, images: int, strict: bool) -> int:
    """How many of so many training images are in a set, where `count` are asked for."""
    return min(count, images - 1 if strict else images // 2)


def overlap(count: int, images: int, strict: bool) -> str | None:
    """A line where so many training images are too few for unchanged sets without common ones."""
    sets, size = (UNCHANGED if strict else MORE) + 1, size_of(count, images, strict)
    if sets * size <= images:
        return None
    fewer = "" if size == count else f", so real images are measured as {size}"
    return (
        f"there are {images} training images{fewer}: {sets} sets of {size} have images in common, "
        "so that chance looks smaller than it is in the self-test; they have none up to "
        f"{images // sets}"
    )


def left_out(given: Inputs, chosen: Tensor, inception: bool = False) -> Score:
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
    # the streams keep the names that they had when all data were digits
    noise = Noise(seed_for(0, f"planted {fault.replace('class', 'digit')}"), CPU)
    try:
        drawn = planted.FAULTS[fault](given.images, given.labels, count, noise)
    except ValueError as error:
        raise UserError(f"self-test: {fault} cannot be planted: {error}") from None
    drawn = dequantise(quantise(drawn))  # in the 256 grey levels that every evaluated image has
    judged = Judged(*classify(given.judge, drawn))
    return score(drawn, judged, given.real, given.images, 0, look(given.inception, drawn))


def order_of(purpose: str, n: int) -> Tensor:
    """A random order of 0 .. n - 1, the same for one purpose; of "real" the row `real` is drawn."""
    return Noise(seed_for(0, purpose), CPU).permutation(n)
