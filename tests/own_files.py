"""Small made image sets in the forms in which users have theirs."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SHAPES = ("circle", "cross", "square")


def shape(name: str, stream: np.random.Generator, size: int = 40) -> Image.Image:
    """A dark shape on white, uint8, at a place and of a size of its own."""
    drawn = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(drawn)
    half = int(stream.integers(size // 5, size // 3))
    x, y = (int(stream.integers(half + 2, size - half - 2)) for _ in range(2))
    box = (x - half, y - half, x + half, y + half)
    if name == "circle":
        pen.ellipse(box, outline=0, width=3)
    elif name == "square":
        pen.rectangle(box, outline=0, width=3)
    else:
        pen.line((x - half, y, x + half, y), fill=0, width=3)
        pen.line((x, y - half, x, y + half), fill=0, width=3)
    return drawn


def write_shapes(folder: Path, each: int, names: tuple[str, ...] = SHAPES, seed: int = 0) -> Path:
    """PNG files of shapes in a folder per class."""
    stream = np.random.default_rng(seed)
    for name in names:
        (folder / name).mkdir(parents=True)
        for i in range(each):
            shape(name, stream).save(folder / name / f"{i}.png")
    return folder


def levels(count: int, shape: tuple[int, ...] = (28, 28), seed: int = 0) -> NDArray[np.uint8]:
    """Random levels uint8 [count, *shape]."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)
