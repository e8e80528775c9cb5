"""Grey images as JPEG files, by Pillow, and what of a file is header."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

MARKER = 2  # bytes of each
START_OF_SCAN = 0xDA


def encode(levels: Tensor, quality: int) -> bytes:
    """A file of an image, uint8 [H, W]; `quality` from 1 to 95 as in Pillow."""
    file = io.BytesIO()
    Image.fromarray(levels.numpy()).save(file, format="JPEG", quality=quality)
    return file.getvalue()


def decode(file: bytes) -> Tensor:
    """The image of a file, uint8 [H, W]."""
    with Image.open(io.BytesIO(file)) as image:
        return torch.from_numpy(np.array(image))


def header_bytes(file: bytes) -> int:
    """Bytes of everything but the image's own data (ITU-T T.81, Annex B).

    The start's marker, all segments up to and with the head of the scan, and the end's marker.
    """
    position = MARKER
    while True:  # the bytes of a marker can occur inside a segment, so each is stepped over
        kind = file[position + 1]
        position += MARKER + int.from_bytes(file[position + MARKER : position + MARKER + 2], "big")
        if kind == START_OF_SCAN:
            return position + MARKER
