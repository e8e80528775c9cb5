"""Images in an `.npz` file, as Keras and MedMNIST write it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvae.data import pictures
from ganvae.data.given import NO_LABEL, Given, expect_partner, in_batches
from ganvae.errors import UserError

KEYS = {  # part -> pairs of keys for images and labels
    "train": (("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
MAX_UNPACKED = 2**32  # bytes of an array; some kilobytes can unpack to any size


def read(path: Path) -> dict[str, Given]:
    """Its parts, as `forms.find`; other arrays of the file are left alone.

    Raises:
        UserError: it cannot be read, or holds no images of one of the forms.
    """
    known = {key for pairs in KEYS.values() for pair in pairs for key in pair}
    try:
        # opened here: numpy leaves a file open that is no archive
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            names = file.files
            if max((info.file_size for info in file.zip.infolist()), default=0) > MAX_UNPACKED:
                raise ValueError("an array of more than 4 GiB")
            arrays = {key: file[key] for key in names if key in known}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except Exception as error:  # zip's and numpy's own, of many kinds
        raise UserError(f"{path}: no .npz file that can be read: {error}") from None
    found = {
        part: next((pair for pair in pairs if pair[0] in arrays), None)
        for part, pairs in KEYS.items()
    }
    if found["train"] is None:
        wanted = ", ".join(images for images, _ in KEYS["train"])
        raise UserError(f"{path}: holds {', '.join(names) or 'nothing'}; one of {wanted} expected")
    present = {
        (part, kind)
        for part, pair in found.items()
        for kind, key in zip(("images", "labels"), pair or (), strict=False)
        if key in arrays
    }
    for part, kind in sorted(present):
        expect_partner(str(path), part, kind, present)
    return {part: _part(path, arrays, *pair) for part, pair in found.items() if pair}


def _part(path: Path, arrays: Mapping[str, NDArray[Any]], images: str, labels: str) -> Given:
    levels = arrays[images]
    source = f"{path}: {images}"
    if levels.dtype not in (np.uint8, np.uint16, np.bool_):
        raise UserError(f"{source}: {levels.dtype}; levels from 0 to 255, uint8, expected")
    if levels.ndim not in (3, 4) or 0 in levels.shape:
        raise UserError(f"{source}: shape {list(levels.shape)}; [N, H, W] or [N, H, W, C] expected")
    if levels.ndim == 3:
        levels = levels[..., None]
    if levels.shape[-1] not in (1, 3):
        raise UserError(f"{source}: {levels.shape[-1]} channels; 1 (grey) or 3 (RGB) expected")
    given = partial(in_batches, *_of_8_bits(source, levels))
    if labels not in arrays:
        return Given(given, [NO_LABEL] * len(levels))
    return Given(given, _labels(f"{path}: {labels}", arrays[labels], len(levels)))


def _of_8_bits(source: str, levels: NDArray[Any]) -> tuple[Tensor, str]:
    """[N, H, W, C] -> uint8 [N, C, H, W], and what was done to it, if something was."""
    done = ""
    if levels.dtype == np.bool_:
        levels, done = levels.astype(np.uint8) * 255, "of two levels made black and white"
    if levels.dtype == np.uint16:
        if levels.max() <= 255:
            raise UserError(f"{source}: 16-bit levels, none above 255: save them as uint8")
        return pictures.of_16_bits(levels).permute(0, 3, 1, 2), pictures.FROM_16_BITS
    return torch.from_numpy(levels).permute(0, 3, 1, 2), done


def _labels(source: str, labels: NDArray[Any], count: int) -> list[str | int]:
    if labels.shape not in ((count,), (count, 1)):
        raise UserError(
            f"{source}: shape {list(labels.shape)}; one label for {count} images expected"
        )
    if labels.dtype.kind not in "iuU":
        raise UserError(f"{source}: {labels.dtype}; integers or text expected")
    found: list[str | int] = labels.ravel().tolist()
    return found
