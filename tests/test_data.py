"""The IDX format, the scaling to [-1, 1] and what training reads."""

import gzip
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvae.core import imageset, storage
from ganvae.data import idx
from ganvae.errors import UserError
from stages import preprocess

ROOT = Path(__file__).resolve().parents[1]


def made(num: int) -> tuple[torch.Tensor, torch.Tensor]:
    images = (torch.arange(num * 784) % 256).to(torch.uint8).reshape(num, 28, 28)
    return images, (torch.arange(num) % 10).to(torch.uint8)


def write_raw(folder: Path, train: int = 7, test: int = 4) -> None:
    for stem, num in (("train", train), ("t10k", test)):
        images, labels = made(num)
        storage.write_bytes(folder / f"{stem}-images-idx3-ubyte", idx.encode_images(images))
        storage.write_bytes(folder / f"{stem}-labels-idx1-ubyte", idx.encode_labels(labels))


def one_line(error: pytest.ExceptionInfo[UserError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**31))
def test_reading_undoes_writing(num: int, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (num, 28, 28), dtype=torch.uint8, generator=rng)
    labels = torch.randint(0, 10, (num,), dtype=torch.uint8, generator=rng)
    assert torch.equal(idx.decode_images(idx.encode_images(images), "x"), images)
    assert torch.equal(idx.decode_labels(idx.encode_labels(labels), "x"), labels)


def test_the_bytes_are_those_of_the_format() -> None:
    images, labels = made(2)
    assert idx.encode_images(images)[:18].hex() == "00000803000000020000001c0000001c0001"
    assert idx.encode_labels(labels).hex() == "00000801000000020001"


def test_a_view_is_encoded_in_its_own_order() -> None:
    images, _ = made(3)
    turned = images.transpose(1, 2)
    assert torch.equal(idx.decode_images(idx.encode_images(turned), "x"), turned)


GOOD_IMAGES = idx.encode_images(made(3)[0])
GOOD_LABELS = idx.encode_labels(made(3)[1])

MALFORMED_IMAGES = {
    "empty": (b"", "empty file"),
    "half a header": (GOOD_IMAGES[:10], "truncated: 10 bytes"),
    "truncated": (GOOD_IMAGES[:-1], "truncated: 2367 bytes; 2368 expected"),
    "trailing": (GOOD_IMAGES + b"\0", "trailing bytes: 2369 bytes; 2368 expected"),
    "labels": (GOOD_LABELS + b"\0" * 20, "magic number 2049; 2051"),
    "little-endian": (struct.pack("<4I", 2051, 3, 28, 28) + b"\0" * 2352, "magic number"),
    "no pixels": (struct.pack(">4I", 2051, 3, 0, 28), "images of 0 x 28 pixels"),
    "no images": (struct.pack(">4I", 2051, 0, 28, 28), "holds no items"),
    "absurd count": (struct.pack(">4I", 2051, 2**32 - 1, 28, 28), "truncated"),
    "compressed": (gzip.compress(GOOD_IMAGES), "magic number"),
}
MALFORMED_LABELS = {
    "empty": (b"", "empty file"),
    "half a header": (GOOD_LABELS[:7], "truncated: 7 bytes"),
    "truncated": (GOOD_LABELS[:-1], "truncated: 10 bytes; 11 expected"),
    "trailing": (GOOD_LABELS + b"\0", "trailing bytes: 12 bytes; 11 expected"),
    "images": (GOOD_IMAGES, "magic number 2051; 2049"),
    "no labels": (struct.pack(">2I", 2049, 0), "holds no items"),
    "wide and truncated": (struct.pack(">2I", 3073, 2) + b"\0" * 7, "truncated: 15 bytes; 16"),
}


@pytest.mark.parametrize("case", MALFORMED_IMAGES)
def test_malformed_images_are_named(case: str, tmp_path: Path) -> None:
    content, fault = MALFORMED_IMAGES[case]
    path = tmp_path / "some-images"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        idx.read_images(path)
    assert one_line(error).startswith(f"{path}: ")
    assert fault in str(error.value)


@pytest.mark.parametrize("case", MALFORMED_LABELS)
def test_malformed_labels_are_named(case: str, tmp_path: Path) -> None:
    content, fault = MALFORMED_LABELS[case]
    path = tmp_path / "some-labels"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        idx.read_labels(path)
    assert one_line(error).startswith(f"{path}: ")
    assert fault in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing: no such file"):
        idx.read_images(tmp_path / "nothing")


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_damaged_gzip_is_named(cut: int) -> None:
    packed = gzip.compress(GOOD_IMAGES)
    assert idx.unpack(packed, "x", 10_000) == GOOD_IMAGES
    with pytest.raises(UserError, match="x: damaged gzip"):
        idx.unpack(packed[:-cut], "x", 10_000)
    with pytest.raises(UserError, match="x: damaged gzip"):
        idx.unpack(packed[:-cut] + b"\xff" * cut, "x", 10_000)
    with pytest.raises(UserError, match="x: damaged gzip"):
        idx.unpack(packed[:10] + b"\xff" * cut + packed[10 + cut :], "x", 10_000)


def test_the_size_limit_holds_compressed_or_not() -> None:
    content = b"\0" * 1000
    for packed in (content, gzip.compress(content)):
        assert idx.unpack(packed, "x", 1000) == content
        with pytest.raises(UserError, match="more than 999 bytes"):
            idx.unpack(packed, "x", 999)


