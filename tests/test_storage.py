"""Files are written whole or not at all, and damage is named."""

import errno
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from ganvae.core import storage
from ganvae.errors import UserError

Write = Callable[[Path], None]
BIG = 100_000
WRITERS: dict[str, Write] = {
    "bytes": lambda path: storage.write_bytes(path, b"n" * BIG),
    "text": lambda path: storage.write_text(path, "n" * BIG),
    "json": lambda path: storage.write_json(path, list(range(BIG))),
    "tensors": lambda path: storage.write_tensors(path, {"a": torch.zeros(BIG)}),
}


@contextmanager
def full_disk() -> Iterator[None]:
    """The system refuses to let a file grow beyond 4 kB, as it does on a full disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("old")
    return path


def only(path: Path, content: str) -> None:
    """`path` has that content and nothing else lies in its folder."""
    assert path.read_text() == content
    assert list(path.parent.iterdir()) == [path]


def test_atomic_replaces_at_the_end(old: Path) -> None:
    with storage.atomic(old) as written:
        written.write_text("new")
        assert old.read_text() == "old"
        assert written.parent == old.parent, "a rename is atomic within one file system only"
    only(old, "new")


def test_atomic_makes_the_folder(tmp_path: Path) -> None:
    storage.write_text(tmp_path / "a" / "b" / "c.txt", "new")
    only(tmp_path / "a" / "b" / "c.txt", "new")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_midway_leaves_the_old_file(old: Path, error: type[BaseException]) -> None:
    def write() -> None:
        with storage.atomic(old) as written:
            written.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    only(old, "old")


def test_writing_nothing_is_an_error(old: Path) -> None:
    with pytest.raises(FileNotFoundError), storage.atomic(old):
        pass
    only(old, "old")


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_leaves_the_old_file(old: Path, write: Write) -> None:
    """And is an `OSError`, which `errors.run` turns into one line."""
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write(old)
    only(old, "old")


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_at_the_flush_leaves_the_old_file(
    old: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write(old)
    only(old, "old")


def test_temporary_names_are_unique_siblings(tmp_path: Path) -> None:
    names = {storage.temporary(tmp_path / "x.json") for _ in range(100)}
    assert len(names) == 100
    assert {name.parent for name in names} == {tmp_path}


def of_process(path: Path, pid: int) -> Path:
    """A temporary name of a process of this machine."""
    name = storage.temporary(path).name.replace(f"-{os.getpid()}-", f"-{pid}-")
    return path.with_name(name)


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    file, folder = tmp_path / "x.json", tmp_path / "folder"
    gone = [of_process(file, killed.pid), tmp_path / ".x.json.another-host-1-00000000.tmp"]
    stays = storage.temporary(file)  # of this process
    for left in (*gone, stays):
        left.write_text("half")
    os.utime(gone[1], (0, 0))
    half_folder = of_process(folder, killed.pid)
    (half_folder / "a").mkdir(parents=True)
    storage.write_json(file, 1)
    with storage.whole_folder(folder) as written:
        (written / "b").touch()
    assert set(tmp_path.iterdir()) == {file, folder, stays}


def test_folders_are_built_beside_where_they_go(tmp_path: Path) -> None:
    """So on its file system, wherever `.cache` and `data` lie."""
    with storage.whole_folder(tmp_path / "a" / "final") as written:
        assert written.parent == tmp_path / "a"
        assert written.name[0] == ".", "DVC, git and the comparison pass it over"
    with storage.scratch_folder(tmp_path / "b") as scratch:
        assert scratch.parent == tmp_path
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_a_folder_that_is_a_link_is_replaced_where_it_leads(tmp_path: Path) -> None:
    other_disk, link = tmp_path / "disk/x", tmp_path / "data/x"
    for path in (other_disk, link.parent):
        path.mkdir(parents=True)
    (other_disk / "old").touch()
    link.symlink_to(other_disk)
    with storage.whole_folder(link) as written:
        assert written.parent == other_disk.parent
        (written / "new").touch()
    assert link.is_symlink()
    assert [path.name for path in link.iterdir()] == ["new"]


def test_a_folder_goes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the midst of it, nothing is left under its name."""
    folder = tmp_path / "x"
    (folder / "a").mkdir(parents=True)
    monkeypatch.setattr("shutil.rmtree", lambda path: None)
    storage.remove_folder(folder)
    assert not folder.exists()
    monkeypatch.undo()
    (folder / "a").mkdir(parents=True)
    storage.remove_folder(folder)
    assert not folder.exists()


