"""The independent trainings of a stage, as commands on an executor.

A job is a command that trains or resumes in a folder of its own and leaves `result/` there, renamed
into place when it is complete. Running it again is harmless. What a job trains is not known here.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ganvae.errors import Interrupted, UserError

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        label: for messages and the progress bar.
        command: what to run.
        folder: the job's own; named by everything that its result depends on.
    """

    label: str
    command: Sequence[str]
    folder: Path

    @property
    def result(self) -> Path:
        """The complete result; missing while the job is not done."""
        return self.folder / "result"


def runs_folder() -> Path:
    """Where jobs live: outside DVC's outs, shared by the repository and its queued experiments."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve() / ".cache" / "runs"


def fingerprint(description: Mapping[str, Any], files: Iterable[Path]) -> str:
    """A name for everything that a result depends on: a description and the content of files."""
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for path in sorted(files):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"\n{path.name} {content}".encode())
    return digest.hexdigest()[:20]


def loaded_sources() -> list[Path]:
    """The files of this project's modules that the running process has imported."""
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] in ("ganvae", "stages")]
    return sorted({Path(module.__file__) for module in modules if module.__file__})


def workers(gpus: int) -> int:
    """Trainings at once: one per core; `GANVAE_WORKERS` overrides it. On GPUs they take turns."""
    asked = os.environ.get("GANVAE_WORKERS")
    if asked is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return max(cores or 1, gpus)
    if not asked.isdigit() or int(asked) < 1:
        raise UserError(f"GANVAE_WORKERS={asked}: allowed: an integer >= 1")
    return int(asked)


def run(jobs: Sequence[Job], gpus: int, watch: Callable[[], None]) -> None:
    """Runs every job to its end, as many at once as the machine has cores.

    A job that fails fails alone: the others finish first. On SIGINT, SIGTERM or the end of the
    parent process every job is asked to stop, which saves its resume state.

    Args:
        jobs: those whose result is there already are not run.
        gpus: number of GPUs the jobs are dealt to in turn; 0 on a machine without.
        watch: called a few times a second, for a progress display.

    Raises:
        UserError: a job failed; it has said why on stderr.
        Interrupted: after all jobs have stopped.
    """
    started: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()
    starting = threading.Lock()  # nothing starts after the others were asked to stop

    def call(job: Job, gpu: int | None) -> int:
        with starting:
            if stopping.is_set():
                return 0
            process = subprocess.Popen(job.command, env=_environment(gpu))
            started.append(process)
        return process.wait()

    todo = [job for job in jobs if not job.result.exists()]
    parent = os.getppid()
    handlers = {number: signal.signal(number, _interrupt) for number in _STOP_SIGNALS}
    try:
        with ThreadPoolExecutor(workers(gpus)) as executor:
            try:
                futures = [
                    executor.submit(call, job, index % gpus if gpus else None)
                    for index, job in enumerate(todo)
                ]
                _wait(futures, parent, watch)
            except Interrupted:
                stopping.set()
                with starting:
                    for process in started:
                        process.terminate()
                raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    failed = [job for job in todo if not job.result.exists()]
    if failed:
        labels = ", ".join(job.label for job in failed)
        raise UserError(f"{labels}: failed, the reason is above; finished trainings are kept")


def _wait(futures: Sequence[Future[int]], parent: int, watch: Callable[[], None]) -> None:
    while not all(future.done() for future in futures):
        if os.getppid() != parent:
            raise Interrupted
        watch()
        time.sleep(POLL_SECONDS)
    watch()


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def _environment(gpu: int | None) -> dict[str, str]:
    """One thread per training: more change the bits, and two of one thread beat one of two."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if gpu is not None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else []
        environment["CUDA_VISIBLE_DEVICES"] = names[gpu] if gpu < len(names) else str(gpu)
    return environment
