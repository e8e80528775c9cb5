"""The IDX format of MNIST: a big-endian header (magic number, sizes), then the items.

Format: LeCun, Cortes & Burges, "The MNIST database". Grey images of unsigned bytes (magic 2051), a
user's own in colour too (magic 2052), and labels of unsigned bytes (magic 2049) or, where there are
more than 256 classes, of 32-bit integers (magic 3073). QMNIST's labels are a table of 32-bit
integers (magic 3074) whose first column is the class.
"""

import gzip
import io
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganvae.errors import UserError

IMAGES_MAGIC = 0x00000803  # unsigned bytes, three dimensions
COLOUR_MAGIC = 0x00000804  # unsigned bytes, four dimensions: the last is the channel
LABELS_MAGIC = 0x00000801  # unsigned bytes, one dimension
WIDE_LABELS_MAGIC = 0x00000C01  # 32-bit integers, one dimension
TABLE_MAGIC = 0x00000C02  # 32-bit integers, two dimensions
SIZE = 28
BYTE = 256


def read_images(path: Path) -> Tensor:
    """Reads uint8 [N, H, W] from an IDX file, N >= 1. Raises `UserError` if it is malformed."""
    return decode_images(_read(path), str(path))


def read_labels(path: Path) -> Tensor:
    """Reads int64 [N] from an IDX file, N >= 1. Raises `UserError` if it is malformed."""
    return decode_labels(_read(path), str(path))


def decode_images(content: bytes, source: str) -> Tensor:
    """The images of an IDX file's `content` as uint8 [N, H, W].

    Raises:
        UserError: it is empty, truncated or too long, or no image file; the line starts with
            `source`.
    """
    return _images(content, source, {IMAGES_MAGIC: 3})[..., 0]


def decode_pictures(content: bytes, source: str) -> Tensor:
    """As `decode_images`, and in colour: uint8 [N, C, H, W], C = 1 or 3, stored pixel by pixel."""
    return _images(content, source, {IMAGES_MAGIC: 3, COLOUR_MAGIC: 4}).permute(0, 3, 1, 2)


def _images(content: bytes, source: str, known: Mapping[int, int]) -> Tensor:
    """uint8 [N, H, W, C] of a file with one of these magic numbers."""
    num, height, width, *channels = _header(content, source, known, "images")
    if channels and channels[0] not in (1, 3):
        raise UserError(f"{source}: {channels[0]} channels; 1 (grey) or 3 (RGB) expected")
    shape = (height, width, *(channels or [1]))
    if not math.prod(shape):
        raise UserError(f"{source}: images of {' x '.join(map(str, shape[:2]))} pixels")
    body = _body(content, source, 16 + 4 * len(channels), num, math.prod(shape))
    return torch.frombuffer(bytearray(body), dtype=torch.uint8).reshape(num, *shape)


def decode_labels(content: bytes, source: str) -> Tensor:
    """The labels of an IDX file's `content` as int64 [N].

    Raises:
        UserError: it is empty, truncated or too long, or no label file; the line starts with
            `source`.
    """
    known = {LABELS_MAGIC: 1, WIDE_LABELS_MAGIC: 1, TABLE_MAGIC: 2}
    num, *columns = _header(content, source, known, "labels")
    if columns == [0]:
        raise UserError(f"{source}: a table without columns")
    wide = struct.unpack(">I", content[:4])[0] != LABELS_MAGIC
    width = columns[0] if columns else 1
    body = _body(content, source, 8 + 4 * len(columns), num, width * (4 if wide else 1))
    table = np.frombuffer(body, dtype=">i4" if wide else "u1").reshape(num, width)
    return torch.from_numpy(table[:, 0].astype(np.int64))


def check_counts(images: Tensor, labels: Tensor, source: str) -> None:
    """Raises `UserError` unless there are as many labels as images."""
    if len(images) != len(labels):
        raise UserError(f"{source}: {len(images)} images but {len(labels)} labels")


def encode_images(images: Tensor) -> bytes:
    """The IDX file of `images`, uint8 [N, H, W]."""
    assert images.dtype == torch.uint8
    return struct.pack(">4I", IMAGES_MAGIC, *images.shape) + images.numpy().tobytes()


def encode_labels(labels: Tensor) -> bytes:
    """The IDX file of `labels`, integers >= 0 [N]: bytes, or 32-bit integers where one exceeds 255.

    The same labels always give the same bytes.
    """
    assert labels.ndim == 1
    wide = len(labels) > 0 and int(labels.max()) >= BYTE
    body = labels.numpy().astype(">i4" if wide else "u1").tobytes()
    return struct.pack(">2I", WIDE_LABELS_MAGIC if wide else LABELS_MAGIC, len(labels)) + body


def unpack(content: bytes, source: str, limit: int) -> bytes:
    """`content` decompressed where it is gzip, which its first bytes tell, else as it is.

    Arguments:
        limit: the most bytes the result may have: a few kilobytes of gzip can hold gigabytes.

    Raises:
        UserError: damaged gzip, or more than `limit` bytes; the line starts with `source`.
    """
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(limit + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"{source}: damaged gzip file: {error}") from None
    if len(content) > limit:
        raise UserError(f"{source}: more than {limit} bytes of content")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None


def _header(content: bytes, source: str, magic: Mapping[int, int], kind: str) -> tuple[int, ...]:
    """The sizes in the header; `magic` has the accepted magic numbers with their dimensions."""
    if not content:
        raise UserError(f"{source}: empty file")
    if len(content) < 8:
        raise UserError(f"{source}: truncated: {len(content)} bytes, less than a header")
    (found,) = struct.unpack(">I", content[:4])
    if found not in magic:
        expected = " or ".join(str(number) for number in magic)
        raise UserError(f"{source}: magic number {found}; {expected} (IDX {kind}) expected")
    length = 4 * (1 + magic[found])
    if len(content) < length:
        raise UserError(f"{source}: truncated: {len(content)} bytes, less than a header")
    return struct.unpack(f">{magic[found]}I", content[4:length])


def _body(content: bytes, source: str, start: int, num: int, item: int) -> bytes:
    if num == 0:
        raise UserError(f"{source}: holds no items")
    expected, found = start + num * item, len(content)
    if found != expected:
        fault = "truncated" if found < expected else "trailing bytes"
        raise UserError(
            f"{source}: {fault}: {found} bytes; {expected} expected for the {num} items that its"
            " header names"
        )
    return content[start:]
