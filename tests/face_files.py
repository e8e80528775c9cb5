"""Made images of the form of CelebA's: colour JPEG files of 178 x 218 pixels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 178, 218


def save(path: Path, pixels: NDArray[Any]) -> Path:
    """Writes uint8 [H, W, 3] nearly without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path, "JPEG", quality=95, subsampling=0)
    return path


def plain(*colour: int) -> NDArray[np.uint8]:
    """An image of one colour, red, green and blue in 0..255."""
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def made(folder: Path, num: int) -> Path:
    """`num` images of random soft blotches, 000001.jpg and so on."""
    generator = np.random.default_rng(5)
    for number in range(1, num + 1):
        coarse = Image.fromarray(generator.integers(0, 256, (5, 4, 3), dtype=np.uint8))
        soft = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
        save(folder / f"{number:06}.jpg", soft)
    return folder
