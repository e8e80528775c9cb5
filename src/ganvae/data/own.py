"""A user's own images: IDX files, a folder of pictures, or an .npz file.

Whatever the form, the result is two parts of 28 x 28 grey images with classes from 0 on. Where
there is no test part, a share of the images is split off by a hash of their content.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ganvae.data import forms, pictures
from ganvae.data.given import NO_LABEL, Given
from ganvae.errors import UserError

FEWEST = 50  # images of a part: metrics take neighbours, subsets and halves of them
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Own:
    """The user's images.

    Attributes:
        parts: "train" and "test": images uint8 [N, 28, 28] and classes int64 [N] in 0..C-1.
        names: of the C classes, in their order.
        notes: what was done to the images, a line each.
    """

    parts: dict[str, tuple[Tensor, Tensor]]
    names: list[str]
    notes: list[str] = field(default_factory=list)


def read(path: Path, *, test_share: float, invert: bool, transpose: bool) -> Own:
    """Reads, converts and checks everything.

    Args:
        path: a folder or an .npz file, see `forms.find`.
        test_share: of the images for the tests, where there is no test part.
        invert: whether dark and light are exchanged.
        transpose: whether rows and columns are exchanged.

    Raises:
        UserError: one line with the file or folder that cannot be used, and why.
    """
    done: Counter[str] = Counter()
    given = forms.find(path, pictures.ground(invert))
    found = {part: _converted(one, invert, transpose, done) for part, one in given.items()}
    labels: dict[str, Sequence[str | int]] = {part: one.labels for part, one in given.items()}
    notes = [f"{count} images {words}" for words, count in done.items()]
    if set(labels["train"]) == {NO_LABEL}:
        notes.append("no labels: all images are of one class")
    share = ""
    if "test" not in found:
        found, labels, note = _split(found["train"], labels["train"], test_share)
        notes.append(note)
        share = f" (data.test_share: {test_share})"
    _check_counts(path, found, share)
    names = _names(path, labels["train"], labels["test"])
    numbers = {name: i for i, name in enumerate(names)}
    parts = {}
    for part, images in found.items():
        classes = torch.tensor([numbers[label] for label in labels[part]])
        order = _mixing(images, classes)
        parts[part] = images[order], classes[order]
    if pictures.dark_on_light(parts["train"][0]):
        said = "false leaves" if invert else "true makes"
        notes.append(f"most images are dark on light: data.invert: {said} them light on dark")
    return Own(parts, [str(name) for name in names], notes)


def _converted(given: Given, invert: bool, transpose: bool, done: Counter[str]) -> Tensor:
    parts = [
        pictures.grey(levels, invert=invert, transpose=transpose, done=done)
        for levels in given.pictures(done)
    ]
    return torch.cat(parts)


def _split(
    images: Tensor, labels: Sequence[str | int], share: float
) -> tuple[dict[str, Tensor], dict[str, Sequence[str | int]], str]:
    """The images whose hash lies below `share` of all hashes for the tests, the rest to train.

    A class must be trained: where all of its images fall to the tests they stay, with whatever
    image is the same.
    """
    hashes = _hashes(images)
    kept = {label for label, h in zip(labels, hashes, strict=True) if h >= share * 2**64}
    held = {h for label, h in zip(labels, hashes, strict=True) if label not in kept}
    chosen = [h < share * 2**64 and h not in held for h in hashes]
    test = torch.tensor(chosen)
    of_test = [label for label, is_test in zip(labels, chosen, strict=True) if is_test]
    of_train = [label for label, is_test in zip(labels, chosen, strict=True) if not is_test]
    note = f"{len(of_test)} images for the tests, by a hash of their content; {len(of_train)} left"
    return (
        {"train": images[~test], "test": images[test]},
        {"train": of_train, "test": of_test},
        note,
    )


def _hashes(images: Tensor) -> list[int]:
    """Of each image's content, below 2 ** 64."""
    digests = (hashlib.sha256(image.numpy().tobytes()).digest() for image in images)
    return [int.from_bytes(digest[:8], "big") for digest in digests]


def _mixing(images: Tensor, classes: Tensor) -> Tensor:
    """An order for images [N]: their own or, where class follows upon class, by their hashes.

    What looks at the first images alone, such as figures, would else see one class.
    """
    runs = 1 + int((classes[1:] != classes[:-1]).sum())
    if 1 < runs == len(set(classes.tolist())):
        hashes = _hashes(images)
        return torch.tensor(sorted(range(len(hashes)), key=hashes.__getitem__))
    return torch.arange(len(classes))


def _check_counts(path: Path, found: dict[str, Tensor], share: str) -> None:
    for part, images in found.items():
        if len(images) < FEWEST:
            kind = "training" if part == "train" else "test"
            said = f"{len(images)} {kind} images; at least {FEWEST} expected"
            raise UserError(f"{path}: {said}{share}")


def _names(path: Path, train: Sequence[str | int], test: Sequence[str | int]) -> list[str | int]:
    """The classes in order: numbers by size, names by letters."""
    classes = set(train)
    if foreign := sorted(str(label) for label in set(test) - classes):
        raise UserError(f"{path}: class {foreign[0]} stands in the test part alone")
    if len(classes) > MOST_CLASSES:
        raise UserError(f"{path}: {len(classes)} classes; at most {MOST_CLASSES} can be used")
    for name in map(str, classes):
        if not name.isprintable():  # nor is half a letter of a name that is no UTF-8
            raise UserError(f"{path}: class {name!a}: a name that cannot be shown")
    return sorted(classes, key=_place)


def _place(label: str | int) -> tuple[bool, int, str]:
    number = isinstance(label, int) or (label.isascii() and label.isdigit())
    return not number, int(label) if number else 0, str(label)
