"""Where the images come from: a mirror's folder, the bundled digits, the user's own folder."""

import errno
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from torchvision.transforms.v2 import functional as vision

from ganvae import errors
from ganvae.core import config, imageset, storage
from ganvae.data import idx, sources
from ganvae.errors import UserError
from stages import download, preprocess
from tests import idx_files
from tests.idx_files import CHECKSUMS, CONTENTS, CONVERSION, held, in_a_repository

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
PINNED = sources.CHECKSUMS


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    idx_files.use(monkeypatch)


def params(name: str, folder: str | None = None) -> sources.DataParams:
    data = {"name": name, "folder": folder, **CONVERSION}
    return config.block(sources.DataParams, {"data": data}, "data")


@pytest.mark.parametrize("form", ["absolute", "relative", "dvc root", "address", "packed"])
def test_the_own_mirror_may_be_a_folder(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, mirror = tmp_path / "repository", tmp_path / "my mirror"
    repository.mkdir()
    in_a_repository(repository, monkeypatch)
    for name, content in CONTENTS.items():
        if form == "packed":
            storage.write_bytes(mirror / f"{name}.gz", gzip.compress(content))
        else:
            storage.write_bytes(mirror / name, content)
    asked = {"relative": "../my mirror", "dvc root": "my mirror", "address": mirror.as_uri()}
    monkeypatch.setenv("GANVAE_MIRROR", asked.get(form, str(mirror)))
    if form == "dvc root":
        monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    download.main()
    assert held(download.RAW) == CONTENTS


def test_a_full_disk_is_one_line_and_keeps_the_earlier_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_a_repository(tmp_path, monkeypatch)
    for name, content in CONTENTS.items():
        storage.write_bytes(tmp_path / "mirror" / name, content)
    monkeypatch.setenv("GANVAE_MIRROR", "mirror")
    download.main()
    capsys.readouterr()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SystemExit) as ended:
        errors.run(download.main)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: No space left on device: ")
    assert said.count("\n") == 1
    assert held(download.RAW) == CONTENTS
    assert list(Path("data").iterdir()) == [download.RAW]


def test_another_kind_of_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GANVAE_MIRROR", "ftp://example.org/mnist")
    with pytest.raises(UserError, match=r"GANVAE_MIRROR=ftp://example.org/mnist: "):
        sources.write_raw(params("mnist"), tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_real_files_pass_from_mirror_to_processed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"no folder {SHARED / name}")
    in_a_repository(tmp_path, monkeypatch, name)
    monkeypatch.setattr(sources, "CHECKSUMS", PINNED)
    monkeypatch.setenv("GANVAE_MIRROR", str(SHARED / name))
    download.main()
    preprocess.main()
    for part, num in (("train", 60_000), ("test", 10_000)):
        images, labels = imageset.load(preprocess.PROCESSED / f"{part}.safetensors")
        assert len(images) == num
        assert (images.min().item(), images.max().item()) == (-1.0, 1.0)
        assert bool((labels.bincount() > 0).all())
        assert len(labels.bincount()) == 10


def test_fashion_mnists_classes_have_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_repository(tmp_path, monkeypatch, "fashion_mnist")
    for name, content in CONTENTS.items():
        storage.write_bytes(tmp_path / "mirror" / name, content)
    monkeypatch.setattr(sources, "CHECKSUMS", {"fashion_mnist": tuple(CHECKSUMS.values())})
    monkeypatch.setenv("GANVAE_MIRROR", "mirror")
    download.main()
    preprocess.main()
    classes = imageset.classes(preprocess.PROCESSED)
    assert (len(classes.names), classes.names[0], classes.word) == (10, "T-shirt/top", "class")


def test_the_digits_are_pinned_and_split_evenly(tmp_path: Path) -> None:
    sources.write_raw(params("digits"), tmp_path)  # checks its own checksums
    train, test = (idx.read_labels(tmp_path / sources.FILES[i]) for i in (1, 3))
    assert (len(train), len(test)) == (1437, 360)
    share = test.bincount() / (train.bincount() + test.bincount())
    assert torch.all((share - 0.2).abs() <= 1 / 174)  # one image of the smallest class
    digests = tuple(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in CONTENTS)
    assert digests == sources.CHECKSUMS["digits"]


