"""Files: every write goes to a temporary name in the same folder and is then renamed."""

import glob
import io
import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ganvae.errors import UserError

SCRATCH = Path(".cache")  # ignored by git
M = TypeVar("M", bound=BaseModel)
A_DAY = 86_400.0  # seconds; no file or folder is written for so long


def repository() -> Path:
    """The repository's root, also where DVC runs a copy of it, or the project in `papers/`.

    `papers/stages` is a link to the root's.
    """
    return (Path(os.environ.get("DVC_ROOT", ".")) / "stages").resolve().parent


def temporary(path: Path) -> Path:
    """A sibling of `path`, so on its file system, whose name says which process it is of.

    No other process uses it: pids collide on a shared disk, as hosts' names do in containers.
    """
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".{path.name}.{owner}.tmp")


def sweep(path: Path) -> None:
    """Removes the siblings of `path`, made by `temporary`, that killed processes have left.

    These are what a process of this machine wrote that runs no more, and whatever is a day old.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if _abandoned(left):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _abandoned(left: Path) -> bool:
    try:
        if time.time() - left.stat().st_mtime > A_DAY:
            return True
    except FileNotFoundError:
        return False
    here = re.escape(socket.gethostname())
    owner = re.search(rf"\.{here}-(\d+)-[0-9a-f]{{8}}\.tmp$", left.name)
    return owner is not None and not psutil.pid_exists(int(owner[1]))


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yields a temporary path; what was written there replaces `path`, or is gone on an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    written = temporary(path)
    try:
        yield written
        with written.open("r+b") as file:  # Windows flushes only files open for writing
            os.fsync(file.fileno())
        os.replace(written, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk's error names no file
        raise
    finally:
        written.unlink(missing_ok=True)


def replace_folder(written: Path, final: Path) -> None:
    """Puts the complete folder `written` in the place of `final` (both on one file system).

    Where that fails the old folder stays.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if not final.exists():
        os.replace(written, final)
        return
    old = temporary(final)
    os.replace(final, old)
    try:
        os.replace(written, final)
    except OSError:
        os.replace(old, final)
        raise
    shutil.rmtree(old)


def remove_folder(folder: Path) -> None:
    """Removes a folder at once for who looks at its name: half of it is never taken for a whole."""
    sweep(folder)
    gone = temporary(folder)
    os.replace(folder, gone)
    shutil.rmtree(gone)


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Yields an empty folder on the file system of `beside`, which is gone at the end."""
    sweep(beside)
    made = temporary(beside)
    made.mkdir(parents=True)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """Yields an empty folder that takes the place of `final` at the end, or is gone on an error.

    Meanwhile it has a hidden name beside it: DVC (`.dvcignore`), git and the comparison pass that
    over, so that none takes half a result for a whole one. Where `final` is a link, what it leads
    to is replaced.
    """
    final = final.resolve() if final.is_symlink() else final
    with scratch_folder(final) as written:
        yield written
        replace_folder(written, final)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to `path`, whole or not at all."""
    with atomic(path) as temporary_path:
        temporary_path.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 with `\\n` line ends on every system."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Writes JSON. Raises `ValueError` for NaN and infinity: no reader would agree on them."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """What `write_json` writes."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises `UserError` if it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None


def read_json(path: Path) -> Any:
    """Reads JSON. Raises `UserError` if the file is missing or damaged."""
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, an endless number, too deep
        raise UserError(f"{path}: damaged JSON: {error}") from None


def read_as(path: Path, schema: type[M]) -> M:
    """Reads JSON that `schema` describes.

    Raises:
        UserError: the file is missing, damaged, or says something else; the line says where.
    """
    try:
        return schema.model_validate_json(read_bytes(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "JSON"
        raise UserError(f"{path}: damaged: {where}: {first['msg']}") from None


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Writes a training's state; `torch.load(weights_only=True)` reads it."""
    buffer = io.BytesIO()  # torch.save to a full disk raises an error of its own, no `OSError`
    torch.save(dict(state), buffer)
    write_bytes(path, buffer.getvalue())


def write_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Writes named tensors as one safetensors file; the same content gives the same bytes."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # not `save_file`: on a full disk it raises an error of its own, no `OSError`
    content = save(contiguous, metadata=dict(metadata or {}))
    write_bytes(path, _with_sorted_metadata(content) if metadata else content)


def _with_sorted_metadata(content: bytes) -> bytes:
    """safetensors writes its metadata in an order that differs from process to process.

    A file is the length of its header (8 bytes, little-endian), the header as JSON, which spaces
    fill up to a multiple of 8 bytes, and the tensors.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, content[end:]])


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Reads a safetensors file. Raises `UserError` if it is missing or damaged."""
    with _open_tensors(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)


def read_metadata(path: Path) -> dict[str, str]:
    """Reads a safetensors file's metadata. Raises `UserError` if it is missing or damaged."""
    with _open_tensors(path) as file:
        return dict(file.metadata() or {})


@contextmanager
def _open_tensors(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except SafetensorError as error:
        raise UserError(f"{path}: damaged tensor file: {error}") from None
