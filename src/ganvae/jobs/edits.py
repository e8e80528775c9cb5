"""Refuses a result if what it was made of was edited meanwhile: DVC records that at the end."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ganvae.errors import UserError, started_at
from ganvae.jobs import attend
from ganvae.jobs.imports import closure

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "ganvae"
STAGES = ROOT / "stages"
CLOCK_SECONDS = 0.01  # a file's time may lag behind the clock; Python itself starts in longer
# what starts, watches and shows the work, and words its errors, but changes no result
FREE = (PACKAGE / "jobs", PACKAGE / "errors.py")


def sources(*roots: Path) -> list[Path]:
    """The files that make what `roots` make: they and all that they import, less `FREE`."""
    found = closure(roots, {"ganvae": PACKAGE, "stages": STAGES})
    return [file for file in found if not any(file.is_relative_to(free) for free in FREE)]


def of_model(name: str, architecture: str) -> tuple[Path, Path]:
    """The files of a model and its networks, which are imported by their names."""
    return PACKAGE / "models" / name / "model.py", PACKAGE / "networks" / f"{architecture}.py"


def package(*folders: str) -> list[Path]:
    """All files of folders of the package whose modules are imported by their names."""
    found = (file for folder in folders for file in _visible(PACKAGE / folder))
    return sorted(file for file in found if file.suffix != ".pyc")


def digests(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each file and of each one in a folder, hidden ones apart, by its whole path.

    Raises:
        UserError: there is no such file or folder.
    """
    found = attend.digests(sorted(str(file.absolute()) for file in _files(paths)))
    for path, digest in found.items():
        if not digest:
            raise UserError(f"{path}: no such file")
    return found


def _files(paths: Iterable[Path]) -> set[Path]:
    return {f for path in paths for f in (_visible(path) if path.is_dir() else [path])}


def _visible(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [p for p in found if not any(n[0] == "." for n in p.relative_to(folder).parts)]


def refuse_edited(before: Mapping[str, str], hint: str = "") -> None:
    """Raises `UserError` where a file is not what `digests` found; its message ends in `hint`.

    DVC would record the new content for what the old one has made.
    """
    _refuse(before, attend.digests(before), hint)


@contextmanager
def unedited(paths: Iterable[Path]) -> Iterator[None]:
    """At the end `refuse_edited`, of new files in a folder too; an error inside comes first.

    Where something is missing, who reads it says so. At once `refuse_late`.
    """
    read = list(paths)
    before = digests(path for path in read if path.exists())
    refuse_late(before)
    yield
    _refuse(before, digests(path for path in read if path.exists()))


def refuse_late(files: Iterable[str]) -> None:
    """Raises `UserError` for code that was edited while this process imported it.

    What runs is then perhaps the old content, and what `digests` finds the new one. A time to come
    is that of a clock that goes wrong, and says nothing.
    """
    if (started := started_at()) is None:
        return
    code = [Path(file) for file in files if file.endswith(".py")]
    since, now = started - CLOCK_SECONDS, time.time()
    _refuse_named(path.name for path in code if since < path.stat().st_mtime <= now)


def _refuse(before: Mapping[str, str], after: Mapping[str, str], hint: str = "") -> None:
    names = sorted(f for f in before.keys() | after.keys() if before.get(f) != after.get(f))
    _refuse_named((Path(file).name for file in names), hint)


def _refuse_named(names: Iterable[str], hint: str = "") -> None:
    if edited := list(names):
        raise UserError(f"{', '.join(edited)}: edited meanwhile; run dvc repro again{hint}")