def test_the_digits_are_a_bilinear_resize_of_the_originals(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    sources.write_raw(params("digits"), tmp_path)
    bunch = load_digits()
    small = torch.as_tensor(bunch.images, dtype=torch.float64).unsqueeze(1) * (255 / 16)
    resized = vision.resize(small, [28, 28]).squeeze(1)
    known: dict[tuple[int, bytes], int] = {}
    for i, image in enumerate(resized):
        known.setdefault((int(bunch.target[i]), (image + 1e-6).round().byte().numpy().tobytes()), i)
    found = [
        known[int(label), image.numpy().tobytes()]
        for stem in ("train", "t10k")
        for image, label in zip(
            idx.read_images(tmp_path / f"{stem}-images-idx3-ubyte"),
            idx.read_labels(tmp_path / f"{stem}-labels-idx1-ubyte"),
            strict=True,
        )
    ]
    assert sorted(found) == list(range(1797))  # every original once, in train or in test


def test_another_release_of_the_digits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ("0" * 64, *sources.CHECKSUMS["digits"][1:])
    monkeypatch.setattr(sources, "CHECKSUMS", {"digits": other})
    with pytest.raises(UserError, match=r"scikit-learn's digits .* wrong content"):
        sources.write_raw(params("digits"), tmp_path / "raw")
    assert held(tmp_path / "raw") == {}


# as many images as own ones must be at least; the made ones are too few
OWN = dict(zip(sources.FILES, [*idx_files.made(60), *idx_files.made(50)], strict=True))


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_own_files(
    packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in OWN.items():
        file = f"{name}.gz" if packed else name
        storage.write_bytes(tmp_path / "own" / file, gzip.compress(content) if packed else content)
    sources.write_raw(params("folder", str(tmp_path / "own")), tmp_path / "raw")
    written = held(tmp_path / "raw")
    assert {name: written.pop(name) for name in OWN} == OWN
    assert json.loads(written.pop(imageset.CLASSES_FILE)) == list("0123456789")
    assert list(written) == ["conversion.txt"]
    printed = capsys.readouterr().out
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in OWN.items()}
    assert all(f"{name}: SHA-256 {digest}" in printed for name, digest in digests.items())
    assert sources.count_train_images(params("folder", str(tmp_path / "own"))) == 60


BAD_FILES = {
    "truncated": (0, OWN[sources.FILES[0]][:-1], "train-images.*: truncated"),
    "wrong magic": (1, b"\0\0\0\0" + OWN[sources.FILES[1]][4:], "train-labels.*: magic"),
    "counts": (3, OWN[sources.FILES[1]], "t10k-images.*: 50 images but 60 labels"),
    "missing": (2, None, "own: labels of the test images, but no images"),
    "damaged gzip": (3, gzip.compress(OWN[sources.FILES[3]])[:-3], "t10k-labels.*: damaged"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_folder_of_bad_files(case: str, tmp_path: Path) -> None:
    which, content, message = BAD_FILES[case]
    for name, good in OWN.items():
        storage.write_bytes(tmp_path / "own" / name, good)
    changed = tmp_path / "own" / sources.FILES[which]
    if content is None:
        changed.unlink()
    else:
        changed.write_bytes(content)
    with pytest.raises(UserError, match=message):
        sources.write_raw(params("folder", str(tmp_path / "own")), tmp_path / "raw")
    assert held(tmp_path / "raw") == {}


def test_an_empty_and_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none: no such folder or \.npz file"):
        sources.write_raw(params("folder", str(tmp_path / "none")), tmp_path / "raw")
    with pytest.raises(UserError, match=r"^~nobody-of-this-name/x: "):
        sources.write_raw(params("folder", "~nobody-of-this-name/x"), tmp_path / "raw")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: an empty folder"):
        sources.write_raw(params("folder", str(tmp_path / "empty")), tmp_path / "raw")


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [
        ("folder", None, "params.yaml: data: folder = None: a path is needed"),
        ("folder", "", "params.yaml: data: folder = '': a path is needed"),
        ("mnist", "x", "params.yaml: data: folder = 'x': must be null unless name is folder"),
        ("cifar", None, "params.yaml: data.name = 'cifar': allowed: 'mnist', 'fashion_mnist'"),
    ],
)
def test_combinations_refused(name: str, folder: str | None, message: str) -> None:
    with pytest.raises(UserError) as error:
        params(name, folder)
    assert str(error.value).startswith(message)


def test_the_stage_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    data = {"name": "folder", "folder": "nowhere", **CONVERSION}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"data": data}))
    ended = subprocess.run(
        [sys.executable, "-m", "stages.download"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    said = f"error: {tmp_path / 'nowhere'}: no such folder or .npz file"
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("data/*"))
