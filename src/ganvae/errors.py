"""How a command ends when its input is bad: one line on stderr and a non-zero exit status."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LONGEST = 1000  # letters of a line
PARENT_SECONDS = 0.2
SHELLS = ("sh", "ash", "bash", "dash", "fish", "ksh", "zsh")


def _begun_by() -> tuple[psutil.Process, int]:
    """This process, or the outermost shell around it, and the parent of that: DVC.

    Some shells stay between DVC and the command that it runs by them, and outlive it.
    """
    outer = psutil.Process()
    while (parent := outer.parent()) and parent.name() in SHELLS:
        outer = parent
    return outer, outer.ppid()


IMPORTED_AT = time.time()  # by a stage before all else, see stages/__init__.py
_started = False


def started_at() -> float | None:
    """The time before which this process had read no code of the project but this module.

    None outside of `run`: there the process may be older than what it works on.
    """
    return IMPORTED_AT if _started else None


# as early as a stage can: it imports for seconds, in which its DVC may be killed
BEGUN_BY = _begun_by() if "DVC_STAGE" in os.environ else None


class UserError(Exception):
    """Something the user can mend: the message is one line that says what, where and how."""


class ParameterError(UserError):
    """A parameter that no stage can use; `parameters_of` says in which file it stands."""

    file: Path = Path("params.yaml")
    where: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.where}{self.args[0]}"


@contextmanager
def parameters_of(file: Path, where: str = "") -> Iterator[None]:
    """Inside, a `ParameterError` is about `file`, and about `where` in it, such as one system."""
    try:
        yield
    except ParameterError as error:
        error.file, error.where = file, where
        raise


class Interrupted(Exception):  # noqa: N818 (a request, not an error)
    """The user, or the process that started this one, asked for an orderly stop."""


def run(main: Callable[[], None]) -> None:
    """Runs `main` and turns what a user can mend into one line on stderr.

    Exit status: 0 after success, 1 after a `UserError`, an `OSError` (full disk, unwritable folder)
    or the failure of a command that it called, 130 after Ctrl-C. Anything else is a defect and
    keeps its traceback.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGINT, signal.default_int_handler)  # see stages/__init__.py
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what its encoding lacks goes out as a number: a λ in cp1252 as \u03bb
            stream.reconfigure(errors="backslashreplace")
    if BEGUN_BY:
        threading.Thread(target=_end_with, args=BEGUN_BY, daemon=True).start()
    try:
        with _at_work():
            main()
    except UserError as error:
        fail(str(error))
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        fail(f"{error.strerror or error}{where}")
    except subprocess.CalledProcessError as error:  # that command has said why
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        fail(f"{command}: ended with status {error.returncode}")
    except (KeyboardInterrupt, Interrupted) as stop:
        sys.stderr.write(f"{str(stop) or 'stopped'}\n")
        sys.exit(128 + signal.SIGINT)


@contextmanager
def _at_work() -> Iterator[None]:
    global _started
    before, _started = _started, True
    try:
        yield
    finally:
        _started = before


def _end_with(outer: psutil.Process, parent: int) -> None:
    """Asks this process to stop once `parent` of `outer` runs no more, as after `kill -9` of DVC.

    A stage that went on would write into outs that the next `dvc repro` has begun to make anew.
    """
    with suppress(psutil.NoSuchProcess):
        while outer.ppid() == parent:
            time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def fail(message: str) -> None:
    """Prints `message` as one line on stderr and ends the process with status 1."""
    line = " ".join(message.split())
    if len(line) > LONGEST:  # some libraries' messages quote a whole file
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    sys.stderr.write(f"error: {line}\n")
    sys.exit(1)
