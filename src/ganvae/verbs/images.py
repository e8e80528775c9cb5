"""Images that other programs made or are to see: read in every form of `data.forms`, and written.

In between they are what they are everywhere: float32 [N, C, H, W] in [-1, 1].
"""

import io
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ganvae.celeba import faces
from ganvae.core import storage
from ganvae.core.imageset import dequantise, quantise
from ganvae.data import forms, idx, mirrors, pictures
from ganvae.errors import UserError
from ganvae.figures import style

COLUMNS = 10  # of a grid
FORMS = "a name that ends in .png (a grid) or .npz, or a folder (one PNG each)"


def read(path: str | Path, negative: bool = False) -> Tensor:
    """Grey images of 28 x 28 pixels from files of another program.

    What was done to them is said on stderr, a line each.

    Args:
        path: a folder of pictures (or of a folder per class), a picture (PNG, JPEG), an `.npz`, an
            IDX file, or a folder with one of these.
        negative: whether dark and light are exchanged.

    Returns:
        float32 [N, 1, 28, 28] in 256 levels of [-1, 1], N >= 1.

    Raises:
        UserError: there is no image that can be read.
    """
    images, notes = convert(Path(path), negative)
    for note in notes:
        print(f"note: {path}: {note}", file=sys.stderr)
    return images


def convert(path: Path, negative: bool) -> tuple[Tensor, list[str]]:
    """`read`, and what was done to the images, a line each."""
    done: Counter[str] = Counter()
    grey = [
        pictures.grey(levels, invert=negative, transpose=False, done=done)
        for levels in _levels(path, done, pictures.ground(negative))
    ]
    return dequantise(torch.cat(grey)), [f"{count} images {words}" for words, count in done.items()]


def _levels(path: Path, done: Counter[str], ground: int) -> Iterator[Tensor]:
    """uint8 [K, C, H, W] of one size each."""
    suffix = path.suffix.lower()
    if path.is_file() and suffix in pictures.SUFFIXES:
        return iter([pictures.read(path, done, ground)])
    if path.is_file() and suffix != ".npz":
        plain = path.name.removesuffix(".gz")
        content = mirrors.read_local(path.parent, plain, forms.MAX_BYTES)
        return iter([idx.decode_images(content, str(path)).unsqueeze(1)])
    parts = forms.find(path, ground)
    if len(parts) > 1:
        raise UserError(f"{path}: holds training and test images; give a folder or file of one")
    return parts["train"].pictures(done)


def check_out(out: str | Path) -> Path:
    """Where images are written to, before they are made.

    Raises:
        UserError: it is no place that `write` can write to.
    """
    path = Path(out)
    if _is_folder(out):
        if path.is_dir() and any(path.iterdir()):
            raise UserError(f"{path}: holds files; name a new folder")
    elif path.suffix.lower() not in (".png", ".npz"):
        raise UserError(f"{out}: {FORMS} expected")
    check_writable(path)
    return path


def _is_folder(out: str | Path) -> bool:
    return Path(out).is_dir() or str(out).endswith(("/", os.sep))


def check_writable(path: Path) -> None:
    """Raises `UserError` unless a file or folder can be made at `path`."""
    existing = next(folder for folder in path.absolute().parents if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"{path}: cannot be written, {existing} is no folder that can be")


def write(
    images: Tensor, out: str | Path, columns: int = COLUMNS, originals: Tensor | None = None
) -> None:
    """Writes images [N, C, H, W] in [-1, 1], in 256 levels.

    Args:
        images: grey (C = 1) or in colour (C = 3), N >= 1.
        out: ends in `.png`: a grid, row by row; in `.npz`: `images`, uint8 [N, H, W] or
            [N, H, W, 3]; else a folder, new or empty: a PNG file each, named by its number.
        columns: of the grid.
        originals: as many images, of which a grid shows each row above the row of `images`.

    Raises:
        UserError: it is no such place; nothing has been written.
    """
    path = check_out(out)
    suffix = "" if _is_folder(out) else path.suffix.lower()
    if suffix == ".png":
        shown = images if originals is None else _above(originals, images, columns)
        levels: NDArray[Any] = quantise(shown).numpy()
        storage.write_bytes(path, _png(_grid(levels, min(columns, len(images)))))
        return
    levels = quantise(images).numpy()
    if levels.ndim == 4:
        levels = levels.transpose(0, 2, 3, 1)
    if suffix == ".npz":
        packed = io.BytesIO()
        np.savez_compressed(packed, images=levels)
        storage.write_bytes(path, packed.getvalue())
        return
    digits = len(str(len(levels) - 1))
    with storage.whole_folder(path) as folder:
        for number, image in enumerate(levels):
            (folder / f"{number:0{digits}}.png").write_bytes(_png(image))


def _above(first: Tensor, second: Tensor, columns: int) -> Tensor:
    """A row of the first, a row of the second, and so on; the last two are filled up with black."""
    rows = []
    for pair in zip(torch.split(first, columns), torch.split(second, columns), strict=True):
        missing = (min(columns, len(first)) - len(pair[0]), *first.shape[1:])
        rows += [torch.cat([row, torch.full(missing, -1.0)]) for row in pair]
    return torch.cat(rows)


def _grid(levels: NDArray[Any], columns: int) -> NDArray[Any]:
    return faces.grid(levels, columns) if levels.ndim == 4 else style.shown(levels, columns)


def _png(levels: NDArray[Any]) -> bytes:
    """uint8 [H, W] or [H, W, 3]."""
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()
