"""Files of a study as the comparison reads them: whole, and of this study alone."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from numpy.typing import NDArray

from ganvae.core import storage
from ganvae.errors import UserError

Array = NDArray[Any]
IMAGE = (28, 28)
# type and shape; a letter is one size in all arrays of a seed
ARRAYS: dict[str, tuple[torch.dtype, tuple[int | str, ...]]] = {
    "samples": (torch.uint8, ("samples", *IMAGE)),
    "mixture_samples": (torch.uint8, ("samples", *IMAGE)),
    "nearest": (torch.uint8, ("nearest", 3, *IMAGE)),
    "originals": (torch.uint8, ("images", *IMAGE)),
    "reconstructions": (torch.uint8, ("images", *IMAGE)),
    "interpolations": (torch.uint8, ("walks", "points", *IMAGE)),
    "snapshots": (torch.uint8, ("snapshots", "drawn", *IMAGE)),
    "snapshot_steps": (torch.int64, ("snapshots",)),
    "image_entropy": (torch.float32, ("generated",)),
    "latent": (torch.float32, ("points of the plane", 2)),
    "latent_labels": (torch.int64, ("points of the plane",)),
}


def arrays(path: Path) -> dict[str, Array]:
    """What figures show, `<kind>` of a file or `<kind>/<seed>`.

    Raises:
        UserError: the file is missing or damaged, or an array is not what `ARRAYS` says.
    """
    found = storage.read_tensors(path)
    sizes: dict[str, int] = {}
    for name, tensor in found.items():
        kind, _, seed = name.partition("/")
        if kind not in ARRAYS:
            raise UserError(f"{path}: {name}: no array that is known")
        dtype, shape = ARRAYS[kind]
        named = [size if isinstance(size, int) else f"{size}/{seed}" for size in shape]
        fits = tensor.dtype == dtype and tensor.ndim == len(shape) and tensor.numel() > 0
        for size, expected in zip(tensor.shape, named, strict=fits):
            one = expected if isinstance(expected, int) else sizes.setdefault(expected, size)
            fits = fits and size == one
        if not fits or (dtype == torch.float32 and not tensor.isfinite().all()):
            raise UserError(f"{path}: {name}: {dtype} {list(shape)} expected, all finite")
    return {name: tensor.numpy() for name, tensor in found.items()}


def only(folder: Path, known: list[str], key: str) -> None:
    """Raises `UserError` unless the folder holds `known`, named under `key`, and nothing else."""
    names = visible(folder)
    refuse(folder, names, known, key)
    missing = [name for name in known if name not in names]
    if missing:
        raise UserError(f"{folder / missing[0]}: no such folder: run `dvc repro`")


def refuse(where: Path, found: Iterable[str], known: list[str], key: str) -> None:
    """Raises `UserError` for the first of `found` that is not among `known`."""
    for name in sorted(found):
        if name not in known:
            raise UserError(f"{where}: {name} is not named in params.yaml under {key}: remove it")


def visible(folder: Path) -> list[str]:
    """Names in a folder, sorted. Raises `UserError` if there is no such folder."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder: run `dvc repro`")
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def history(path: Path) -> pd.DataFrame:
    """A training's curves; without a row where it diverged before the first.

    Raises:
        UserError: the file is missing, damaged or no history.
    """
    try:
        table = pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: damaged CSV: {error}") from None
    if not {"step", "images_seen"} <= set(table):
        raise UserError(f"{path}: no columns step and images_seen")
    if table.empty:
        return table.astype(float)
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes):
        raise UserError(f"{path}: numbers expected in every column")
    if table[["step", "images_seen"]].isna().any(axis=None) or (table.abs() > 1e100).any(axis=None):
        raise UserError(f"{path}: a step without a number, or a number beyond 1e100")
    return table