def test_text_has_unix_line_ends(tmp_path: Path) -> None:
    storage.write_text(tmp_path / "x", "é\nb\n")
    assert (tmp_path / "x").read_bytes() == b"\xc3\xa9\nb\n"


def test_json_round_trip(tmp_path: Path) -> None:
    value = {"a": [1, 0.1, None, True], "b": {"c": "é"}}
    storage.write_json(tmp_path / "x.json", value)
    assert storage.read_json(tmp_path / "x.json") == value
    assert json.loads((tmp_path / "x.json").read_text()) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_refuses_what_is_no_number(old: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(old, {"a": [value]})
    only(old, "old")


def test_tensors_round_trip(tmp_path: Path) -> None:
    tensors = {
        "weight": torch.randn(3, 4).T,  # not contiguous
        "steps": torch.tensor(7),
        "pixels": torch.arange(6, dtype=torch.uint8).view(1, 2, 3),
        "trained": torch.nn.Parameter(torch.randn(2)),
    }
    path = tmp_path / "x.safetensors"
    storage.write_tensors(path, tensors, {"model": "gan"})
    read = storage.read_tensors(path)
    assert {name: tensor.dtype for name, tensor in read.items()} == {
        name: tensor.dtype for name, tensor in tensors.items()
    }
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    assert storage.read_metadata(path) == {"model": "gan"}
    storage.write_tensors(path, tensors)
    assert storage.read_metadata(path) == {}


def test_equal_tensors_give_equal_bytes(tmp_path: Path) -> None:
    """DVC sees a file by its bytes."""
    tensors = {name: torch.arange(5.0) for name in "dbac"}
    storage.write_tensors(tmp_path / "one", tensors)
    storage.write_tensors(tmp_path / "two", dict(reversed(tensors.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_metadata_give_equal_bytes(tmp_path: Path) -> None:
    """safetensors orders them as it comes; six keys are in order once in 720 times."""
    path, metadata = tmp_path / "x", {name: f"é {name}" for name in "fbdace"}
    for _ in range(3):
        storage.write_tensors(path, {"b": torch.arange(5.0), "a": torch.arange(3)}, metadata)
        content = path.read_bytes()
        size = int.from_bytes(content[:8], "little")
        assert size % 8 == 0
        header = json.loads(content[8 : 8 + size])
        assert list(header["__metadata__"].items()) == sorted(metadata.items())
    assert storage.read_metadata(path) == metadata
    read = storage.read_tensors(path)
    assert torch.equal(read["b"], torch.arange(5.0))
    assert torch.equal(read["a"], torch.arange(3))


@pytest.mark.parametrize("damage", ["truncated", "header", "empty", "other"])
def test_damaged_tensors_are_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.safetensors"
    storage.write_tensors(path, {"a": torch.randn(100)})
    content = path.read_bytes()
    path.write_bytes(
        {
            "truncated": content[:-10],
            "header": content[:20],
            "empty": b"",
            "other": b"no tensors at all, but a text",
        }[damage]
    )
    for read in (storage.read_tensors, storage.read_metadata):
        with pytest.raises(UserError, match=r"x\.safetensors: damaged tensor file") as raised:
            read(path)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe"])
def test_damaged_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.json: damaged JSON"):
        storage.read_json(tmp_path / "x.json")


@pytest.mark.parametrize(
    "read",
    [storage.read_json, storage.read_tensors, storage.read_metadata],
    ids=lambda f: f.__name__,
)
def test_missing_files_are_named(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(UserError, match="absent: no such file"):
        read(tmp_path / "absent")


def test_replace_folder(tmp_path: Path) -> None:
    final = tmp_path / "data" / "final"
    for content in ("first", "second"):
        written = tmp_path / "written"
        written.mkdir()
        (written / content).write_text(content)
        storage.replace_folder(written, final)
        assert [file.name for file in final.iterdir()] == [content], "nothing of the old one"
        assert list(final.parent.iterdir()) == [final]
        assert not written.exists()


def test_replace_folder_needs_the_new_one(tmp_path: Path) -> None:
    final = tmp_path / "final"
    final.mkdir()
    (final / "old").write_text("old")
    with pytest.raises(FileNotFoundError):
        storage.replace_folder(tmp_path / "absent", final)
    assert (final / "old").read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]
