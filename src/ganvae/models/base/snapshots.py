"""Images along training, from latent vectors that never change."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganvae.core.imageset import quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.core.storage import read_tensors, write_tensors
from ganvae.errors import UserError
from ganvae.models.base.contract import to_images

SNAPSHOTS = 16
IMAGES = 2000


def snapshot_steps(total_steps: int) -> list[int]:
    """Up to `SNAPSHOTS` steps from the first to the last, evenly spaced in their logarithm."""
    return sorted({int(step) for step in np.geomspace(1, total_steps, SNAPSHOTS).round()})


@torch.no_grad()
def take(decoder: nn.Module, latent_dim: int, device: torch.device, path: Path) -> None:
    """Writes `IMAGES` images in evaluation mode, as `quantise` gives them, to `path`.

    The latent vectors are the same at every step, for every model and every seed. Of a decoder
    whose images are no longer finite there is no snapshot: the loss tells so a step later.
    """
    stream = Noise(seed_for(0, "snapshots"), torch.device("cpu"))
    z = stream.normal(IMAGES, latent_dim).to(device)
    was_training = decoder.training
    decoder.eval()
    images = to_images(decoder(z))
    decoder.train(was_training)
    if images.isfinite().all():
        write_tensors(path, {"images": quantise(images)})


def pack(folder: Path, last_step: int, batch_size: int) -> dict[str, Tensor]:
    """All snapshots up to `last_step` as one set of tensors.

    Returns:
        `images` uint8 [K, IMAGES, ...], `steps` and `images_seen` int64 [K].
    """
    steps = sorted(int(path.stem) for path in folder.glob("*.safetensors"))
    steps = [step for step in steps if step <= last_step]
    images = [read_tensors(folder / f"{step}.safetensors")["images"] for step in steps]
    return {
        "images": torch.stack(images) if images else torch.empty(0, IMAGES, 28, 28).byte(),
        "steps": torch.tensor(steps, dtype=torch.int64),
        "images_seen": torch.tensor(steps, dtype=torch.int64) * batch_size,
    }


def read_snapshots(path: Path) -> dict[str, Tensor]:
    """The images along a training.

    Returns:
        `images` uint8 [K, IMAGES, 28, 28], `steps` and `images_seen` int64 [K].

    Raises:
        UserError: the file is missing or damaged, or holds something else.
    """
    tensors = read_tensors(path)
    wanted = (IMAGES, 28, 28)
    if set(tensors) != {"images", "steps", "images_seen"} or tensors["images"].shape[1:] != wanted:
        raise UserError(f"{path}: snapshots of {IMAGES} images, 28 x 28, expected")
    number = len(tensors["images"])
    for name in ("steps", "images_seen"):
        if tensors[name].shape != (number,) or tensors[name].dtype != torch.int64:
            raise UserError(f"{path}: {name}: an integer for each of {number} snapshots expected")
    return tensors
