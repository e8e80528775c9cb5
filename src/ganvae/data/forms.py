"""The forms in which a user's images come, and where their two parts are.

- `npz`: an `.npz` file, or a folder with one, as Keras (`x_train`, `y_train`, ...) and MedMNIST
  (`train_images`, `train_labels`, ...) write it;
- `idx`: IDX files in any common spelling of MNIST's names, plain or gzipped, with a prefix such as
  EMNIST's or without;
- `pictures`: PNG or JPEG files in a folder per class, below `train/` and `test/` or without them;
  files without such folders are images of one class.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvae.data import idx, mirrors, pictures
from ganvae.errors import UserError

IDX_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<part>train|t10k|test)[-_.](?P<kind>images|labels)[-_.]idx\d[-_.](ubyte|int)",
    re.IGNORECASE,
)
PARTS = {"train": "train", "t10k": "test", "test": "test"}
NPZ_KEYS = {  # part -> pairs of keys for images and labels
    "train": (("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
MAX_BYTES = 2**30  # of a file: over a million images
BATCH = 1000
NO_LABEL = "all"  # the class of images without labels
HINT = "docs/own_images.md says which forms are read"


@dataclass(frozen=True)
class Given:
    """One part as it was given.

    Attributes:
        pictures: yields its images in order, uint8 [K, C, H, W] of one size each; counts by its
            words what was done to them.
        labels: one per image.
    """

    pictures: Callable[[Counter[str]], Iterator[Tensor]]
    labels: Sequence[str | int]


def find(path: Path) -> dict[str, Given]:
    """The part "train" and, where there is one, "test".

    Raises:
        UserError: nothing there has one of the forms, or a file of one is damaged.
    """
    if path.suffix.lower() == ".npz":
        return _npz(path)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder or .npz file; {HINT}")
    files = [file for file in _visible(path) if file.is_file()]
    archives = [file for file in files if file.suffix.lower() == ".npz"]
    if len(archives) > 1:
        raise UserError(f"{path}: {len(archives)} .npz files; data.folder may name one of them")
    if archives:
        return _npz(archives[0])
    named = {file: match for file in files if (match := IDX_NAME.fullmatch(_plain(file)))}
    if named:
        return _idx(path, named)
    if any(part.is_dir() for part in _folders(path, "train")):
        return {
            part: _pictures(folder) for part in ("train", "test") for folder in _folders(path, part)
        }
    if not _visible(path):
        raise UserError(f"{path}: an empty folder; {HINT}")
    return {"train": _pictures(path)}


def _folders(path: Path, name: str) -> list[Path]:
    return [folder for folder in _visible(path) if folder.name == name and folder.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _plain(file: Path) -> str:
    return file.name.removesuffix(".gz")


def _idx(folder: Path, named: Mapping[Path, re.Match[str]]) -> dict[str, Given]:
    prefixes = sorted({match["prefix"] for match in named.values()})
    if len(prefixes) > 1:
        raise UserError(
            f"{folder}: files of several sets ({', '.join(prefixes)}): keep those of one"
        )
    contents: dict[tuple[str, str], tuple[bytes, str]] = {}
    for file in {folder / _plain(file) for file in named}:
        match = IDX_NAME.fullmatch(file.name)
        assert match is not None
        key = PARTS[match["part"].lower()], match["kind"].lower()
        if key in contents:
            raise UserError(f"{file} and {contents[key][1]}: two files of the {key[0]} {key[1]}")
        contents[key] = mirrors.read_local(folder, file.name, MAX_BYTES), str(file)
    if ("train", "images") not in contents:
        raise UserError(f"{folder}: no training images among the IDX files")
    for part, kind in contents:
        _expect_partner(str(folder), part, kind, set(contents))
    return {
        part: _idx_part(contents, part)
        for part in ("train", "test")
        if (part, "images") in contents
    }


def _expect_partner(source: str, part: str, kind: str, present: Set[tuple[str, str]]) -> None:
    """Labels need images, and where one part has labels the other must have them too."""
    name = {"train": "training", "test": "test"}[part]
    if kind == "labels" and (part, "images") not in present:
        raise UserError(f"{source}: labels of the {name} images, but no images")
    labelled = any(other == "labels" for _, other in present)
    if kind == "images" and labelled and (part, "labels") not in present:
        raise UserError(f"{source}: no labels of the {name} images, though the others have them")


def _idx_part(contents: Mapping[tuple[str, str], tuple[bytes, str]], part: str) -> Given:
    content, source = contents[part, "images"]
    images = idx.decode_images(content, source)
    if (part, "labels") not in contents:
        return Given(partial(_in_batches, images.unsqueeze(1)), [NO_LABEL] * len(images))
    labels = idx.decode_labels(*contents[part, "labels"])
    idx.check_counts(images, labels, source)
    return Given(partial(_in_batches, images.unsqueeze(1)), labels.tolist())


def _npz(path: Path) -> dict[str, Given]:
    try:
        # opened here: numpy leaves a file open that is no archive
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except Exception as error:  # zip's and numpy's own, of many kinds
        raise UserError(f"{path}: no .npz file that can be read: {error}") from None
    found = {
        part: next((pair for pair in pairs if pair[0] in arrays), None)
        for part, pairs in NPZ_KEYS.items()
    }
    if found["train"] is None:
        known = ", ".join(images for images, _ in NPZ_KEYS["train"])
        raise UserError(f"{path}: holds {', '.join(arrays) or 'nothing'}; one of {known} expected")
    present = {
        (part, kind)
        for part, pair in found.items()
        for kind, key in zip(("images", "labels"), pair or (), strict=False)
        if key in arrays
    }
    for part, kind in sorted(present):
        _expect_partner(str(path), part, kind, present)
    return {part: _npz_part(path, arrays, *pair) for part, pair in found.items() if pair}


def _npz_part(path: Path, arrays: Mapping[str, NDArray[Any]], images: str, labels: str) -> Given:
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
    if levels.dtype == np.bool_:
        levels = levels.astype(np.uint8) * 255
    shown = (
        pictures.of_16_bits(levels) if levels.dtype == np.uint16 else torch.from_numpy(levels)
    ).permute(0, 3, 1, 2)
    given = partial(_in_batches, shown)
    if labels not in arrays:
        return Given(given, [NO_LABEL] * len(levels))
    return Given(given, _npz_labels(f"{path}: {labels}", arrays[labels], len(levels)))


def _npz_labels(source: str, labels: NDArray[Any], count: int) -> list[str | int]:
    if labels.shape not in ((count,), (count, 1)):
        raise UserError(
            f"{source}: shape {list(labels.shape)}; one label for {count} images expected"
        )
    if labels.dtype.kind not in "iuU":
        raise UserError(f"{source}: {labels.dtype}; integers or text expected")
    found: list[str | int] = labels.ravel().tolist()
    return found


def _in_batches(images: Tensor, done: Counter[str]) -> Iterator[Tensor]:
    yield from torch.split(images, BATCH)


def _pictures(folder: Path) -> Given:
    found = _visible(folder)
    classes = [path for path in found if path.is_dir()]
    if not classes:
        files = _files(folder, found)
        return Given(partial(_read, files), [NO_LABEL] * len(files))
    if loose := [path for path in found if path.is_file()]:
        raise UserError(f"{loose[0]}: a file beside folders of classes: move it into one")
    by_class = {path.name: _files(path, _visible(path)) for path in classes}
    labels = [name for name, files in by_class.items() for _ in files]
    return Given(partial(_read, [file for files in by_class.values() for file in files]), labels)


def _files(folder: Path, found: Iterable[Path]) -> list[Path]:
    files = list(found)
    for path in files:
        if path.is_dir():
            raise UserError(f"{path}: a folder where pictures of a class belong")
        if path.suffix.lower() not in pictures.SUFFIXES:
            raise UserError(f"{path}: no PNG or JPEG file; {HINT}")
    if not files:
        raise UserError(f"{folder}: holds no PNG or JPEG file")
    return files


def _read(files: Sequence[Path], done: Counter[str]) -> Iterator[Tensor]:
    for file in files:
        yield pictures.read(file, done)
