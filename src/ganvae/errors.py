"""How a command ends when its input is bad: one line on stderr and a non-zero exit status."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
    try:
        main()
    except UserError as error:
        fail(str(error))
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        fail(f"{error.strerror or error}{where}")
    except (KeyboardInterrupt, Interrupted):
        sys.stderr.write("stopped\n")
        sys.exit(128 + signal.SIGINT)


def fail(message: str) -> None:
    """Prints `message` as one line on stderr and ends the process with status 1."""
    sys.stderr.write("error: " + " ".join(message.split()) + "\n")
    sys.exit(1)
