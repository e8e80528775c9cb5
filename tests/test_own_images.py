"""Reading a user's own images, in every form, and refusing what cannot be used."""

import gzip
import os
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganvae.data import forms, idx, npz, own, pictures
from ganvae.data.own import Own
from ganvae.errors import UserError
from tests.own_files import SHAPES, levels, write_shapes


def read(path: Path, **changes: Any) -> Own:
    settings: dict[str, Any] = {"test_share": 0.25, "invert": False, "transpose": False}
    return own.read(path, **settings | changes)


def write_idx(folder: Path, names: tuple[str, str, str, str], labels: list[int]) -> torch.Tensor:
    folder.mkdir(exist_ok=True)
    images = torch.from_numpy(levels(len(labels)))
    for images_name, labels_name in (names[:2], names[2:]):
        for name, content in (
            (images_name, idx.encode_images(images)),
            (labels_name, idx.encode_labels(torch.tensor(labels))),
        ):
            packed = gzip.compress(content) if name.endswith(".gz") else content
            (folder / name).write_bytes(packed)
    return images


@pytest.mark.parametrize(
    "names",
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte",
         "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz",
         "emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters-test-labels-idx1-ubyte.gz"),
    ],
)  # fmt: skip
def test_idx_files_by_any_common_name(tmp_path: Path, names: tuple[str, str, str, str]) -> None:
    """As EMNIST's letters: labels that count from 1 become classes from 0, with their names."""
    images = write_idx(tmp_path, names, [1 + i % 26 for i in range(60)])
    found = read(tmp_path)
    assert found.names == [str(i) for i in range(1, 27)]
    for part in ("train", "test"):
        assert torch.equal(found.parts[part][0], images)
        assert found.parts[part][1][:3].tolist() == [0, 1, 2]
    turned = read(tmp_path, transpose=True, invert=True)
    assert torch.equal(turned.parts["train"][0], 255 - images.transpose(1, 2))
    assert "60 images transposed" not in found.notes
    assert any("transposed" in note for note in turned.notes)


@pytest.mark.parametrize(
    ("name", "lowest", "classes"), [("letters", 1, 26), ("balanced", 0, 47), ("byclass", 0, 62)]
)
def test_emnists_sets(tmp_path: Path, name: str, lowest: int, classes: int) -> None:
    """Transposed, and with one class that stands in the training part alone."""
    upright = torch.from_numpy(levels(2 * classes))
    labels = lowest + torch.arange(2 * classes) % classes
    for part, kept in (("train", len(labels)), ("test", 2 * classes - 1 - classes % 2)):
        chosen = labels[:kept] if part == "train" else (labels[:kept] - lowest) % 20 + lowest
        stem = f"emnist-{name}-{part}"
        lying = upright[:kept].transpose(1, 2).contiguous()
        (tmp_path / f"{stem}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(idx.encode_images(lying))
        )
        (tmp_path / f"{stem}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(idx.encode_labels(chosen))
        )
    (tmp_path / f"emnist-{name}-mapping.txt").write_text("0 48\n")  # as beside the real ones
    found = read(tmp_path, transpose=True)
    assert found.names == [str(lowest + i) for i in range(classes)]
    images, numbers = found.parts["train"]
    assert torch.equal(images, upright)
    assert torch.equal(numbers, labels - lowest)
    assert set(found.parts["test"][1].tolist()) == set(range(20))


def test_qmnists_labels_are_the_first_column_of_a_table(tmp_path: Path) -> None:
    names = ("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int",
             "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx1-ubyte")  # fmt: skip
    write_idx(tmp_path, names, [i % 10 for i in range(60)])
    table = np.arange(60 * 8).reshape(60, 8).astype(">i4")
    table[:, 0] = np.arange(60) % 10
    header = np.array([0x0C02, 60, 8], ">u4").tobytes()
    (tmp_path / names[1]).write_bytes(header + table.tobytes())
    train, test = (read(tmp_path).parts[part][1] for part in ("train", "test"))
    assert torch.equal(train, test)
    (tmp_path / names[1]).write_bytes(header + table.tobytes()[:-1])
    with pytest.raises(UserError, match="labels-idx2-int: truncated"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (2, "labels of the test images, but no images"),
        (3, "no labels of the test images, though the others have them"),
        (0, "no training images among the IDX files"),
    ],
)
def test_a_part_that_is_half_there(tmp_path: Path, missing: int, said: str) -> None:
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip
    write_idx(tmp_path, names, [i % 10 for i in range(60)])
    (tmp_path / names[missing]).unlink()
    with pytest.raises(UserError, match=said):
        read(tmp_path)


