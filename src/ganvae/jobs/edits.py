"""Refuses a result whose sources were edited while it was made: DVC records them at the end."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ganvae.errors import UserError
from ganvae.jobs import attend
from ganvae.jobs.imports import closure

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "ganvae"
STAGES = ROOT / "stages"
# what starts, watches and shows the work, and words its errors, but changes no result
FREE = (PACKAGE / "jobs", PACKAGE / "errors.py")


def sources(*roots: Path) -> list[Path]:
    """The files that make what `roots` make: they and all that they import, less `FREE`."""
    found = closure(roots, {"ganvae": PACKAGE, "stages": STAGES})
    return [file for file in found if not any(file.is_relative_to(free) for free in FREE)]


def of_model(name: str, architecture: str) -> tuple[Path, Path]:
    """The files of a model and its networks, which are imported by their names."""
    return PACKAGE / "models" / name / "model.py", PACKAGE / "networks" / f"{architecture}.py"


def digests(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each file, by its whole path. Raises `UserError` for one that is not there."""
    found = attend.digests(sorted({str(file.absolute()) for file in files}))
    for path, digest in found.items():
        if not digest:
            raise UserError(f"{path}: no such file")
    return found


def refuse_edited(before: Mapping[str, str], hint: str = "") -> None:
    """Raises `UserError` where a file is not what `digests` found; its message ends in `hint`.

    DVC would record the new content for what the old one has made.
    """
    after = attend.digests(before)
    if edited := [Path(file).name for file in before if after[file] != before[file]]:
        raise UserError(f"{', '.join(edited)}: edited meanwhile; run dvc repro again{hint}")


@contextmanager
def unedited(files: Iterable[Path]) -> Iterator[None]:
    """At the end `refuse_edited`; an error inside comes first."""
    before = digests(files)
    yield
    refuse_edited(before)
