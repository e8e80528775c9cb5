"""The processed images as training and evaluation read them."""

from pathlib import Path

import torch
from torch import Tensor

from ganvae import storage
from ganvae.errors import UserError

CLASSES = 10
CPU = torch.device("cpu")


def load(path: Path, device: torch.device = CPU) -> tuple[Tensor, Tensor]:
    """Reads a file that the stage `preprocess` wrote, whole, onto `device`.

    Returns:
        images: float32 [N, 1, 28, 28] in [-1, 1], N >= 1.
        labels: int64 [N] in 0..9.

    Raises:
        UserError: the file is missing or damaged, or holds something else.
    """
    tensors = storage.read_tensors(path)
    if set(tensors) != {"images", "labels"}:
        held = ", ".join(sorted(tensors)) or "nothing"
        raise UserError(f"{path}: holds {held}; images and labels expected")
    images, labels = tensors["images"], tensors["labels"]
    num = len(labels) if labels.ndim else 0
    _expect(path, "images", images, torch.float32, (num, 1, 28, 28))
    _expect(path, "labels", labels, torch.int64, (num,))
    if num == 0:
        raise UserError(f"{path}: holds no images")
    _within(path, "images", images, -1, 1)
    _within(path, "labels", labels, 0, CLASSES - 1)
    return images.to(device), labels.to(device)


def quantise(images: Tensor) -> Tensor:
    """The 256 grey levels that real images have: [N, 1, 28, 28] in [-1, 1] -> uint8 [N, 28, 28]."""
    grey = ((images.squeeze(1).float() + 1) * 127.5).round().clamp(0, 255)
    return grey.to("cpu", torch.uint8)


def dequantise(grey: Tensor) -> Tensor:
    """The inverse of `quantise`, with the scaling of the real images: float32 [N, 1, 28, 28]."""
    return grey.unsqueeze(1).float() / 127.5 - 1


def _expect(
    path: Path, name: str, tensor: Tensor, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    if tensor.dtype != dtype or tensor.shape != shape:
        raise UserError(
            f"{path}: {name}: {tensor.dtype} {list(tensor.shape)}; {dtype} {list(shape)} expected"
        )


def _within(path: Path, name: str, tensor: Tensor, lowest: int, highest: int) -> None:
    low, high = tensor.min().item(), tensor.max().item()
    if not (low >= lowest and high <= highest):  # so worded, NaN is refused too
        raise UserError(
            f"{path}: {name}: values from {low:g} to {high:g}; {lowest} to {highest} expected"
        )
