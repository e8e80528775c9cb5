"""Fetches files from mirrors in turn, and believes only their checksums."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from ganvae.core import storage
from ganvae.core.deadline import within
from ganvae.data import idx
from ganvae.errors import UserError

MAX_BYTES = 64 * 2**20  # the largest file, MNIST's training images, has 47 million
CHUNK_BYTES = 2**16
TIMEOUT_SECONDS = 20.0  # of silence
DEADLINE_SECONDS = 600.0  # for a file, all tries together
PAUSES_SECONDS = (1.0, 2.0)  # after the first and the second failed try; the third is the last
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}

Mirror = str | Path  # an http or https address, or a folder


class AbsentError(Exception):
    """The mirror answers, but has no such file."""


class UnreachableError(Exception):
    """The mirror does not answer, or the connection broke: another try may help."""


def fetch(mirrors: Sequence[Mirror], checksums: Mapping[str, str], folder: Path) -> None:
    """Writes every file that `checksums` names into `folder`, decompressed.

    A mirror holds a file as `<name>.gz` or `<name>`. What one mirror lacks, garbles or fails to
    deliver is asked of the next. Prints which mirror gave how many files, and what went wrong.

    Arguments:
        mirrors: in the order in which they are asked.
        checksums: for each file's name the SHA-256 of its decompressed content, in hex.

    Raises:
        UserError: a file that no mirror gave right, with each mirror's first fault.
    """
    wanted, faults = dict(checksums), dict[str, str]()
    for mirror in mirrors:
        before = len(wanted)
        for name, checksum in list(wanted.items()):
            try:
                content = _read(mirror, name)
                check(content, checksum, name)
            except (AbsentError, UnreachableError, UserError) as fault:
                faults.setdefault(str(mirror), str(fault))
                if isinstance(fault, UnreachableError):
                    break
            else:
                storage.write_bytes(folder / name, content)
                del wanted[name]
        if len(wanted) < before:
            print(f"{before - len(wanted)} files from {mirror}, checksums right")
        if not wanted:
            break
    said = [f"{mirror}: {fault}" for mirror, fault in faults.items()]
    if wanted:
        raise UserError(
            f"no mirror gave {', '.join(wanted)}: {'; '.join(said)}. The environment variable"
            " GANVAE_MIRROR may name a folder that holds these files, or another address"
        )
    for line in said:
        print(line)


def check(content: bytes, checksum: str, source: str) -> None:
    """Raises `UserError` unless `checksum` is the SHA-256 of `content`."""
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise UserError(
            f"{source}: wrong content: SHA-256 {found[:12]}...; {checksum[:12]}... expected"
        )


def read_local(folder: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """The decompressed content of `<name>.gz` or `<name>` in `folder`.

    Raises:
        AbsentError: neither is there.
        UserError: it is damaged or exceeds `limit` bytes, or both are there and differ.
        OSError: it cannot be read.
    """
    found = [path for path in (folder / f"{name}.gz", folder / name) if path.is_file()]
    if not found:
        raise AbsentError(f"neither {name}.gz nor {name} is there")
    contents = []
    for path in found:
        if path.stat().st_size > limit:
            raise UserError(f"{path}: a file of more than {limit} bytes")
        contents.append(idx.unpack(path.read_bytes(), str(path), limit))
    if contents[0] != contents[-1]:
        raise UserError(f"{found[0]} and {found[-1]} differ: one of them is stale, remove it")
    return contents[0]


def _read(mirror: Mirror, name: str) -> bytes:
    if isinstance(mirror, Path):
        if not mirror.is_dir():
            raise UnreachableError("no such folder")
        try:
            return read_local(mirror, name)
        except OSError as error:
            raise AbsentError(f"{name}: {error.strerror or error}") from None
    answers = []
    for candidate in (f"{name}.gz", name):
        try:
            packed = _download(f"{mirror.rstrip('/')}/{candidate}", candidate)
        except AbsentError as absent:
            answers.append(f"{candidate}: {absent}")
        else:
            return idx.unpack(packed, candidate, MAX_BYTES)
    raise AbsentError(", ".join(answers))


def _download(address: str, name: str) -> bytes:
    """The body at `address`, with three tries. Raises `AbsentError` or `UnreachableError`."""
    try:
        return within(DEADLINE_SECONDS, lambda: _try_thrice(address, name))
    except TimeoutError as late:
        raise UnreachableError(f"{name}: {late}") from None


def _try_thrice(address: str, name: str) -> bytes:
    for pause in PAUSES_SECONDS:
        try:
            return _download_once(address, name)
        except UnreachableError:
            time.sleep(pause)
    return _download_once(address, name)


def _download_once(address: str, name: str) -> bytes:
    try:
        request = urllib.request.Request(address, headers={"User-Agent": "ganvae"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return _receive(response, name)
    except urllib.error.HTTPError as error:
        with error:
            answer = f"HTTP {error.code} {error.reason}"
        raise (UnreachableError if error.code in TRANSIENT_STATUS else AbsentError)(
            answer
        ) from None
    except urllib.error.URLError as error:
        raise UnreachableError(f"{name}: {error.reason}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: no address
        raise UnreachableError(f"{name}: {str(error) or type(error).__name__}") from None


def _receive(response: http.client.HTTPResponse, name: str) -> bytes:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    body = bytearray()
    # disable=None: no bar where stderr is no terminal
    with tqdm(total=total, desc=name, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        while chunk := response.read(CHUNK_BYTES):
            body += chunk
            bar.update(len(chunk))
            if len(body) > MAX_BYTES:
                raise UserError(f"{name}: a file of more than {MAX_BYTES} bytes")
    if total is not None and len(body) < total:
        raise UnreachableError(f"{name}: connection closed after {len(body)} of {total} bytes")
    return bytes(body)
