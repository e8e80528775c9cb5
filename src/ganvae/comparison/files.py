"""Files of a study as the comparison reads them: whole, and of this study alone."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from ganvae.core import storage
from ganvae.errors import UserError

Array = NDArray[Any]


def arrays(path: Path) -> dict[str, Array]:
    """The arrays of a safetensors file. Raises `UserError` if it is missing or damaged."""
    return {name: tensor.numpy() for name, tensor in storage.read_tensors(path).items()}


def fields(path: Path, *names: str) -> dict[str, Any]:
    """A JSON file's object. Raises `UserError` if it is missing, damaged or lacks a field."""
    content = storage.read_json(path)
    for field in names:
        if not isinstance(content, dict) or field not in content:
            raise UserError(f"{path}: no field {field}")
    return dict(content)


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
    """A training's curves. Raises `UserError` if the file is missing, damaged or no history."""
    try:
        table = pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: damaged CSV: {error}") from None
    if "images_seen" not in table:
        raise UserError(f"{path}: no column images_seen")
    return table
