"""Commands of the project called in this process: nothing is imported anew."""

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from unittest import mock

from ganvae.experiments.shared import classifiers
from ganvae.jobs import executor
from ganvae.jobs.executor import Job
from ganvae.metrics import frechet_distance
from ganvae.models.base import snapshots
from ganvae.training import costs
from stages import download, preprocess, train_one


def call(folder: Path, main: Callable[[], None], *arguments: str) -> None:
    """What `python -m stages.<...> <arguments>` does in `folder`, with the code of this tree.

    Its jobs are processes all the same, and run the folder's own copy of the code.
    """
    with contextlib.chdir(folder), mock.patch("sys.argv", ["stage", *arguments]):
        main()


def whole(folder: Path, main: Callable[[], None], *arguments: str) -> None:
    """`call`, with its jobs in this process too, one after the other."""
    with mock.patch.object(executor, "run", _run):
        call(folder, main, *arguments)


@contextlib.contextmanager
def little_drawn() -> Iterator[None]:
    """In this process trainings draw few images, for their snapshots and to measure their speed.

    And evaluations few resamples, which are nine tenths of the time that few images take.
    """
    with contextlib.ExitStack() as stack:
        for module, name, value in (
            (snapshots, "IMAGES", 50), (costs, "SAMPLED", 10), (costs, "SAMPLING_SECONDS", 1e-9),
            (frechet_distance, "RESAMPLES", 10),
        ):  # fmt: skip
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def prepared(made: Path) -> Path:
    """A project that `project.make` has made, with the bundled digits processed."""
    call(made, download.main)
    call(made, preprocess.main)
    return made


def _run(jobs: Iterable[Job], gpus: int, watch: Callable[[], None]) -> None:
    """In place of `executor.run`."""
    for job in {job.folder: job for job in jobs}.values():
        if job.result.exists():
            continue
        if "stages.train_classifier_one" in job.command:
            classifiers.train_one(job.folder)
        else:
            with _handlers(), mock.patch("sys.argv", ["stage", str(job.folder)]):
                train_one.main()
        watch()


@contextlib.contextmanager
def _handlers() -> Iterator[None]:
    """Afterwards signals do what they did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