def test_preprocess_scales_to_exactly_minus_one_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_raw(Path("data/raw"))
    preprocess.main()
    assert capsys.readouterr().out.count("\n") == 1
    for part, num in (("train", 7), ("test", 4)):
        raw_images, raw_labels = made(num)
        images, labels = imageset.load(Path(f"data/processed/{part}.safetensors"))
        assert (images.dtype, images.shape) == (torch.float32, (num, 1, 28, 28))
        assert (images.min().item(), images.max().item()) == (-1.0, 1.0)
        expected = raw_images.unsqueeze(1).double() / 127.5 - 1
        # three roundings of float32 near 1: 6e-8 each
        assert (images - expected).abs().max().item() < 2e-7
        assert torch.equal(((images + 1) * 127.5).round().to(torch.uint8).squeeze(1), raw_images)
        assert labels.dtype == torch.int64
        assert torch.equal(labels, raw_labels.long())


def test_preprocess_refuses_counts_that_disagree_and_keeps_earlier_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_raw(Path("data/raw"))
    preprocess.main()
    before = {p: p.read_bytes() for p in Path("data/processed").iterdir()}
    storage.write_bytes(Path("data/raw/train-images-idx3-ubyte"), idx.encode_images(made(9)[0]))
    storage.write_bytes(Path("data/raw/t10k-labels-idx1-ubyte"), GOOD_LABELS)
    with pytest.raises(UserError, match="train: 9 images but 7 labels"):
        preprocess.main()
    storage.write_bytes(Path("data/raw/train-labels-idx1-ubyte"), idx.encode_labels(made(9)[1]))
    with pytest.raises(UserError, match="t10k: 4 images but 3 labels"):
        preprocess.main()
    assert {p: p.read_bytes() for p in Path("data/processed").iterdir()} == before


def test_preprocess_refuses_labels_beyond_the_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten digits where nothing names other classes."""
    monkeypatch.chdir(tmp_path)
    write_raw(Path("data/raw"))
    eleven = idx.encode_labels(torch.arange(7) + 4)
    storage.write_bytes(Path("data/raw/train-labels-idx1-ubyte"), eleven)
    with pytest.raises(UserError, match="label 10; 0 to 9 expected"):
        preprocess.main()
    assert not preprocess.PROCESSED.exists()
    storage.write_json(Path("data/raw/classes.json"), list("abcdefghijk"))
    preprocess.main()
    assert imageset.classes(preprocess.PROCESSED).names == tuple("abcdefghijk")


def test_images_of_both_parts_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_raw(Path("data/raw"))  # the test images are the first four training images
    preprocess.main()
    said = "note: data/raw: 4 test images are training images too\n"
    assert capsys.readouterr().err == said


def test_preprocess_refuses_images_of_another_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_raw(Path("data/raw"))
    large = idx.encode_images(torch.zeros(7, 32, 28, dtype=torch.uint8))
    storage.write_bytes(Path("data/raw/train-images-idx3-ubyte"), large)
    with pytest.raises(UserError, match=r"train: images of \[32, 28\] pixels"):
        preprocess.main()


def test_the_stage_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    write_raw(tmp_path / "data/raw")
    path = tmp_path / "data/raw/t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    ended = subprocess.run(
        [sys.executable, "-m", "stages.preprocess"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "error: data/raw/t10k-images-idx3-ubyte: truncated: 3147 bytes; 3152 expected for the 4"
        " items that its header names\n"
    )
    assert not (tmp_path / "data/processed").exists()


IMAGES, LABELS = torch.zeros(3, 1, 28, 28), torch.tensor([0, 9, 1])
REFUSED = {
    "other names": ({"images": IMAGES, "digits": LABELS}, "holds digits, images"),
    "float64": ({"images": IMAGES.double(), "labels": LABELS}, "images: torch.float64"),
    "no channel": ({"images": IMAGES[:, 0], "labels": LABELS}, r"images: .*\[3, 28, 28\]"),
    "32-bit labels": ({"images": IMAGES, "labels": LABELS.int()}, "labels: torch.int32"),
    "fewer labels": ({"images": IMAGES, "labels": LABELS[:2]}, "images: .*[2, 1, 28, 28].* exp"),
    "scalar labels": ({"images": IMAGES, "labels": LABELS[0]}, "expected"),
    "none": ({"images": IMAGES[:0], "labels": LABELS[:0]}, "holds no images"),
    "over 1": ({"images": IMAGES + 1.01, "labels": LABELS}, "images: values from 1.01"),
    "under -1": ({"images": IMAGES - 1.01, "labels": LABELS}, "images: values from -1.01"),
    "NaN": ({"images": IMAGES.log() * 0, "labels": LABELS}, "images: values from nan"),
    "absurd": ({"images": IMAGES, "labels": LABELS + 2**31}, "labels: values from 2.*e"),
    "label -1": ({"images": IMAGES, "labels": LABELS - 1}, "labels: values from -1 to 8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_load_refuses(case: str, tmp_path: Path) -> None:
    tensors, fault = REFUSED[case]
    path = tmp_path / "train.safetensors"
    storage.write_tensors(path, tensors)
    with pytest.raises(UserError, match=fault) as error:
        imageset.load(path)
    assert one_line(error).startswith(f"{path}: ")


def test_load_refuses_a_missing_and_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "train.safetensors"
    with pytest.raises(UserError, match="no such file"):
        imageset.load(path)
    storage.write_tensors(path, {"images": IMAGES, "labels": LABELS})
    assert torch.equal(imageset.load(path)[1], LABELS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="damaged tensor file"):
        imageset.load(path)
