"""Stage `preprocess`: data/raw/ (IDX) -> data/processed/{train,test}.safetensors.

Each file holds `images`, float32 [N, 1, 28, 28] in [-1, 1], and `labels`, int64 [N].
"""

from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from ganvae.core import storage
from ganvae.data import idx
from ganvae.errors import run

RAW = Path("data/raw")
PROCESSED = Path("data/processed")
STEMS = {"train": "train", "test": "t10k"}


def main() -> None:
    """Reads and checks both parts before it writes the first."""
    parts = {part: read(stem) for part, stem in STEMS.items()}
    for part, (images, labels) in parts.items():
        tensors = {"images": scaled(images), "labels": labels.to(torch.int64)}
        storage.write_tensors(PROCESSED / f"{part}.safetensors", tensors)
    counts = ", ".join(f"{len(labels)} {part}" for part, (_, labels) in parts.items())
    print(f"{PROCESSED}: images in [-1, 1]: {counts}")


def read(stem: str) -> tuple[Tensor, Tensor]:
    """The raw images, uint8 [N, 28, 28], and labels, uint8 [N], of one part."""
    images = idx.read_images(RAW / f"{stem}-images-idx3-ubyte")
    labels = idx.read_labels(RAW / f"{stem}-labels-idx1-ubyte")
    idx.check_counts(images, labels, f"{RAW}: {stem}")
    return images, labels


def scaled(images: Tensor) -> Tensor:
    """uint8 [N, 28, 28] -> x / 127.5 - 1 as float32 [N, 1, 28, 28] in [-1, 1]."""
    unit = F.to_dtype(images.unsqueeze(1), torch.float32, scale=True)
    images_in_range: Tensor = F.normalize(unit, mean=[0.5], std=[0.5])
    return images_in_range


if __name__ == "__main__":
    run(main)
