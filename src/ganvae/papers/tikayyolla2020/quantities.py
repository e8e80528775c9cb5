"""The numbers of tikayyolla2020: its tables' losses by epoch, batches, steadiness, accuracy."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import fmean

from torch import Tensor, nn

from ganvae.core import imageset
from ganvae.evaluation.encoding import bounds
from ganvae.papers.shared import courses
from ganvae.papers.shared.results import Result
from ganvae.papers.shared.values import Quantity, ReadValues
from ganvae.papers.tikayyolla2020 import training

LATE = (50, 60, 70, 80, 90, 100)  # epochs of Table 1 after which the text sees no more progress


@cache
def _test_images(folder: Path) -> Tensor:
    return imageset.load(folder.resolve() / "processed" / "test.safetensors")[0]


def train_loss(result: Result, seed: int, epoch: str) -> float | None:
    """BCE + KL in nats per image over an epoch's training images; None if it was not reached."""
    return _loss(result, seed, "autoencoder", epoch)


@cache
def test_loss(result: Result, seed: int, epoch: str) -> float | None:
    """The same over the test images; None where the weights were not kept."""
    wanted, images = float(epoch), _test_images(result.system.data)
    if wanted == courses.epochs(result):
        return negative_elbo(result.networks(seed), images, seed)
    if wanted in result.epochs():
        return negative_elbo(result.networks(seed, wanted), images, seed)
    return None


def negative_elbo(networks: nn.ModuleDict, images: Tensor, seed: int) -> float:
    """BCE + KL of test images [M, 1, 28, 28], nats per image: the metric `negative_elbo`."""
    per_image, _ = bounds(networks, images, "bernoulli", seed)
    return float(per_image["negative_elbo"].mean())


def discriminator_loss(result: Result, seed: int, epoch: str) -> float | None:
    """Over an epoch, in nats."""
    return _loss(result, seed, "discriminator", epoch)


def generator_loss(result: Result, seed: int, epoch: str) -> float | None:
    """Over an epoch, in nats."""
    return _loss(result, seed, "generator", epoch)


def _loss(result: Result, seed: int, player: str, epoch: str) -> float | None:
    if not courses.is_reached(result, float(epoch)):
        return None
    return courses.loss_at(result.history(seed), f"{player}.loss", float(epoch))


LOSSES: Mapping[str, Quantity] = {"train": train_loss, "test": test_loss}


def late_loss(result: Result, seed: int, of: str) -> float | None:
    """Mean of the "train" or "test" loss over the epochs `LATE`; None if not all were reached."""
    found = [LOSSES[of](result, seed, str(epoch)) for epoch in LATE]
    known = [loss for loss in found if loss is not None]
    return fmean(known) if len(known) == len(LATE) else None


def improvement(result: Result, seed: int, of: str) -> float | None:
    """By which share the "train" or "test" loss fell from the first epoch of `LATE` to the last."""
    start, end = (LOSSES[of](result, seed, str(epoch)) for epoch in (LATE[0], LATE[-1]))
    return None if start is None or end is None else 1 - end / start


def seconds_as_published(result: Result, seed: int) -> float:
    """Training time of the published number of epochs, from the seconds of one."""
    return courses.seconds_per_epoch(result, seed) * float(result.block.length["epochs"])


def steps_above_common_loss(result: Result, seed: int, other: str) -> float | None:
    """The last step recorded before the training loss came down to the worse one's last."""
    found = _steps(result, seed, other)
    return None if found is None else found[0]


def steps_to_common_loss(result: Result, seed: int, other: str) -> float | None:
    """The first step recorded at which it had."""
    found = _steps(result, seed, other)
    return None if found is None else found[1]


def _steps(result: Result, seed: int, other: str) -> training.Bounds | None:
    level = training.common_level(result, result.beside[other])
    return None if level is None else training.steps_to(result.history(seed), level)


def share_of_rises(result: Result, seed: int) -> float | None:
    """The share of the training loss's rows that lie above the row before."""
    return training.rises(result.history(seed))


def lowest_accuracy(result: Result, seed: int) -> float:
    """The lowest accuracy of the discriminator."""
    return float(result.history(seed)["discriminator.accuracy"].min())


def epoch_of_half(result: Result, seed: int) -> float | None:
    """The epoch at which it first was right half of the time; None if it never was."""
    row = training.half(result.history(seed))
    return None if row is None else float(row["epoch"])


def fid_rise_after_half(result: Result, seed: int) -> float | None:
    """The last snapshot's FID over the best one's from then on; None for one snapshot at most."""
    pair = training.quality_after_half(result, seed)
    return None if pair is None else pair[1] / pair[0]


QUANTITIES = {
    function.__name__: function
    for function in (
        train_loss, test_loss, discriminator_loss, generator_loss, late_loss, improvement,
        seconds_as_published, training.seconds_per_step, steps_above_common_loss,
        steps_to_common_loss, share_of_rises, training.roughness, lowest_accuracy, epoch_of_half,
        fid_rise_after_half,
    )
}  # fmt: skip

UNJUDGED = {
    "train_loss", "test_loss", "discriminator_loss", "generator_loss", "late_loss", "improvement",
    "steps_above_common_loss", "steps_to_common_loss", "share_of_rises", "roughness",
    "lowest_accuracy", "epoch_of_half",
}  # fmt: skip
EXPERIMENTS: Mapping[str, ReadValues] = {}
