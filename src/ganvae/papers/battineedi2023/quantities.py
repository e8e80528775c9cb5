"""The numbers of battineedi2023: readings of its error, readable images, variants."""

import math
from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor, nn

from ganvae.core import imageset
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.shared import courses
from ganvae.papers.shared.results import BATCH, Result
from ganvae.papers.shared.values import Quantity, ReadValues

READINGS = {
    "mse_signed": "mean squared error per pixel on [-1, 1]",
    "mse_unit": "mean squared error per pixel on [0, 1]",
    "mae_signed": "mean absolute error per pixel on [-1, 1]",
    "mae_unit": "mean absolute error per pixel on [0, 1]",
    "rmse_signed": "root mean squared error per pixel on [-1, 1]",
    "rmse_unit": "root mean squared error per pixel on [0, 1]",
}
CERTAIN = 0.5  # nats; the classifier has read an image whose entropy is below it


def kind(result: Result) -> str:
    """ "GAN" or "VAE"."""
    return "VAE" if result.system.model.startswith("vae") else "GAN"


@cache
def errors(result: Result, seed: int) -> dict[str, float]:
    """A seed's reconstruction errors on test images by `READINGS`; none without an encoder."""
    if kind(result) != "VAE":
        return {}
    images, _ = imageset.load(result.system.data / "processed" / "test.safetensors")
    return reconstruction_errors(result.networks(seed), images)


@torch.no_grad()
def reconstruction_errors(networks: nn.ModuleDict, images: Tensor) -> dict[str, float]:
    """How far images are from what the decoder makes of their posterior means.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [M, 1, 28, 28] in [-1, 1].

    Returns:
        Means over images and pixels by the keys of `READINGS`.
    """
    absolute, squared = 0.0, 0.0
    for batch in torch.split(images, BATCH):
        mean, _ = posterior(networks["encoder"](batch))
        difference = (to_images(networks["decoder"](mean)) - batch).double()
        absolute += float(difference.abs().sum())
        squared += float(difference.square().sum())
    mae, mse = absolute / images.numel(), squared / images.numel()
    return {
        "mse_signed": mse, "mse_unit": mse / 4,
        "mae_signed": mae, "mae_unit": mae / 2,
        "rmse_signed": math.sqrt(mse), "rmse_unit": math.sqrt(mse) / 2,
    }  # fmt: skip


def _reading(name: str) -> Quantity:
    return lambda result, seed: errors(result, seed).get(name)


def readable(result: Result, seed: int) -> float:
    """The share of generated images that the classifier has read."""
    return float((result.arrays[f"image_entropy/{seed}"] < CERTAIN).double().mean())


def common_epoch(result: Result) -> float:
    """The epoch that all systems of the same kind reached."""
    return min(courses.epochs(r) for r in result.beside.values() if kind(r) == kind(result))


def fid_at_common_epoch(result: Result, seed: int) -> float:
    """FID of the snapshot nearest to that epoch."""
    return at_epoch(result, seed, common_epoch(result), "fid_classifier")


def at_epoch(result: Result, seed: int, epoch: float, metric: str) -> float:
    """A metric of the snapshot nearest to an epoch."""
    course = courses.snapshots(result, seed)
    nearest = int((course["epoch"] - epoch).abs().to_numpy().argmin())
    return float(course[metric].iloc[nearest])


QUANTITIES: Mapping[str, Quantity] = {
    "readable": readable,
    "fid_at_common_epoch": fid_at_common_epoch,
    **{name: _reading(name) for name in READINGS},
}

UNJUDGED = {*READINGS}
EXPERIMENTS: Mapping[str, ReadValues] = {}
