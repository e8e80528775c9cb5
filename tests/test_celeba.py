"""CelebA's images on made ones of their form: reading, parts, refusals."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvae.celeba import images
from ganvae.core import config, imageset
from ganvae.errors import UserError
from stages.check_params import check
from tests import face_files, project
from tests.face_files import HEIGHT, WIDTH, made, plain, save
from tests.project import ROOT


def names(files: list[Path]) -> list[str]:
    return [file.stem.lstrip("0") for file in files]


# Reading


def test_crop_is_148_by_148_pixels_15_from_the_left_and_40_from_the_top(tmp_path: Path) -> None:
    """A red face on a blue ground: nothing blue is left, and one pixel more would show."""
    pixels = plain(0, 0, 255)
    pixels[40:188, 15:163] = (255, 0, 0)
    face = images.read_image(save(tmp_path / "000001.jpg", pixels)).astype(int)
    assert face.shape == (3, 64, 64)
    assert face[0].min() > 200
    assert face[2].max() < 60
    for rows, columns in ((slice(40, 43), slice(15, 163)), (slice(40, 188), slice(160, 163))):
        smaller = pixels.copy()
        smaller[rows, columns] = (0, 0, 255)
        face = images.read_image(save(tmp_path / "000001.jpg", smaller)).astype(int)
        assert face[2].max() > 200


def test_channels_and_axes_are_where_they_belong(tmp_path: Path) -> None:
    pixels = plain(0, 0, 90)
    pixels[:, :, 0] = np.linspace(0, 255, WIDTH)
    pixels[:, :, 1] = np.linspace(0, 255, HEIGHT)[:, None]
    red, green, blue = images.read_image(save(tmp_path / "000001.jpg", pixels)).astype(int)
    left, right, top, bottom = 15 / WIDTH, 163 / WIDTH, 40 / HEIGHT, 188 / HEIGHT
    assert red[32, 0] == pytest.approx(255 * left, abs=6)
    assert red[32, -1] == pytest.approx(255 * right, abs=6)
    assert green[0, 32] == pytest.approx(255 * top, abs=6)
    assert green[-1, 32] == pytest.approx(255 * bottom, abs=6)
    assert abs(blue - 90).max() < 6


def test_fine_patterns_become_grey_instead_of_coarse_ones(tmp_path: Path) -> None:
    """Antialiasing: every second column is white, of which every third pixel would be a mixture."""
    pixels = plain(0, 0, 0)
    pixels[:, ::2] = 255
    face = images.read_image(save(tmp_path / "000001.jpg", pixels)).astype(int)
    assert abs(face - 127.5).max() < 40


def test_images_are_written_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "img_align_celeba"
    for number in (7, 2, 9, 1, 20, 11):
        save(folder / f"{number:06}.jpg", plain(10 * number, 10 * number, 10 * number))
    (folder / ".DS_Store").write_bytes(b"")
    parts, how = images.split(folder)
    assert {part: names(files) for part, files in parts.items()} == {
        "train": ["1", "2", "7", "9", "11"],
        "test": ["20"],
    }
    assert how == "the last 1 are test images"
    images.write(parts["train"], tmp_path / "train.npy")
    written = imageset.Streamed(tmp_path / "train.npy", torch.device("cpu"))
    assert written.shape == (5, 3, 64, 64)
    levels = imageset.quantise(written[:]).float().mean(dim=(1, 2, 3))
    torch.testing.assert_close(levels, torch.tensor([10, 20, 70, 90, 110.0]), atol=2, rtol=0)
    assert written[:].min() >= -1
    assert written[:].max() <= 1


def test_one_image_at_a_time_is_in_memory(tmp_path: Path) -> None:
    first = save(tmp_path / "faces" / "000001.jpg", plain(1, 2, 3))
    files = [first]
    for number in range(2, 401):
        files.append(first.with_name(f"{number:06}.jpg"))
        os.link(first, files[-1])
    images.write(files[:2], tmp_path / "warm.npy")
    tracemalloc.start()
    images.write(files, tmp_path / "all.npy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = (tmp_path / "all.npy").stat().st_size
    assert size == 128 + 400 * 3 * 64 * 64
    assert peak < size / 4


# Training and test images


def test_published_partition_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(images.LAST[p] for p in ("train", "test")) == 162_770 + 202_599
    monkeypatch.setattr(images, "IMAGES", 10)
    monkeypatch.setattr(images, "LAST", {"train": 6, "valid": 8, "test": 10})
    folder = tmp_path / "img_align_celeba"
    folder.mkdir()
    for number in range(1, 11):
        (folder / f"{number:06}.jpg").touch()
    parts, how = images.split(folder)
    assert how == "the published partition, by number"
    assert names(parts["train"]) == ["1", "2", "3", "4", "5", "6"]
    assert names(parts["test"]) == ["9", "10"]
    (folder / "000010.jpg").unlink()
    parts, how = images.split(folder)
    assert how == "the last 1 are test images"
    assert [len(files) for files in parts.values()] == [8, 1]


def test_published_partition_by_its_file(tmp_path: Path) -> None:
    folder = made(tmp_path / "img_align_celeba", 5)
    lines = ["000001.jpg 2", "000002.jpg 1", "000003.jpg 0", "000004.jpg 2", "000005.jpg 0"]
    partition = tmp_path / "list_eval_partition.txt"
    partition.write_text("\n".join([*lines, "000006.jpg 0"]) + "\n")
    parts, how = images.split(folder)
    assert str(partition) in how
    assert {part: names(files) for part, files in parts.items()} == {
        "train": ["3", "5"],
        "test": ["1", "4"],
    }
    for text, line in (
        ("\n".join(lines[:4]), "has no line for 000005.jpg"),
        ("\n".join([*lines, "000006.jpg 3"]), r"line 6: '000006.jpg 3'; '000001.jpg 0' to 2"),
        ("\n".join(lines).replace(" 2", " 0"), "no test images among 5"),
    ):
        partition.write_text(text)
        with pytest.raises(UserError, match=line):
            images.split(folder)


# Refusals


def test_folders_without_the_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none: no such folder"):
        images.split(tmp_path / "none")
    folder = tmp_path / "img_align_celeba"
    folder.mkdir()
    with pytest.raises(UserError, match=r"celeba: no images; files 000001.jpg"):
        images.split(folder)
    made(folder, 1)
    with pytest.raises(UserError, match="no train images among 1"):
        images.split(folder)
    for name in ("1.jpg", "000001.png", "notes.txt", "0000012.jpg"):
        (folder / name).touch()
        with pytest.raises(UserError, match=f"{name}: no image of CelebA; files 000001.jpg"):
            images.split(folder)
        (folder / name).unlink()
    (folder / "000002.jpg").mkdir()  # as where the archive was unpacked into itself
    with pytest.raises(UserError, match=r"000002.jpg: no image of CelebA"):
        images.split(folder)
    (folder / "000002.jpg").rmdir()
    (folder / "202600.jpg").touch()
    with pytest.raises(UserError, match=r"202600.jpg: .* the numbers 1 to 202599"):
        images.split(folder)


def test_damaged_and_other_images_are_refused(tmp_path: Path) -> None:
    path = face_files.made(tmp_path, 1) / "000001.jpg"
    whole = path.read_bytes()
    for content in (b"", b"no image at all", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"000001.jpg: damaged image: "):
            images.read_image(path)
    save(path, plain(1, 2, 3)[:, :170])
    with pytest.raises(UserError, match=r"170 x 218, RGB; 178 x 218, RGB expected"):
        images.read_image(path)
    Image.new("L", (WIDTH, HEIGHT)).save(path, "JPEG")
    with pytest.raises(UserError, match=r"178 x 218, L; 178 x 218, RGB expected"):
        images.read_image(path)
    Image.new("RGB", (WIDTH, HEIGHT)).save(path, "PNG")
    with pytest.raises(UserError, match=r"damaged image: cannot identify"):
        images.read_image(path)


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    folder = made(tmp_path / "faces", 3)
    files = images.split(folder)[0]["train"]
    images.write(files, tmp_path / "out" / "train.npy")
    before = project.contents(tmp_path / "out")
    files[1].write_bytes(files[1].read_bytes()[:3000])
    with pytest.raises(UserError, match=r"000002.jpg: damaged"):
        images.write(files, tmp_path / "out" / "train.npy")
    assert project.contents(tmp_path / "out") == before


def test_the_main_pipeline_says_where_celeba_is_trained_on() -> None:
    values = config.load(ROOT / "params.yaml")
    asked = {**values, "data": {"name": "celeba", "folder": "faces"}}
    with pytest.raises(UserError, match=r"data.name = 'celeba': .* papers/celeba trains on CelebA"):
        check(asked)
    networks = {**values["networks"], "architecture": "larsen2015"}
    with pytest.raises(UserError, match=r"'larsen2015': is for images of \[3, 64, 64\]"):
        check({**values, "networks": networks})
