"""Stage `preprocess`: data/raw/ (IDX) -> data/processed/{train,test}.safetensors.

Each file holds `images`, float32 [N, 1, 28, 28] in [-1, 1], and `labels`, int64 [N]; the
names of the classes, where they are no digits, stand in classes.json.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from ganvae.core import storage
from ganvae.core.imageset import CLASSES_FILE, classes
from ganvae.data import idx
from ganvae.errors import UserError, run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments

RAW = Path("data/raw")
PROCESSED = Path("data/processed")
STEMS = {"train": "train", "test": "t10k"}


def main() -> None:
    """Builds the folder aside and renames it, once both parts are checked."""
    arguments(__file__, __doc__)
    read_here = [*edits.sources(Path(__file__)), RAW]
    with storage.whole_folder(PROCESSED) as built, edits.unedited(read_here):
        parts = {part: read(stem) for part, stem in STEMS.items()}
        check_labels([labels for _, labels in parts.values()], len(classes(RAW).names))
        if (names := RAW / CLASSES_FILE).exists():
            shutil.copyfile(names, built / CLASSES_FILE)
        for part, (images, labels) in parts.items():
            tensors = {"images": scaled(images), "labels": labels}
            storage.write_tensors(built / f"{part}.safetensors", tensors)
    if both := in_both(*(images for images, _ in parts.values())):
        print(f"note: {RAW}: {both} test images are training images too", file=sys.stderr)
    counts = ", ".join(f"{len(labels)} {part}" for part, (_, labels) in parts.items())
    print(f"{PROCESSED}: images in [-1, 1]: {counts}")


def read(stem: str) -> tuple[Tensor, Tensor]:
    """The raw images, uint8 [N, 28, 28], and labels, int64 [N], of one part."""
    images = idx.read_images(RAW / f"{stem}-images-idx3-ubyte")
    if images.shape[1:] != (idx.SIZE, idx.SIZE):
        raise UserError(f"{RAW}: {stem}: images of {list(images.shape[1:])} pixels; run dvc repro")
    labels = idx.read_labels(RAW / f"{stem}-labels-idx1-ubyte")
    idx.check_counts(images, labels, f"{RAW}: {stem}")
    return images, labels


def check_labels(parts: Sequence[Tensor], count: int) -> None:
    """Raises `UserError` for a label [N] that is none of so many classes."""
    if (highest := max(int(labels.max()) for labels in parts)) >= count:
        raise UserError(f"{RAW}: label {highest}; 0 to {count - 1} expected")


def in_both(train: Tensor, test: Tensor) -> int:
    """How many of the test images, uint8 [M, 28, 28], stand among the training images [N, 28, 28].

    A model that copies its training images would look as if it generated those.
    """
    known = {image.numpy().tobytes() for image in train}
    return sum(image.numpy().tobytes() in known for image in test)


def scaled(images: Tensor) -> Tensor:
    """uint8 [N, 28, 28] -> x / 127.5 - 1 as float32 [N, 1, 28, 28] in [-1, 1]."""
    unit = F.to_dtype(images.unsqueeze(1), torch.float32, scale=True)
    images_in_range: Tensor = F.normalize(unit, mean=[0.5], std=[0.5])
    return images_in_range


if __name__ == "__main__":
    run(main)
