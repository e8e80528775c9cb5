"""The forms in which a user's images come, and where their two parts are.

- `npz`: an `.npz` file, or a folder with one, as Keras (`x_train`, `y_train`, ...) and MedMNIST
  (`train_images`, `train_labels`, ...) write it;
- `idx`: IDX files in any common spelling of MNIST's names, plain or gzipped, with a prefix such as
  EMNIST's or without, grey or in colour;
- `pictures`: PNG or JPEG files in a folder per class, below `train/` and `test/` or without them;
  files without such folders are images of one class.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from torch import Tensor

from ganvae.data import idx, mirrors, npz, pictures
from ganvae.data.given import NO_LABEL, Given, expect_partner, in_batches
from ganvae.errors import UserError

IDX_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<part>train|t10k|test)[-_.](?P<kind>images|labels)[-_.]idx\d[-_.](ubyte|int)",
    re.IGNORECASE,
)
PARTS = {"train": "train", "t10k": "test", "test": "test"}
UNUSED = ("val", "valid", "validation")  # folders beside `train/` that are left alone
PART_FOLDERS = ("train", "training", "test", "testing", *UNUSED)
CLUTTER = ("thumbs.db", "desktop.ini")  # files that systems leave; others' begin with a dot
MAX_BYTES = 2**30  # of a file: over a million images
HINT = "docs/own_images.md says which forms are read"


def find(path: Path, ground: int = 0) -> dict[str, Given]:
    """The part "train" and, where there is one, "test".

    Args:
        path: a folder or an .npz file.
        ground: the level of pictures' transparent pixels.

    Raises:
        UserError: nothing there has one of the forms, or a file of one is damaged.
    """
    if path.suffix.lower() == ".npz":
        return npz.read(path)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder or .npz file; {HINT}")
    files = [file for file in _visible(path) if file.is_file()]
    archives = [file for file in files if file.suffix.lower() == ".npz"]
    if len(archives) > 1:
        raise UserError(f"{path}: {len(archives)} .npz files; data.folder may name one of them")
    if archives:
        return npz.read(archives[0])
    named = {file: match for file in files if (match := IDX_NAME.fullmatch(_plain(file)))}
    if named:
        return _idx(path, named)
    if not _visible(path):
        raise UserError(f"{path}: an empty folder; {HINT}")
    if folders := _part_folders(path):
        given = {part: _pictures(folder, ground) for part, folder in folders.items()}
        if len({set(part.labels) == {NO_LABEL} for part in given.values()}) > 1:
            raise UserError(f"{path}: folders of classes in one of train/ and test/ alone")
        return given
    return {"train": _pictures(path, ground)}


def _part_folders(path: Path) -> dict[str, Path]:
    """The folders `train` and `test`; none where the folders are classes."""
    folders = {folder.name: folder for folder in _visible(path) if folder.is_dir()}
    parts = [name for name in folders if name.lower() in PART_FOLDERS]
    if not parts:
        return {}
    if others := sorted(folders.keys() - {"train", "test", *UNUSED}):
        part = next((name for name in parts if name not in others), parts[0])
        raise UserError(
            f"{path}: {part}/ beside {others[0]}/: parts are called train/ and test/, and a class "
            "by no such name"
        )
    if "train" not in folders:
        raise UserError(f"{path}: {parts[0]}/ without train/; {HINT}")
    return {name: folders[name] for name in ("train", "test") if name in folders}


def _visible(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in CLUTTER
    )


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
        expect_partner(str(folder), part, kind, set(contents))
    return {
        part: _idx_part(contents, part)
        for part in ("train", "test")
        if (part, "images") in contents
    }


def _idx_part(contents: Mapping[tuple[str, str], tuple[bytes, str]], part: str) -> Given:
    content, source = contents[part, "images"]
    images = idx.decode_pictures(content, source)
    given = partial(in_batches, images, "")
    if (part, "labels") not in contents:
        return Given(given, [NO_LABEL] * len(images))
    labels = idx.decode_labels(*contents[part, "labels"])
    idx.check_counts(images, labels, source)
    return Given(given, labels.tolist())


def _pictures(folder: Path, ground: int) -> Given:
    found = _visible(folder)
    classes = [path for path in found if path.is_dir()]
    if not classes:
        files = _files(folder, found)
        return Given(partial(_read, files, ground), [NO_LABEL] * len(files))
    if loose := [path for path in found if path.is_file()]:
        raise UserError(f"{loose[0]}: a file beside folders of classes: it belongs elsewhere")
    by_class = {path.name: _files(path, _visible(path)) for path in classes}
    labels = [name for name, files in by_class.items() for _ in files]
    every = [file for files in by_class.values() for file in files]
    return Given(partial(_read, every, ground), labels)


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


def _read(files: Sequence[Path], ground: int, done: Counter[str]) -> Iterator[Tensor]:
    for file in files:
        yield pictures.read(file, done, ground)