def test_idx_files_without_labels_are_said_to_be_of_one_class(tmp_path: Path) -> None:
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip
    write_idx(tmp_path, names, [i % 10 for i in range(60)])
    for name in (names[1], names[3]):
        (tmp_path / name).unlink()
    found = read(tmp_path)
    assert found.names == ["all"]
    assert "no labels: all images are of one class" in found.notes


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images.idx4-ubyte"])
def test_idx_files_in_colour(tmp_path: Path, name: str) -> None:
    images = levels(300, (28, 28, 3))
    (tmp_path / name).write_bytes(struct.pack(">5I", 2052, *images.shape) + images.tobytes())
    found = read(tmp_path)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    grey = pictures.grey(planes, invert=False, transpose=False, done=Counter()).numpy()
    both = torch.cat([images for images, _ in found.parts.values()]).numpy()
    assert sorted(map(bytes, both)) == sorted(map(bytes, grey))
    assert "300 images in colour made grey" in found.notes
    (tmp_path / name).write_bytes(struct.pack(">5I", 2052, 300, 28, 28, 2) + bytes(300 * 28 * 56))
    with pytest.raises(UserError, match=r"2 channels; 1 \(grey\) or 3 \(RGB\) expected"):
        read(tmp_path)


def test_many_classes_need_wide_labels() -> None:
    labels = torch.tensor([0, 61, 255, 999])
    assert torch.equal(idx.decode_labels(idx.encode_labels(labels), "x"), labels)
    assert idx.encode_labels(labels)[:4].hex() == "00000c01"
    assert idx.encode_labels(labels[:3])[:4].hex() == "00000801"


def test_a_folder_per_class(tmp_path: Path) -> None:
    """Dark 40 x 40 shapes on white; one set, split the same way again, and no image twice."""
    folder = write_shapes(tmp_path / "shapes", 90)
    found, again = read(folder), read(folder)
    assert found.names == list(SHAPES)
    train, test = found.parts["train"], found.parts["test"]
    assert len(train[0]) + len(test[0]) == 270
    assert train[0].shape[1:] == (28, 28)
    assert 0.15 < len(test[0]) / 270 < 0.35
    assert torch.equal(test[0], again.parts["test"][0])
    seen = {image.numpy().tobytes() for image in train[0]}
    assert not any(image.numpy().tobytes() in seen for image in test[0])
    assert any("made 28 x 28" in note for note in found.notes)
    assert any("data.invert" in note for note in found.notes)
    inverted = read(folder, invert=True)
    assert not any("data.invert: true makes" in note for note in inverted.notes)
    assert float(inverted.parts["train"][0].float().mean()) < 127


def test_images_in_the_order_of_their_classes_are_mixed(tmp_path: Path) -> None:
    """What shows the first images would else show one class; a part that is mixed stays."""
    found = read(write_shapes(tmp_path / "shapes", 90))
    for images, classes in found.parts.values():
        assert set(classes[:20].tolist()) == {0, 1, 2}
        assert len(images) == len(classes)
    images, labels = levels(60), np.arange(60) // 20
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images, y_test=labels % 2)
    parts = read(tmp_path / "a.npz").parts
    assert not np.array_equal(parts["train"][0].numpy(), images)
    own = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    pairs = zip(parts["train"][0].numpy(), parts["train"][1].tolist(), strict=True)
    assert all(own[image.tobytes()] == label for image, label in pairs)
    assert np.array_equal(parts["test"][0].numpy(), images), "of classes that alternate"


def test_numbers_as_names_are_sorted_as_numbers(tmp_path: Path) -> None:
    for number in (0, 2, 10):
        write_shapes(tmp_path / "made", 100, names=("circle",), seed=number)
        (tmp_path / "made/circle").rename(tmp_path / "made" / str(number))
    (tmp_path / "made/Thumbs.db").write_text("left by a system")
    assert read(tmp_path / "made").names == ["0", "2", "10"]


def test_parts_of_ones_own(tmp_path: Path) -> None:
    write_shapes(tmp_path / "train", 30)
    write_shapes(tmp_path / "test", 20, names=("circle", "cross", "square"), seed=1)
    found = read(tmp_path)
    assert [len(found.parts[part][0]) for part in ("train", "test")] == [90, 60]


def test_images_without_labels_are_of_one_class(tmp_path: Path) -> None:
    write_shapes(tmp_path, 120, names=("circle",))
    found = read(tmp_path / "circle", test_share=0.45)
    assert found.names == ["all"]
    assert set(found.parts["train"][1].tolist()) == {0}


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
@pytest.mark.parametrize("colour", [(), (3,)])
def test_npz(tmp_path: Path, keys: tuple[str, ...], colour: tuple[int, ...]) -> None:
    images, labels = levels(60, (28, 28, *colour)), np.arange(60)[:, None] % 7
    file = tmp_path / "set.npz"
    np.savez(file, **dict(zip(keys, (images, labels, images, labels), strict=True)))
    for path in (file, tmp_path):
        found = read(path)
        assert found.names == [str(i) for i in range(7)]
        if colour:
            grey = images.astype(float) @ [0.2989, 0.587, 0.114]
            assert np.abs(found.parts["train"][0].numpy() - grey).max() <= 0.51
        else:
            assert np.array_equal(found.parts["test"][0], images)


