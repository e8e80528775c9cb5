"""One part of a user's images as it was given, whatever the form."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvae.errors import UserError

BATCH = 1000
NO_LABEL = "all"  # the class of images without labels


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


def in_batches(images: Tensor, words: str, done: Counter[str]) -> Iterator[Tensor]:
    """Images [N, C, H, W] in batches; counts them by the `words` of what was done, if any."""
    if words:
        done[words] += len(images)
    yield from torch.split(images, BATCH)


def expect_partner(source: str, part: str, kind: str, present: Set[tuple[str, str]]) -> None:
    """Labels need images, and where one part has labels the other must have them too."""
    name = {"train": "training", "test": "test"}[part]
    if kind == "labels" and (part, "images") not in present:
        raise UserError(f"{source}: labels of the {name} images, but no images")
    labelled = any(other == "labels" for _, other in present)
    if kind == "images" and labelled and (part, "labels") not in present:
        raise UserError(f"{source}: no labels of the {name} images, though the others have them")
