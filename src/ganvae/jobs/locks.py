"""The locks on jobs' folders: what is trained is trained, and taken, by one process at a time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from ganvae.core import storage
from ganvae.jobs.executor import Job, refuse_edited


@contextmanager
def locked(jobs: Iterable[Job]) -> Iterator[None]:
    """Inside, other processes that want one of these jobs wait."""
    different = {job.folder: job for job in jobs}
    with ExitStack() as locks:
        for folder, job in sorted(different.items()):  # in one order: else two wait for each other
            locks.enter_context(_lock(folder.with_suffix(".lock")))
            storage.write_json(folder / "job.json", job.description)
        yield


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file):
        try:
            yield
        finally:
            # While it is held: one who waits finds that the file has gone, and makes another. Where
            # a file in use cannot be removed, on Windows, it stays.
            with suppress(OSError):
                file.unlink()


@contextmanager
def kept(jobs: Sequence[Job]) -> Iterator[None]:
    """`locked`; the jobs' folders stay after an error inside, and go without one.

    Raises:
        UserError: a source was edited after it had named the jobs' folders; they stay.
    """
    with locked(jobs):
        yield
        refuse_edited(jobs)
        for folder in {job.folder for job in jobs}:
            storage.remove_folder(folder)
