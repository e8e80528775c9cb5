"""Sources: mirrors in turn, retries, checksums, the bundled digits and the user's own folder."""

import errno
import gzip
import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torchvision.transforms.v2 import functional as vision

from ganvae import config, data, errors, idx, mirrors, sources, storage
from ganvae.errors import UserError
from stages import download, preprocess

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def made(num: int) -> tuple[bytes, bytes]:
    images = (torch.arange(num * 784) * 7 % 256).to(torch.uint8).reshape(num, 28, 28)
    return idx.encode_images(images), idx.encode_labels((torch.arange(num) % 10).to(torch.uint8))


CONTENTS = dict(zip(sources.FILES, [*made(6), *made(4)], strict=True))
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


class Server:
    """A web server on this machine that serves `CONTENTS` as each first folder's name says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()  # ends the silence
        self.failures = 0  # how many more requests to /flaky/ fail
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                _, how, file = self.path.split("/")
                outer.answer(self, how, file)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def url(self, how: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/{how}/"

    def answer(self, handler: BaseHTTPRequestHandler, how: str, file: str) -> None:
        name, packed = file.removesuffix(".gz"), file.endswith(".gz")
        body = gzip.compress(CONTENTS[name]) if packed else CONTENTS[name]
        if how == "flaky" and self.failures:
            self.failures -= 1
            return handler.send_error(503)
        if how == "absent" or (how == "plain" and packed):
            return handler.send_error(404)
        if how == "silent":  # accepts, never answers, closes
            self.released.wait(5)
            handler.close_connection = True
            return None
        if how == "wrong" and name == sources.FILES[2]:
            changed = bytearray(CONTENTS[name])
            changed[-1] ^= 1
            body = gzip.compress(bytes(changed))
        if how == "corrupt":
            body = body[:-20] + bytes(20)
        if how == "html":
            body = b"<html>please log in</html>"
        if how == "bomb":
            body = gzip.compress(bytes(2**22))
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:-30] if how == "truncated" else body)
        return None

    def close(self) -> None:
        self.released.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits between tries, and none reaches for a public mirror unasked."""
    slept: list[float] = []
    monkeypatch.setattr(mirrors, "time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr(sources, "MIRRORS", {"mnist": (), "fashion_mnist": ()})
    monkeypatch.delenv("GANVAE_MIRROR", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return slept


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned checksums of "mnist" are those of the made data."""
    pinned = {**sources.CHECKSUMS, "mnist": tuple(CHECKSUMS.values())}
    monkeypatch.setattr(sources, "CHECKSUMS", pinned)


def params(name: str, folder: str | None = None) -> sources.DataParams:
    return config.block(sources.DataParams, {"data": {"name": name, "folder": folder}}, "data")


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def fault_of(mirror: mirrors.Mirror, folder: Path) -> str:
    with pytest.raises(UserError) as error:
        mirrors.fetch([mirror], CHECKSUMS, folder)
    assert "\n" not in str(error.value)
    assert "GANVAE_MIRROR" in str(error.value)
    assert str(mirror) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("how", ["good", "plain"])
def test_a_good_mirror_is_asked_once_per_file(how: str, server: Server, tmp_path: Path) -> None:
    mirrors.fetch([server.url(how), server.url("absent")], CHECKSUMS, tmp_path)
    assert held(tmp_path) == CONTENTS
    assert len(server.asked) == {"good": 4, "plain": 8}[how]


@pytest.mark.parametrize("failures", [1, 2])
def test_a_flaky_mirror_is_asked_again(
    failures: int, server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    server.failures = failures
    mirrors.fetch([server.url("flaky")], CHECKSUMS, tmp_path)
    assert held(tmp_path) == CONTENTS
    assert pauses == [1.0, 2.0][:failures]


def test_three_failures_are_enough(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    server.failures = 3
    assert "HTTP 503" in fault_of(server.url("flaky"), tmp_path)
    assert pauses == [1.0, 2.0]
    assert len(server.asked) == 3


FAULTS = {
    "absent": ("HTTP 404", 8),  # each file under both names
    "wrong": ("t10k-images-idx3-ubyte: wrong content: SHA-256", 4),
    "corrupt": ("damaged gzip", 4),
    "html": ("wrong content", 4),
    "bomb": ("more than 100000 bytes", 4),
    "truncated": ("connection closed after", 3),
    "silent": ("timed out", 3),
}


@pytest.mark.parametrize("how", FAULTS)
def test_a_bad_mirror_is_told_and_the_next_one_asked(
    how: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "MAX_BYTES", 100_000)
    monkeypatch.setattr(mirrors, "TIMEOUT_SECONDS", 0.1 if how == "silent" else 5.0)
    message, requests = FAULTS[how]
    assert message in fault_of(server.url(how), tmp_path / "a")
    assert len(server.asked) == requests
    kept = {name: CONTENTS[name] for name in sources.FILES if name != sources.FILES[2]}
    assert held(tmp_path / "a") == (kept if how == "wrong" else {})
    monkeypatch.setattr(mirrors, "TIMEOUT_SECONDS", 5.0)
    if how != "silent":
        mirrors.fetch([server.url(how), server.url("good")], CHECKSUMS, tmp_path / "b")
        assert held(tmp_path / "b") == CONTENTS


def test_a_closed_port_and_a_bad_address_are_faults(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        assert "refused" in fault_of(f"http://127.0.0.1:{taken.getsockname()[1]}/", tmp_path)
    for address in ("http://[half", "http://127.0.0.1:port/", "http://"):
        assert fault_of(address, tmp_path)


def test_every_mirror_is_named_when_none_works(server: Server, tmp_path: Path) -> None:
    bad = [tmp_path / "nowhere", server.url("absent"), server.url("corrupt")]
    with pytest.raises(UserError) as error:
        mirrors.fetch(bad, CHECKSUMS, tmp_path / "out")
    for mirror, fault in zip(bad, ("no such folder", "HTTP 404", "damaged gzip"), strict=True):
        assert f"{mirror}: " in str(error.value)
        assert fault in str(error.value)


def in_a_repository(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "mnist") -> None:
    (folder / "params.yaml").write_text(f"data:\n  name: {name}\n  folder: null\n")
    monkeypatch.chdir(folder)


@pytest.mark.usefixtures("small")
def test_the_own_mirror_comes_before_the_public_ones(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_repository(tmp_path, monkeypatch)
    monkeypatch.setattr(sources, "MIRRORS", {"mnist": (server.url("wrong"), server.url("plain"))})
    monkeypatch.setenv("GANVAE_MIRROR", server.url("absent"))
    download.main()
    assert held(download.RAW) == CONTENTS
    order = list(dict.fromkeys(path.split("/")[1] for path in server.asked))
    assert order == ["absent", "wrong", "plain"]
    assert list(Path(".cache").iterdir()) == []


@pytest.mark.usefixtures("small")
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


@pytest.mark.usefixtures("small")
def test_a_failure_leaves_the_earlier_result_and_no_half_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_repository(tmp_path, monkeypatch)
    storage.write_bytes(download.RAW / "train-images-idx3-ubyte", b"earlier")
    monkeypatch.setenv("GANVAE_MIRROR", server.url("wrong"))  # three of four files are right
    with pytest.raises(UserError, match="t10k-images-idx3-ubyte"):
        download.main()
    assert held(download.RAW) == {"train-images-idx3-ubyte": b"earlier"}
    assert list(Path(".cache").iterdir()) == []
    assert list(Path("data").iterdir()) == [download.RAW]


@pytest.mark.usefixtures("small")
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
    assert capsys.readouterr().err == "error: No space left on device\n"
    assert held(download.RAW) == CONTENTS
    assert list(Path(".cache").iterdir()) == []


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
    monkeypatch.setenv("GANVAE_MIRROR", str(SHARED / name))
    download.main()
    preprocess.main()
    for part, num in (("train", 60_000), ("test", 10_000)):
        images, labels = data.load(preprocess.PROCESSED / f"{part}.safetensors")
        assert len(images) == num
        assert (images.min().item(), images.max().item()) == (-1.0, 1.0)
        assert labels.unique().tolist() == list(range(10))


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


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_own_files(
    packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in CONTENTS.items():
        file = f"{name}.gz" if packed else name
        storage.write_bytes(tmp_path / "own" / file, gzip.compress(content) if packed else content)
    sources.write_raw(params("folder", str(tmp_path / "own")), tmp_path / "raw")
    assert held(tmp_path / "raw") == CONTENTS
    printed = capsys.readouterr().out
    assert all(f"{name}: SHA-256 {checksum}" in printed for name, checksum in CHECKSUMS.items())


BAD_FILES = {
    "truncated": (0, CONTENTS[sources.FILES[0]][:-1], "train-images.*: truncated"),
    "wrong magic": (1, b"\0\0\0\0" + CONTENTS[sources.FILES[1]][4:], "train-labels.*: magic"),
    "counts": (3, CONTENTS[sources.FILES[1]], "t10k: 4 images but 6 labels"),
    "missing": (2, None, "neither t10k-images-idx3-ubyte.gz nor t10k-images-idx3-ubyte"),
    "damaged gzip": (3, gzip.compress(CONTENTS[sources.FILES[3]])[:-3], "t10k-labels.*: damaged"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_folder_of_bad_files(case: str, tmp_path: Path) -> None:
    which, content, message = BAD_FILES[case]
    for name, good in CONTENTS.items():
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
    with pytest.raises(UserError, match=r"data\.folder = .*no such folder"):
        sources.write_raw(params("folder", str(tmp_path / "none")), tmp_path / "raw")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"data\.folder = .*neither train-images-idx3-ubyte.gz"):
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
    (tmp_path / "params.yaml").write_text("data:\n  name: folder\n  folder: nowhere\n")
    ended = subprocess.run(
        [sys.executable, "-m", "stages.download"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "error: params.yaml: data.folder = 'nowhere': no such folder\n"
    assert not (tmp_path / "data").exists()
