"""Mirrors in turn, retries and checksums, against a web server on this machine."""

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from ganvae.core import storage
from ganvae.data import mirrors, sources
from ganvae.errors import UserError
from stages import download
from tests import idx_files
from tests.idx_files import CHECKSUMS, CONTENTS, held, in_a_repository


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
        if how == "flood":
            body = bytes(200_000)
        if how == "bomb":
            body = gzip.compress(bytes(2**22))
        if how == "drip":  # never silent for long, never at an end: first its headers
            while not self.released.wait(0.02):
                handler.wfile.write(b"H")
            return None
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
    """The seconds asked for between tries; no test waits for them."""
    slept: list[float] = []
    monkeypatch.setattr(mirrors, "time", SimpleNamespace(sleep=slept.append))
    return slept


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
    "flood": ("a file of more than 100000 bytes", 4),
    "bomb": ("more than 100000 bytes of content", 4),
    "truncated": ("connection closed after", 3),
    "silent": ("timed out", 3),
}


@pytest.mark.parametrize("how", FAULTS)
def test_a_bad_mirror_is_told_and_the_next_one_asked(
    how: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "MAX_BYTES", 100_000)
    monkeypatch.setattr(mirrors, "TIMEOUT_SECONDS", 1.0 if how == "silent" else 5.0)
    message, requests = FAULTS[how]
    assert message in fault_of(server.url(how), tmp_path / "a")
    assert len(server.asked) == requests
    kept = {name: CONTENTS[name] for name in sources.FILES if name != sources.FILES[2]}
    assert held(tmp_path / "a") == (kept if how == "wrong" else {})
    monkeypatch.setattr(mirrors, "TIMEOUT_SECONDS", 5.0)
    if how != "silent":
        mirrors.fetch([server.url(how), server.url("good")], CHECKSUMS, tmp_path / "b")
        assert held(tmp_path / "b") == CONTENTS


def test_a_mirror_that_drips_is_left_for_the_next(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "DEADLINE_SECONDS", 0.3)
    assert "not complete after 0.3 s" in fault_of(server.url("drip"), tmp_path / "a")
    assert len(server.asked) == 1
    mirrors.fetch([server.url("drip"), server.url("good")], CHECKSUMS, tmp_path / "b")
    assert held(tmp_path / "b") == CONTENTS


def test_a_local_file_is_measured_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(11))
    assert mirrors.read_local(tmp_path, "x", limit=11) == bytes(11)
    with pytest.raises(UserError, match="x: a file of more than 10 bytes"):
        mirrors.read_local(tmp_path, "x", limit=10)


def test_a_closed_port_and_a_bad_address_are_faults(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        assert "refused" in fault_of(f"http://127.0.0.1:{taken.getsockname()[1]}/", tmp_path)
    for address in ("http://[half", "http://127.0.0.1:port/", "http://"):
        assert fault_of(address, tmp_path)


def test_every_mirror_is_named_when_none_works(server: Server, tmp_path: Path) -> None:
    bad: list[mirrors.Mirror] = [tmp_path / "nowhere", server.url("absent"), server.url("corrupt")]
    with pytest.raises(UserError) as error:
        mirrors.fetch(bad, CHECKSUMS, tmp_path / "out")
    for mirror, fault in zip(bad, ("no such folder", "HTTP 404", "damaged gzip"), strict=True):
        assert f"{mirror}: " in str(error.value)
        assert fault in str(error.value)


def test_the_own_mirror_comes_before_the_public_ones(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idx_files.use(monkeypatch)
    in_a_repository(tmp_path, monkeypatch)
    monkeypatch.setattr(sources, "MIRRORS", {"mnist": (server.url("wrong"), server.url("plain"))})
    monkeypatch.setenv("GANVAE_MIRROR", server.url("absent"))
    download.main()
    assert held(download.RAW) == CONTENTS
    order = list(dict.fromkeys(path.split("/")[1] for path in server.asked))
    assert order == ["absent", "wrong", "plain"]
    assert list(Path("data").iterdir()) == [download.RAW]


def test_a_failure_leaves_the_earlier_result_and_no_half_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idx_files.use(monkeypatch)
    in_a_repository(tmp_path, monkeypatch)
    storage.write_bytes(download.RAW / "train-images-idx3-ubyte", b"earlier")
    monkeypatch.setenv("GANVAE_MIRROR", server.url("wrong"))  # three of four files are right
    with pytest.raises(UserError, match="t10k-images-idx3-ubyte"):
        download.main()
    assert held(download.RAW) == {"train-images-idx3-ubyte": b"earlier"}
    assert list(Path("data").iterdir()) == [download.RAW]
