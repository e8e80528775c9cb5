"""One job's process, attended from its start to its end, for as long as somebody wants the job."""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

POLL_SECONDS = 0.2
LOST_SECONDS = 120.0  # a shared disk may show a change a minute late


def attend(order: Path) -> None:
    """Runs the job that `order` describes; not where its sources are not what they were.

    The job is wanted as long as the file stays as it is and its stage touches it now and then. Once
    it is gone, changed or `LOST_SECONDS` old, or this process's parent has ended, the job is asked
    to stop. A stage that takes a job over from a dead one writes an order of its own.

    Args:
        order: JSON of `id`, unique; `command`; `folder`, where it runs; `environment`, laid over
            this process's; `sources`, the SHA-256 of every file that the stage runs on.

    Raises:
        subprocess.CalledProcessError: the job ended by itself with another status than 0.
        OSError: the command cannot be run.
    """
    parent = os.getppid()
    first = _read(order)
    if not first:
        return
    content, touched = first
    try:
        described = json.loads(content)
        if digests(described["sources"]) != described["sources"]:
            return
    except (KeyError, TypeError, ValueError):  # nobody's order
        return
    process = subprocess.Popen(
        described["command"],
        cwd=described["folder"],
        # a job ends with the process that attends it: see `stages/train_one.py`
        env={**os.environ, **described["environment"], "GANVAE_PARENT": str(os.getpid())},
    )
    seen = time.monotonic()  # ages by this machine's clock: a shared disk may have another
    asked_to_stop = False
    while True:
        try:
            process.wait(POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            now = _read(order)
            if now and now[1] != touched:
                touched, seen = now[1], time.monotonic()
            wanted = now and now[0] == content and time.monotonic() - seen < LOST_SECONDS
            if not asked_to_stop and not (wanted and os.getppid() == parent):
                process.terminate()
                asked_to_stop = True
    if process.returncode and not asked_to_stop:
        raise subprocess.CalledProcessError(process.returncode, described["command"])


def digests(paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file; empty for one that is not there."""
    found = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                found[path] = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found[path] = ""
    return found


def _read(order: Path) -> tuple[str, float] | None:
    """The file's content and when it was touched, by its disk's clock; None if it is unreadable."""
    try:
        return order.read_text(encoding="utf-8"), order.stat().st_mtime
    except (OSError, UnicodeDecodeError):
        return None
