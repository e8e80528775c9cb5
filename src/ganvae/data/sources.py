"""Where the images come from: public mirrors, scikit-learn's digits, or the user's own folder.

Whatever the source, the result is the four IDX files of MNIST's names and format, and for a user's
own images `classes.json`, the names of their classes, and `conversion.txt`, what was done to them.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal, Self
from urllib.request import url2pathname

import torch
from pydantic import Field, model_validator
from torch.nn import functional as F

from ganvae.core import storage
from ganvae.core.config import Block
from ganvae.core.imageset import CLASSES_FILE
from ganvae.core.storage import repository
from ganvae.data import idx, mirrors, own
from ganvae.errors import UserError

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "fashion_mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
}

# SHA-256 of the decompressed files, in the order of FILES: gzip's own bytes differ by mirror.
CHECKSUMS = {
    "mnist": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion_mnist": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    "digits": (
        "e5b39229ac08b0d6a777145de4ab0be011919ab1daeaa5806ce7f6570683a6a8",
        "d279e9b4e90c897bf9342de3de0d4cbc8eccebacfb3b0116cf4826c0c8d0be1d",
        "385092276befcde605ffb3eaa68900e4295b2b2d23612ab8bafa7a798cd6f3f3",
        "a601a3ea5c22cf2b9a8b485f6331bb95473b1e6ea7825822080bf9222fa5e6e0",
    ),
}

# where the classes are no digits (Xiao et al. 2017, table 2)
NAMES = {
    "fashion_mnist": (
        "T-shirt/top", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
}  # fmt: skip

TRAIN_IMAGES = {"mnist": 60000, "fashion_mnist": 60000, "digits": 1437}


class DataParams(Block):
    """The block `data`: which images all models are trained and measured on."""

    name: Literal["mnist", "fashion_mnist", "digits", "folder"]
    folder: str | None
    test_share: float = Field(gt=0, lt=1)
    invert: bool
    transpose: bool

    @model_validator(mode="after")
    def _folder_goes_with_its_name(self) -> Self:
        if self.name == "folder" and not self.folder:
            raise ValueError(f"folder = {self.folder!r}: a path is needed where name is folder")
        if self.name == "folder":
            return self
        for key, needed in (("folder", None), ("invert", False), ("transpose", False)):
            if getattr(self, key) != needed:
                wanted = "null" if needed is None else "false"
                raise ValueError(
                    f"{key} = {getattr(self, key)!r}: must be {wanted} unless name is folder "
                    f"(it is {self.name})"
                )
        return self


def write_raw(params: DataParams, folder: Path) -> None:
    """Writes the four decompressed IDX files of `params` into `folder`.

    The environment variable `GANVAE_MIRROR`, a folder or an address, is asked before the public
    mirrors. Relative paths count from the repository's root.

    Raises:
        UserError: no source gives the right content; the line says what each one said.
        OSError: `folder` cannot be written.
    """
    if params.name == "folder":
        _write_own(read_own(params), folder)
        return
    if params.name == "digits":
        contents = _digits()
        for (name, content), checksum in zip(contents.items(), CHECKSUMS["digits"], strict=True):
            mirrors.check(content, checksum, f"scikit-learn's digits as {name}")
    else:
        checksums = dict(zip(FILES, CHECKSUMS[params.name], strict=True))
        mirrors.fetch([*_asked_mirror(), *MIRRORS[params.name]], checksums, folder)
        if names := NAMES.get(params.name):
            storage.write_json(folder / CLASSES_FILE, names)
        return
    for name, content in contents.items():
        storage.write_bytes(folder / name, content)


def _asked_mirror() -> list[mirrors.Mirror]:
    asked = os.environ.get("GANVAE_MIRROR")
    if not asked:
        return []
    if "://" not in asked:
        return [_located(asked)]
    scheme, _, rest = asked.partition("://")
    if scheme.lower() == "file":
        return [Path(url2pathname("/" + rest.partition("/")[2]))]
    if scheme.lower() not in ("http", "https"):
        raise UserError(f"GANVAE_MIRROR={asked}: a folder, or an http, https or file address")
    return [asked]


def _located(path: str) -> Path:
    """A queued experiment runs in a copy of the repository: relative paths mean the original."""
    try:
        return repository() / Path(path).expanduser()
    except RuntimeError as error:  # ~name of no user
        raise UserError(f"{path}: {error}") from None


def read_own(params: DataParams) -> own.Own:
    """The user's images that `params` names. Raises `UserError` if they cannot be used."""
    assert params.folder is not None
    path = _located(params.folder)
    try:
        return own.read(
            path,
            test_share=params.test_share,
            invert=params.invert,
            transpose=params.transpose,
        )
    except mirrors.AbsentError as absent:
        raise UserError(f"{path}: {absent}") from None


def _write_own(found: own.Own, folder: Path) -> None:
    contents = {}
    for stem, part in (("train", "train"), ("t10k", "test")):
        images, labels = found.parts[part]
        contents[f"{stem}-images-idx3-ubyte"] = idx.encode_images(images)
        contents[f"{stem}-labels-idx1-ubyte"] = idx.encode_labels(labels)
    for name, content in contents.items():
        print(f"{name}: SHA-256 {hashlib.sha256(content).hexdigest()}")
        storage.write_bytes(folder / name, content)
    for note in found.notes:
        print(note)
    storage.write_json(folder / CLASSES_FILE, found.names)
    storage.write_text(folder / "conversion.txt", "".join(f"{note}\n" for note in found.notes))


def count_train_images(params: DataParams) -> int:
    """How many training images `params` names; the user's own are read and checked for it.

    Raises:
        UserError: they cannot be used.
    """
    if params.name != "folder":
        return TRAIN_IMAGES[params.name]
    return len(read_own(params).parts["train"][0])


def _digits() -> dict[str, bytes]:
    """scikit-learn's 1,797 digits of 8 x 8 pixels and 17 grey levels, as 28 x 28 and 256 levels.

    Bilinear. Sorted by class, every fifth image is a test image: 360, the rest 1,437 train, with
    the same mixture of classes in both.
    """
    from sklearn.datasets import load_digits  # slow to import, and only this source needs it

    bunch = load_digits()
    labels = torch.as_tensor(bunch.target).to(torch.uint8)
    small = torch.as_tensor(bunch.images, dtype=torch.float64).unsqueeze(1)
    large = F.interpolate(small, size=(idx.SIZE, idx.SIZE), mode="bilinear", align_corners=False)
    # 8 -> 28 pixels has weights in multiples of 1/14 per axis, so 196 x is an integer; from there
    # integers only, because the pinned checksum must not hang on how a machine rounds a half.
    exact = (large.squeeze(1) * 196).round().to(torch.int64)
    images = ((exact * 255 + 1568) // 3136).to(torch.uint8)  # 3136 = 196 * 16; round half up
    test = torch.zeros(len(labels), dtype=torch.bool)
    test[labels.argsort(stable=True)[::5]] = True
    return {
        FILES[0]: idx.encode_images(images[~test]),
        FILES[1]: idx.encode_labels(labels[~test]),
        FILES[2]: idx.encode_images(images[test]),
        FILES[3]: idx.encode_labels(labels[test]),
    }