def test_levels_of_an_npz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two levels and 16 bits become 8 and are told; other arrays of the file are left alone."""
    labels = np.arange(60) % 3
    names = np.array(["a", None], dtype=object)
    for given, said in (
        (levels(60) > 127, "60 images of two levels made black and white"),
        (levels(60).astype(np.uint16) * 257, "60 images of 16 bits made 8"),
    ):
        np.savez(tmp_path / "a.npz", images=given, labels=labels, class_names=names)
        done: Counter[str] = Counter()
        batches = list(forms.find(tmp_path / "a.npz")["train"].pictures(done))
        assert torch.cat(batches).dtype == torch.uint8
        assert [f"{count} images {words}" for words, count in done.items()] == [said]
    np.savez_compressed(tmp_path / "b.npz", images=np.zeros((1, 1000, 1000), np.bool_))
    monkeypatch.setattr(npz, "MAX_UNPACKED", 2**19)
    with pytest.raises(UserError, match=r"b\.npz: no \.npz .* an array of more than"):
        forms.find(tmp_path / "b.npz")
    np.savez(tmp_path / "a.npz", images=levels(60).astype(np.uint16), labels=labels)
    with pytest.raises(UserError, match="16-bit levels, none above 255: save them as uint8"):
        forms.find(tmp_path / "a.npz")


def test_kinds_of_jpeg(tmp_path: Path) -> None:
    """Of four colours, turned by the camera, with a name in capitals."""
    tall = Image.new("L", (28, 40), 255)
    tall.paste(0, (0, 0, 28, 20))
    turned = Image.Exif()
    turned[0x0112] = 6  # the top is on the right
    (tmp_path / "A").mkdir()
    tall.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "A/TURNED.JPG", exif=turned)
    upright = pictures.read(tmp_path / "A/TURNED.JPG", Counter())[0, 0].float()
    assert upright.shape == (40, 28)
    assert float(upright[:15].mean()) < 20 < 235 < float(upright[25:].mean())
    Image.new("CMYK", (28, 28), (0, 255, 255, 0)).save(tmp_path / "A/b.Jpeg")
    red = pictures.read(tmp_path / "A/b.Jpeg", Counter())[0]
    assert red.shape == (3, 28, 28)
    assert float(red[0].float().mean()) > 200 > 60 > float(red[1].float().mean())
    assert len(forms.find(tmp_path)["train"].labels) == 2


def test_kinds_of_png(tmp_path: Path) -> None:
    """Of 16 bits, of a palette, with transparency: as what a viewer shows on black."""
    done: Counter[str] = Counter()
    ramp = np.linspace(0, 65535, 28 * 28).reshape(28, 28).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "wide.png")
    wide = pictures.read(tmp_path / "wide.png", done)
    assert np.abs(wide[0, 0].numpy() - ramp / 257).max() <= 0.5
    Image.new("P", (28, 28), 1).save(tmp_path / "palette.png")
    assert pictures.read(tmp_path / "palette.png", done).shape == (1, 3, 28, 28)
    clear = Image.new("RGBA", (28, 28), (255, 255, 255, 0))
    clear.putpixel((3, 4), (255, 255, 255, 255))
    clear.save(tmp_path / "clear.png")
    laid = pictures.read(tmp_path / "clear.png", done)[0, 0]
    assert int(laid.sum()) == 255
    assert int(laid[4, 3]) == 255
    ink = Image.new("RGBA", (28, 28), (0, 0, 0, 0))  # black strokes on nothing, to be inverted
    ink.putpixel((3, 4), (0, 0, 0, 255))
    ink.save(tmp_path / "ink.png")
    laid = pictures.read(tmp_path / "ink.png", Counter(), pictures.ground(True))[0, 0]
    assert int((laid == 0).sum()) == 1
    assert set(done) == {"of 16 bits made 8", "with transparency laid on black"}


def broken(folder: Path, kind: str) -> str:
    """Makes one thing of a good folder wrong; returns what the error must say."""
    write_shapes(folder, 60)
    if kind == "empty class":
        (folder / "line").mkdir()
        return "line: holds no PNG or JPEG file"
    if kind == "no image":
        (folder / "cross" / "0.png").write_bytes(b"not a picture")
        return "cross/0.png: no PNG or JPEG image"
    if kind == "truncated":
        file = folder / "cross" / "0.png"
        file.write_bytes(file.read_bytes()[:80])
        return "cross/0.png: no PNG or JPEG image"
    if kind == "long":  # a small file, and a square of it of a gigabyte
        Image.new("L", (30_000, 3)).save(folder / "cross" / "0.png")
        return "cross/0.png: 30000 x 3 pixels: too large a picture"
    if kind == "name":
        (folder / "cross").rename(folder / os.fsdecode(b"caf\xe9"))
        write_shapes(folder / "more", 60, seed=1)
        for name in SHAPES:
            (folder / "more" / name).rename(folder / f"more {name}")
        (folder / "more").rmdir()
        return r"'caf\udce9': a name that cannot be shown"
    if kind == "other file":
        (folder / "cross" / "notes.txt").write_text("x")
        return "notes.txt: no PNG or JPEG file"
    if kind == "class train":
        (folder / "cross").rename(folder / "train")
        return "train/ beside circle/: parts are called train/ and test/"
    if kind == "other part":
        (folder / "cross").rename(folder / "train")
        (folder / "circle").rename(folder / "Test")
        (folder / "square").rename(folder / "valid")
        return "train/ beside Test/: parts are called train/ and test/"
    if kind == "flat test":
        (folder / "train").mkdir()
        for name in SHAPES:
            (folder / name).rename(folder / "train" / name)
        write_shapes(folder / "test", 60, names=("circle",))
        for file in (folder / "test/circle").iterdir():
            file.rename(folder / "test" / file.name)
        (folder / "test/circle").rmdir()
        return "folders of classes in one of train/ and test/ alone"
    if kind == "loose file":
        Image.new("L", (9, 9)).save(folder / "loose.png")
        return "loose.png: a file beside folders of classes"
    (folder / "cross" / "deep").mkdir()
    return "deep: a folder where pictures of a class belong"


@pytest.mark.parametrize(
    "kind",
    [
        "empty class",
        "no image",
        "truncated",
        "other file",
        "loose file",
        "deep",
        "class train",
        "other part",
        "flat test",
        "long",
        "name",
    ],
)
def test_bad_folders_get_one_line(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "set"
    said = broken(folder, kind)
    with pytest.raises(UserError) as caught:
        read(folder)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_few_images_and_foreign_classes(tmp_path: Path) -> None:
    write_shapes(tmp_path / "few", 10)
    with pytest.raises(UserError, match="at least 50 expected"):
        read(tmp_path / "few")
    write_shapes(tmp_path / "one" / "train", 60, names=("circle", "cross"))
    write_shapes(tmp_path / "one" / "test", 60, names=("circle", "square"))
    with pytest.raises(UserError, match=r"class square stands in the test part alone$"):
        read(tmp_path / "one")
    write_shapes(tmp_path / "tiny", 120, names=("circle", "cross"))
    write_shapes(tmp_path / "tiny" / "more", 1, names=("square",), seed=6)
    (tmp_path / "tiny" / "more" / "square").rename(tmp_path / "tiny" / "square")
    (tmp_path / "tiny" / "more").rmdir()
    tiny = read(tmp_path / "tiny", test_share=0.75)
    assert 2 in tiny.parts["train"][1], "the only square is trained on, whatever its hash"
    assert 2 not in tiny.parts["test"][1]
    write_shapes(tmp_path / "ten" / "train", 60, names=("circle",))
    write_shapes(tmp_path / "ten" / "test", 10, names=("circle",))
    with pytest.raises(UserError, match="10 test images; at least 50 expected"):
        read(tmp_path / "ten")
    write_shapes(tmp_path / "single", 1, names=("circle",))
    with pytest.raises(UserError, match="images; at least 50 expected"):
        read(tmp_path / "single")
    with pytest.raises(UserError, match="no such folder"):
        read(tmp_path / "nowhere")


def test_a_stale_packed_file_is_no_longer_taken(tmp_path: Path) -> None:
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip
    write_idx(tmp_path, names, [i % 10 for i in range(60)])
    stale = gzip.compress(idx.encode_labels(torch.zeros(60, dtype=torch.int64)))
    (tmp_path / f"{names[1]}.gz").write_bytes(stale)
    with pytest.raises(UserError, match="differ: one of them is stale"):
        read(tmp_path)
    same = gzip.compress((tmp_path / names[1]).read_bytes())
    (tmp_path / f"{names[1]}.gz").write_bytes(same)
    assert len(read(tmp_path).names) == 10


def test_more_labels_than_images(tmp_path: Path) -> None:
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip
    write_idx(tmp_path, names, [i % 10 for i in range(60)])
    (tmp_path / names[1]).write_bytes(idx.encode_labels(torch.arange(61) % 10))
    with pytest.raises(UserError, match="60 images but 61 labels"):
        read(tmp_path)
