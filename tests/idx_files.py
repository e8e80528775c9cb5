"""Four small IDX files, and a repository that wants them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from ganvae.data import idx, sources

# the keys of the block `data` that say how own images are read
CONVERSION: dict[str, Any] = {"test_share": 0.2, "invert": False, "transpose": False}


def made(num: int) -> tuple[bytes, bytes]:
    images = (torch.arange(num * 784) * 7 % 256).to(torch.uint8).reshape(num, 28, 28)
    return idx.encode_images(images), idx.encode_labels((torch.arange(num) % 10).to(torch.uint8))


CONTENTS = dict(zip(sources.FILES, [*made(6), *made(4)], strict=True))
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def in_a_repository(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "mnist") -> None:
    data = {"name": name, "folder": None, **CONVERSION}
    (folder / "params.yaml").write_text(yaml.safe_dump({"data": data}))
    monkeypatch.chdir(folder)


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned checksums of "mnist" become those of `CONTENTS`, and no public mirror is known."""
    pinned = {**sources.CHECKSUMS, "mnist": tuple(CHECKSUMS.values())}
    monkeypatch.setattr(sources, "CHECKSUMS", pinned)
    monkeypatch.setattr(sources, "MIRRORS", {"mnist": (), "fashion_mnist": ()})
    monkeypatch.delenv("GANVAE_MIRROR", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
