"""Refuses a result whose sources were edited while it was made: DVC records them at the end."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ganvae.attend import digests
from ganvae.errors import UserError
from ganvae.syntax import closure

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ganvae"
STAGES = ROOT / "stages"


def sources(*roots: Path) -> list[Path]:
    """The files of this project that make what `roots` make: they and all that they import."""
    return closure(roots, {"ganvae": PACKAGE, "stages": STAGES})


def of_model(name: str, architecture: str) -> tuple[Path, Path]:
    """The files of a model and its networks, which are imported by their names."""
    return PACKAGE / "models" / f"{name}.py", PACKAGE / "networks" / f"{architecture}.py"


@contextmanager
def unedited(files: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Yields the SHA-256 of every file, by its whole path.

    Raises:
        UserError: at the end, where one is not what it was: DVC would record the new content for
            what the old one made.
    """
    before = digests(sorted({str(file.resolve()) for file in files}))
    yield before
    after = digests(before)
    if edited := [Path(file).name for file in before if after[file] != before[file]]:
        raise UserError(
            f"{', '.join(edited)}: edited meanwhile; run dvc repro again "
            "(with the old content, finished trainings are found again)"
        )
