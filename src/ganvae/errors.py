"""How a command ends when its input is bad: one line on stderr and a non-zero exit status."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 1000  # letters of a line
PARENT_SECONDS = 0.2


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

    Exit status: 0 after success, 1 after a `UserError` or an `OSError` (full disk, unwritable
    folder), 130 after Ctrl-C. Anything else is a defect and keeps its traceback.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGINT, signal.default_int_handler)  # see stages/__init__.py
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what its encoding lacks goes out as a number: a λ in cp1252 as \u03bb
            stream.reconfigure(errors="backslashreplace")
    if "DVC_STAGE" in os.environ:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        main()
    except UserError as error:
        fail(str(error))
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        fail(f"{error.strerror or error}{where}")
    except (KeyboardInterrupt, Interrupted) as stop:
        sys.stderr.write(f"{str(stop) or 'stopped'}\n")
        sys.exit(128 + signal.SIGINT)


def _end_with(parent: int) -> None:
    """Asks this process to stop once `parent` runs no more, as after `kill -9` of DVC.

    A stage that went on would write into outs that the next `dvc repro` has begun to make anew.
    """
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def fail(message: str) -> None:
    """Prints `message` as one line on stderr and ends the process with status 1."""
    line = " ".join(message.split())
    if len(line) > LONGEST:  # some libraries' messages quote a whole file
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    sys.stderr.write(f"error: {line}\n")
    sys.exit(1)
