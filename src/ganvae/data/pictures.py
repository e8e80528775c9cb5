"""Pictures of any size and colour as the 28 x 28 grey images of the pipeline."""

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from ganvae.data.idx import SIZE
from ganvae.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 2**26  # of one picture; a few kilobytes can unpack to gigabytes
BRIGHT = 127.5
FROM_16_BITS = "of 16 bits made 8"


def ground(invert: bool) -> int:
    """The level of transparent pixels: what is the background of the images that come out, black.

    Args:
        invert: whether dark and light are exchanged afterwards.
    """
    return 255 if invert else 0


def grey(levels: Tensor, *, invert: bool, transpose: bool, done: Counter[str]) -> Tensor:
    """Pictures of one size as grey images of 28 x 28 pixels.

    Colours become luminance (ITU-R BT.601), an oblong picture is laid onto a square of the median
    level of its border, and other sizes are resampled (bilinear, antialiased).

    Args:
        levels: uint8 [N, C, H, W], C = 1 or 3.
        invert: whether dark and light are exchanged.
        transpose: whether rows and columns are exchanged, as EMNIST's files need it.
        done: counts what was done, by its words.

    Returns:
        uint8 [N, 28, 28]; unchanged where they were such images before.
    """
    # it takes as long to import as torch, and other images than a user's own need it not
    from torchvision.transforms.v2 import functional as F

    num, channels, height, width = levels.shape
    if channels == 3:  # in floats: of integers torchvision cuts the fraction off
        weighted = F.rgb_to_grayscale(levels.float(), num_output_channels=1)
        levels = weighted.round().to(torch.uint8)
        done["in colour made grey"] += num
    if transpose:
        levels = levels.transpose(2, 3)
        done["transposed"] += num
    if invert:
        levels = 255 - levels
        done["inverted"] += num
    if (height, width) != (SIZE, SIZE):
        done[f"of other sizes made {SIZE} x {SIZE}, bilinear and antialiased"] += num
        square = torch.stack([_squared(image) for image in levels[:, 0]]).unsqueeze(1)
        resized = F.resize(square.float(), [SIZE, SIZE], antialias=True)
        levels = resized.round().clamp(0, 255).to(torch.uint8)
    return levels[:, 0].contiguous()


def _squared(image: Tensor) -> Tensor:
    """uint8 [H, W] in the middle of a square of its border's median level."""
    height, width = image.shape
    if height == width:
        return image
    side = max(height, width)
    level = int(_border(image).median())
    square = torch.full((side, side), level, dtype=torch.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = image
    return square


def _border(image: Tensor) -> Tensor:
    return torch.cat([image[0], image[-1], image[:, 0], image[:, -1]])


def dark_on_light(images: Tensor) -> bool:
    """Whether most of the images, uint8 [N, 28, 28], have a border that is light."""
    borders = torch.stack([_border(image).float().mean() for image in images])
    return float((borders > BRIGHT).float().mean()) > 0.5


def read(path: Path, done: Counter[str], ground: int = 0) -> Tensor:
    """A PNG or JPEG file as uint8 [1, C, H, W], C = 1 or 3.

    Args:
        path: the file.
        done: counts what was done, by its words.
        ground: the level below transparent pixels.

    Raises:
        UserError: it is no such file, damaged, or the square around it has more than `MAX_PIXELS`
            pixels.
    """
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as opened:
            size = opened.width, opened.height
            if max(size) ** 2 <= MAX_PIXELS:
                return _levels(ImageOps.exif_transpose(opened), done, ground).unsqueeze(0)
    except Exception as error:  # Pillow's own, of many kinds
        said = " ".join(str(error).replace(f"{str(path)!r}", "it").split()) or type(error).__name__
        raise UserError(f"{path}: no PNG or JPEG image that can be read: {said}") from None
    raise UserError(f"{path}: {size[0]} x {size[1]} pixels: too large a picture")


def _levels(picture: Image.Image, done: Counter[str], ground: int) -> Tensor:
    if picture.mode.startswith("I"):  # 16 bits, of which the upper half counts
        done[FROM_16_BITS] += 1
        return of_16_bits(np.asarray(picture).astype(np.uint16)).unsqueeze(0)
    if picture.mode in ("LA", "RGBA", "PA") or "transparency" in picture.info:
        done[f"with transparency laid on {'white' if ground else 'black'}"] += 1
        coloured = picture.convert("RGBA")
        below = Image.new("RGBA", coloured.size, (ground, ground, ground, 255))
        picture = Image.alpha_composite(below, coloured).convert("RGB")
    elif picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    levels = torch.from_numpy(np.array(picture))
    return levels.unsqueeze(0) if levels.dim() == 2 else levels.permute(2, 0, 1)


def of_16_bits(levels: NDArray[np.uint16]) -> Tensor:
    """uint16 levels, full scale 65,535, as uint8 of the same shape."""
    return torch.from_numpy(np.round(levels.astype(np.float64) / 257).astype(np.uint8))
