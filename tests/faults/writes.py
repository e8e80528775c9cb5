"""Every write, flush, rename and read of a stage fails in turn: nothing half-written stays."""

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from ganvae.core import storage
from ganvae.errors import UserError
from stages import download, evaluate, preprocess, train, train_classifier
from tests import inside, project

Stage = tuple[str, Callable[[], None], tuple[str, ...], tuple[str, ...]]
# a stage, its argument, and its outs
STAGES: tuple[Stage, ...] = (
    ("download", download.main, (), ("data/raw",)),
    ("preprocess", preprocess.main, (), ("data/processed",)),
    ("train_classifier", train_classifier.main, (), ("data/classifier", "metrics/classifier.json")),
    ("train", train.main, ("vae",), ("data/models/vae",)),
    ("evaluate", evaluate.main, ("vae",), ("data/evaluation/vae", "metrics/vae.json")),
)
# where the system is asked: what fails there, and how
FAULTS: tuple[tuple[Any, str, int], ...] = (
    (Path, "write_bytes", errno.ENOSPC),
    (Path, "write_bytes", errno.EIO),
    (os, "fsync", errno.ENOSPC),
    (os, "fsync", errno.EIO),
    (os, "replace", errno.EACCES),
    (os, "replace", errno.EIO),
    (Path, "read_bytes", errno.EIO),
    (Path, "read_bytes", errno.EACCES),
    (storage, "safe_open", errno.EIO),
)
TIMINGS = ("costs",)  # folders of files that differ from run to run


class Failing:
    """The n-th call fails; a write leaves half of its bytes, as on a full disk."""

    def __init__(self, original: Callable[..., Any], nth: int, number: int) -> None:
        self.original, self.left, self.number = original, nth, number

    def as_function(self) -> Callable[..., Any]:
        """A function becomes a method where it stands in a class."""
        return lambda *given, **named: self(*given, **named)

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left:
            return self.original(*given, **named)
        if isinstance(given[-1], bytes):
            self.original(given[0], given[-1][: len(given[-1]) // 2])
        raise OSError(self.number, os.strerror(self.number))


def main(names: Sequence[str] = tuple(name for name, *_ in STAGES)) -> int:
    """Fails each call of each of these stages in turn. Returns how often something went wrong."""
    failures, wrong = 0, []
    with tempfile.TemporaryDirectory() as scratch, inside.little_drawn():
        folder = inside.prepared(project.make(Path(scratch) / "project", {}))
        for name, run, arguments, outs in (stage for stage in STAGES if stage[0] in names):
            inside.whole(folder, run, *arguments)
            whole = _outs(folder, outs)
            for owner, called, number in FAULTS:
                for nth in _until_it_succeeds(folder, run, arguments, owner, called, number):
                    failures += 1
                    wrong += [f"{name}, {called} {nth}: {w}" for w in _left(folder, outs, whole)]
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"failures: {failures}; half-written outs, tracebacks or other bytes: {len(wrong)}")
    return len(wrong)


def _until_it_succeeds(
    folder: Path,
    run: Callable[[], None],
    arguments: tuple[str, ...],
    owner: Any,
    called: str,
    number: int,
) -> Iterator[int]:
    """Yields n for every n-th call that exists, once it has failed."""
    nth = 1
    while True:
        failing = Failing(getattr(owner, called), nth, number)
        patched = mock.patch.object(owner, called, failing.as_function())
        with patched, contextlib.suppress(OSError, UserError), _silence():
            inside.whole(folder, run, *arguments)
        if failing.left > 0:
            return
        yield nth
        nth += 1


def _left(folder: Path, outs: tuple[str, ...], whole: dict[str, bytes]) -> list[str]:
    """What is wrong with what a failure left: the earlier outs stay, whole."""
    found = _outs(folder, outs)
    wrong = [n for n, content in found.items() if whole.get(n) != content]
    wrong += [str(p) for p in folder.rglob("*.tmp") if p.is_dir()]
    said = [f"{name} is half-written or another" for name in wrong]
    return said + [f"{name} is gone" for name in sorted(whole.keys() - found.keys())]


def _outs(folder: Path, outs: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in (folder / out for out in outs if (folder / out).exists()):
        out = path.relative_to(folder).as_posix()
        files = project.contents(path) if path.is_dir() else {"": path.read_bytes()}
        found |= {
            f"{out}/{name}": content
            for name, content in files.items()
            if not any(part in TIMINGS for part in Path(name).parts)
        }
    return found


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
