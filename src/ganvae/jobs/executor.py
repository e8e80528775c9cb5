"""The independent trainings of a stage, as commands on an executor.

A job is a command that trains or resumes in a folder of its own and leaves `result/` there, renamed
into place when it is complete. Running it again is harmless. What a job trains is not known here.
"""

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ganvae.core import storage
from ganvae.errors import Interrupted, UserError
from ganvae.jobs import edits
from ganvae.jobs.attend import POLL_SECONDS, attend

CLUSTER = "DASK_SCHEDULER_ADDRESS"
HOLD_SECONDS = 10.0

Futures = Sequence[Future[Any]]
Submit = Callable[[Path], Future[Any]]


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        label: for messages and the progress bar.
        command: what to run.
        folder: the job's own; named by everything that its result depends on.
        sources: SHA-256 of the files that this is told by, the parameters' too, by whole path.
        description: what the command reads from `<folder>/job.json`.
    """

    label: str
    command: Sequence[str]
    folder: Path
    sources: Mapping[str, str]
    description: Mapping[str, Any]

    @property
    def result(self) -> Path:
        """The complete result; missing while the job is not done."""
        return self.folder / "result"

    @property
    def order(self) -> Path:
        """The file by which a stage says that it wants this job, see `ganvae.jobs.attend`."""
        return self.folder / "order.json"


def runs_folder() -> Path:
    """Where jobs live: outside DVC's outs, shared by the repository and its queued experiments."""
    return storage.repository() / ".cache" / "runs"


def fingerprint(description: Mapping[str, Any]) -> str:
    """A name for everything that a result depends on."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:20]


def workers(gpus: int) -> int:
    """Trainings at once: as many as there are cores for; `GANVAE_WORKERS` overrides it.

    On GPUs they take turns.
    """
    asked = os.environ.get("GANVAE_WORKERS", str(max(cores(), gpus)))
    if not asked.isdecimal() or int(asked) < 1:
        raise UserError(f"GANVAE_WORKERS={asked}: allowed: an integer >= 1")
    return int(asked)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(jobs: Iterable[Job], gpus: int, watch: Callable[[], None]) -> None:
    """Runs every job to its end: on this machine, or on the cluster that the environment names.

    A job that fails fails alone: the others finish first. On SIGINT, SIGTERM or the end of the
    parent process every job is asked to stop, which saves its resume state.

    Args:
        jobs: those whose result is there already are not run; the first ones start first. Two of
            one folder are one.
        gpus: number of GPUs of this machine that the jobs are dealt to in turn; 0 without.
        watch: called a few times a second, for a progress display.

    Raises:
        UserError: a job failed; or a source was edited after it had named the jobs' folders, so
            that later jobs would run, and DVC would record, what the first ones did not.
        Interrupted: after the jobs of this machine have stopped.
    """
    different = {job.folder: job for job in jobs}.values()
    todo = [job for job in different if not job.result.exists()]
    with _stoppable(), _place(gpus) as (submit, environment_of):
        try:
            for index, job in enumerate(todo):
                _write_order(job, environment_of(index))
            futures = [submit(job.order) for job in todo]
            _wait(futures, todo, watch)
        finally:
            for job in todo:
                job.order.unlink(missing_ok=True)
    refuse_edited(different)
    _refuse_failures(todo, futures)


@contextmanager
def _place(gpus: int) -> Iterator[tuple[Submit, Callable[[int], dict[str, str]]]]:
    """Where the jobs run: what submits an order there, and the environment of the n-th job."""
    if CLUSTER in os.environ:
        from ganvae.jobs import cluster  # an extra; most users have no cluster

        with cluster.connected(os.environ[CLUSTER]) as executor:
            yield lambda order: cluster.submit(executor, order), lambda index: cluster.environment()
    else:
        with ThreadPoolExecutor(workers(gpus)) as threads:
            yield (
                lambda order: threads.submit(attend, order),
                lambda index: environment(index % gpus if gpus else None),
            )


def _write_order(job: Job, variables: Mapping[str, str]) -> None:
    order = {
        "id": secrets.token_hex(8),
        "command": list(job.command),
        "folder": os.getcwd(),
        "environment": variables,
        "sources": job.sources,
    }
    storage.write_json(job.order, order)


def refuse_edited(jobs: Iterable[Job]) -> None:
    """Raises `UserError` where a source is not what it was when it named the jobs' folders."""
    read = {file: digest for job in jobs for file, digest in job.sources.items()}
    edits.refuse_edited(read, " (with the old content, finished trainings are found again)")


def _refuse_failures(todo: Sequence[Job], futures: Futures) -> None:
    failed = [
        f"{job.label} ({_ending(future)})"
        for job, future in zip(todo, futures, strict=True)
        if not job.result.exists()
    ]
    if failed:
        raise UserError(f"{', '.join(failed)}: failed; finished trainings are kept")


def _ending(future: Future[Any]) -> str:
    try:
        future.result()
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr or "")  # from another machine
        if error.returncode < 0:
            return f"killed by {signal.Signals(-error.returncode).name}"
        return f"exit status {error.returncode}, the reason is above"
    except CancelledError:
        return "lost with the cluster's scheduler"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "not run: the worker does not see the project's files as they are here"


def _wait(futures: Futures, todo: Sequence[Job], watch: Callable[[], None]) -> None:
    parent, held = os.getppid(), time.monotonic()
    while not all(future.done() for future in futures):
        if os.getppid() != parent:
            raise Interrupted
        if time.monotonic() - held > HOLD_SECONDS:
            for job in todo:
                os.utime(job.order)
            held = time.monotonic()
        watch()
        time.sleep(POLL_SECONDS)
    watch()


@contextmanager
def _stoppable() -> Iterator[None]:
    """The first SIGINT or SIGTERM raises `Interrupted` inside."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:  # a second one would end the wait for the jobs that save their state
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted

    handlers = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def environment(gpu: int | None) -> dict[str, str]:
    """What a job on this machine finds in its environment beside the stage's own.

    One thread per training: more change the bits, and two of one thread beat one of two. A GPU is
    dealt by making it the only one that the job sees.
    """
    found = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    kind, _, number = os.environ.get("GANVAE_DEVICE", "").partition(":")
    if kind == "cuda" and number.isdigit():  # the user's choice; in the job it is the first
        gpu, found["GANVAE_DEVICE"] = int(number), kind
    if gpu is not None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else []
        found["CUDA_VISIBLE_DEVICES"] = names[gpu] if gpu < len(names) else str(gpu)
    return found
