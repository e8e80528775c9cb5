"""The processed images as training and evaluation read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ganvae.core import storage
from ganvae.errors import UserError

DIGITS = tuple("0123456789")
CLASSES_FILE = "classes.json"  # beside the images where their classes are no digits
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Classes:
    """The classes of a data set.

    Attributes:
        names: by their number.
        word: what one is called in tables and figures.
        plural: what several are called.
    """

    names: tuple[str, ...]
    word: str
    plural: str


def classes(folder: Path) -> Classes:
    """Those of the images in `folder`: of `CLASSES_FILE` where there is one, else the ten digits.

    Raises:
        UserError: the file is damaged, or no list of names.
    """
    path = folder / CLASSES_FILE
    if not path.exists():
        return Classes(DIGITS, "digit", "digits")
    names = storage.read_json(path)
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise UserError(f"{path}: a list of the classes' names expected")
    return Classes(tuple(names), "class", "classes")


def load(path: Path, device: torch.device = CPU) -> tuple[Tensor, Tensor]:
    """Reads a file that the stage `preprocess` wrote, whole, onto `device`.

    Returns:
        images: float32 [N, 1, 28, 28] in [-1, 1], N >= 1.
        labels: int64 [N] from 0 on.

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
    _within(path, "labels", labels, 0, 2**31 - 1)
    return images.to(device), labels.to(device)


class Images(Protocol):
    """Training images [N, C, H, W] in [-1, 1], in memory (a tensor) or on the disk (`Streamed`)."""

    @property
    def device(self) -> torch.device:
        """Where the images that are asked for lie."""

    @property
    def shape(self) -> Any:
        """N, C, H, W."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Tensor:
        """The images at `rows`, a slice or int64 [K]: float32 [K, C, H, W]."""


class Streamed:
    """Images that are too many for the memory: each batch is read from the disk when it is due.

    Args:
        path: a `.npy` file, uint8 [N, C, H, W].
        device: where the batches go.

    Raises:
        UserError: the file is missing or damaged, or holds something else.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        try:
            self._pixels = np.load(path, mmap_mode="r")
        except FileNotFoundError:
            raise UserError(f"{path}: no such file") from None
        except (ValueError, EOFError) as error:
            raise UserError(f"{path}: damaged: {error}") from None
        found = self._pixels
        if not isinstance(found, np.ndarray):
            raise UserError(f"{path}: several arrays; one, uint8 [N, C, H, W], expected")
        if found.dtype != np.uint8 or found.ndim != 4 or len(found) == 0:
            raise UserError(
                f"{path}: {found.dtype} {list(found.shape)}; uint8 [N, C, H, W] expected"
            )
        self.shape = torch.Size(found.shape)
        self.device = device

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Tensor | slice, /) -> Tensor:
        """float32 [K, C, H, W] in [-1, 1], as `dequantise`."""
        chosen = rows if isinstance(rows, slice) else rows.cpu().numpy()
        read = torch.from_numpy(np.array(self._pixels[chosen]))
        return dequantise(read.to(self.device))


def training_set(path: Path, device: torch.device) -> tuple[Images, Tensor]:
    """What a model is trained on: `load`, or for a `.npy` file images that stay on the disk.

    Returns:
        images: [N, C, H, W] in [-1, 1].
        labels: int64 [N]; zeros where the images have no classes.

    Raises:
        UserError: the file is missing or damaged, or holds something else.
    """
    if path.suffix != ".npy":
        return load(path, device)
    images = Streamed(path, device)
    return images, torch.zeros(len(images), dtype=torch.int64, device=device)


def quantise(images: Tensor) -> Tensor:
    """The 256 levels that real images have: [N, C, H, W] in [-1, 1] -> uint8.

    Grey images lose their channel: [N, 1, 28, 28] -> [N, 28, 28].
    """
    levels = ((images.squeeze(1).float() + 1) * 127.5).round().clamp(0, 255)
    return levels.to("cpu", torch.uint8)


def dequantise(levels: Tensor) -> Tensor:
    """The inverse of `quantise`, with the scaling of the real images: float32 [N, C, H, W]."""
    return (levels.unsqueeze(1) if levels.dim() == 3 else levels).float() / 127.5 - 1


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
