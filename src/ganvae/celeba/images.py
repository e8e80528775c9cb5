"""CelebA (Liu et al. 2015): the folder of the published aligned images -> two arrays on the disk.

The images are 202,599 JPEG files, `000001.jpg` and so on, of 178 x 218 pixels in colour. Crop and
size are those of Larsen et al. 2015, which mi2018 follows: 64 x 64 pixels. Its text does not say
what is cropped, its published code does (`dataset/celeba.py` of
andersbll/autoencoding_beyond_pixels): 148 x 148 pixels, 15 from the left and 40 from the top, five
below the centre.

Differs from that code because images are made smaller by Pillow's antialiased bicubic filter
instead of a Gaussian blur and cubic interpolation, and because nothing is augmented.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib.format import write_array_header_1_0
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from ganvae.core import storage
from ganvae.core.config import Block
from ganvae.errors import UserError

PUBLISHED = (178, 218)  # width, height
CROP = (15, 40, 163, 188)  # left, top, right, bottom
SIZE = 64
NAME = re.compile(r"\d{6}\.jpg")

IMAGES = 202_599
LAST = {"train": 162_770, "valid": 182_637, "test": IMAGES}  # number of each part's last image
PARTITION = "list_eval_partition.txt"
PARTS = {"0": "train", "1": "valid", "2": "test"}
TEST_SHARE = 10  # of other folders every tenth image, the last ones, as of the published (9.9 %)


class FacesParams(Block):
    """The block `data`: `folder` is that of the images, usually `img_align_celeba`."""

    name: Literal["celeba"]
    folder: str = Field(min_length=1)


def split(folder: Path) -> tuple[dict[str, list[Path]], str]:
    """Which images are trained on and which are test images, in the order of their names.

    The published partition's file, where it lies beside the folder; else the same partition by
    number where all 202,599 images are there; else, of fewer images, the last tenth for the tests.
    The published validation images (162,771 to 182,637) are left out.

    Returns:
        The files by part, "train" and "test", at least one each; and in words why these.

    Raises:
        UserError: no such folder, no image or anything but images in it, or a partition that does
            not fit them.
    """
    files = _files(folder)
    partition = folder.absolute().parent / PARTITION
    if partition.exists():
        parts, how = _published(partition, files), f"as {partition} says"
    elif len(files) == IMAGES:
        numbers = (int(file.stem) for file in files)
        parts = [next(p for p, last in LAST.items() if number <= last) for number in numbers]
        how = "the published partition, by number"
    else:
        num_test = max(1, len(files) // TEST_SHARE)
        parts = ["train"] * (len(files) - num_test) + ["test"] * num_test
        how = f"the last {num_test} are test images"
    dealt = {
        wanted: [file for file, part in zip(files, parts, strict=True) if part == wanted]
        for wanted in ("train", "test")
    }
    for part, chosen in dealt.items():
        if not chosen:
            raise UserError(f"{folder}: no {part} images among {len(files)}: {how}")
    return dealt, how


def _files(folder: Path) -> list[Path]:
    """The images by name. Hidden files, which systems leave behind, do not count."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in found:
        if not NAME.fullmatch(path.name) or not path.is_file():
            raise UserError(f"{path}: no image of CelebA; files 000001.jpg and so on expected")
        if not 1 <= int(path.stem) <= IMAGES:
            raise UserError(f"{path}: no image of CelebA, which has the numbers 1 to {IMAGES}")
    if not found:
        raise UserError(f"{folder}: no images; files 000001.jpg and so on expected")
    return found


def _published(partition: Path, files: Sequence[Path]) -> list[str]:
    """Each file's part by the lines `000001.jpg 0` of the published list."""
    part_of = {}
    try:
        lines = partition.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{partition}: not text in UTF-8") from None
    for number, line in enumerate(lines, start=1):
        name, _, part = line.strip().partition(" ")
        if part.strip() not in PARTS:
            raise UserError(f"{partition}: line {number}: {line!r}; '000001.jpg 0' to 2 expected")
        part_of[name] = PARTS[part.strip()]
    for file in files:
        if file.name not in part_of:
            raise UserError(f"{partition}: has no line for {file.name}")
    return [part_of[file.name] for file in files]


def read_image(path: Path) -> NDArray[np.uint8]:
    """One published image, cropped and made smaller: uint8 [3, 64, 64].

    Raises:
        UserError: it is damaged, or no RGB JPEG of 178 x 218 pixels.
    """
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            if image.size != PUBLISHED or image.mode != "RGB":
                form = f"{image.size[0]} x {image.size[1]}, {image.mode}"
                raise UserError(f"{path}: {form}; {PUBLISHED[0]} x {PUBLISHED[1]}, RGB expected")
            face = image.crop(CROP)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: damaged image: {error}") from None
    small = face.resize((SIZE, SIZE), Image.Resampling.BICUBIC)  # antialiased where it shrinks
    return np.asarray(small).transpose(2, 0, 1)


def write(files: Sequence[Path], path: Path, report: Callable[[], Any] = lambda: None) -> None:
    """Writes the images as one `.npy` file, uint8 [N, 3, 64, 64], whole or not at all.

    One image at a time is in memory. They are not written through a memory map, where a full disk
    would kill the process instead of raising `OSError`.

    Args:
        files: N published images.
        path: replaced once it is complete.
        report: called after every image.

    Raises:
        UserError: as `read_image`.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(files), 3, SIZE, SIZE)}
    with storage.atomic(path) as written, written.open("wb") as out:
        write_array_header_1_0(out, header)
        for file in files:
            out.write(read_image(file).tobytes())
            report()
