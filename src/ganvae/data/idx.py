"""The IDX format of MNIST: a big-endian header (magic number, sizes), then unsigned bytes.

Format: LeCun, Cortes & Burges, "The MNIST database". Only 28 x 28 grey images (magic 2051) and
labels 0 to 9 (magic 2049) are accepted here.
"""

import gzip
import io
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

from ganvae.errors import UserError

IMAGES_MAGIC = 0x00000803  # unsigned bytes, three dimensions
LABELS_MAGIC = 0x00000801  # unsigned bytes, one dimension
SIZE = 28
CLASSES = 10


def read_images(path: Path) -> Tensor:
    """Reads uint8 [N, 28, 28] from an IDX file, N >= 1. Raises `UserError` if it is malformed."""
    return decode_images(_read(path), str(path))


def read_labels(path: Path) -> Tensor:
    """Reads uint8 [N] in 0..9 from an IDX file, N >= 1. Raises `UserError` if it is malformed."""
    return decode_labels(_read(path), str(path))


def decode_images(content: bytes, source: str) -> Tensor:
    """The images of an IDX file's `content` as uint8 [N, 28, 28].

    Raises:
        UserError: it is empty, truncated or too long, no image file, or its images are not
            28 x 28; the line starts with `source`.
    """
    num, height, width = _header(content, source, IMAGES_MAGIC, 3)
    if (height, width) != (SIZE, SIZE):
        raise UserError(f"{source}: images of {height} x {width} pixels; {SIZE} x {SIZE} expected")
    return _body(content, source, 16, num, SIZE * SIZE).reshape(num, SIZE, SIZE)


def decode_labels(content: bytes, source: str) -> Tensor:
    """The labels of an IDX file's `content` as uint8 [N] in 0..9.

    Raises:
        UserError: it is empty, truncated or too long, no label file, or a label exceeds 9; the
            line starts with `source`.
    """
    (num,) = _header(content, source, LABELS_MAGIC, 1)
    labels = _body(content, source, 8, num, 1)
    if int(labels.max()) >= CLASSES:
        raise UserError(f"{source}: label {int(labels.max())}; 0 to {CLASSES - 1} expected")
    return labels


def check_counts(images: Tensor, labels: Tensor, source: str) -> None:
    """Raises `UserError` unless there are as many labels as images."""
    if len(images) != len(labels):
        raise UserError(f"{source}: {len(images)} images but {len(labels)} labels")


def encode_images(images: Tensor) -> bytes:
    """The IDX file of `images`, uint8 [N, 28, 28]."""
    assert images.dtype == torch.uint8
    assert images.shape[1:] == (SIZE, SIZE)
    return struct.pack(">4I", IMAGES_MAGIC, *images.shape) + images.numpy().tobytes()


def encode_labels(labels: Tensor) -> bytes:
    """The IDX file of `labels`, uint8 [N]."""
    assert labels.dtype == torch.uint8
    assert labels.ndim == 1
    return struct.pack(">2I", LABELS_MAGIC, len(labels)) + labels.numpy().tobytes()


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


def _header(content: bytes, source: str, magic: int, dimensions: int) -> tuple[int, ...]:
    length = 4 * (1 + dimensions)
    if not content:
        raise UserError(f"{source}: empty file")
    if len(content) < length:
        raise UserError(f"{source}: truncated: {len(content)} bytes, less than a header")
    found, *sizes = struct.unpack(f">{1 + dimensions}I", content[:length])
    if found != magic:
        kind = "images" if magic == IMAGES_MAGIC else "labels"
        raise UserError(f"{source}: magic number {found}; {magic} (IDX {kind}) expected")
    return tuple(sizes)


def _body(content: bytes, source: str, start: int, num: int, item: int) -> Tensor:
    if num == 0:
        raise UserError(f"{source}: holds no items")
    expected, found = start + num * item, len(content)
    if found != expected:
        fault = "truncated" if found < expected else "trailing bytes"
        raise UserError(
            f"{source}: {fault}: {found} bytes; {expected} expected for the {num} items that its"
            " header names"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start)
