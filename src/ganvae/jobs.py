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
    """The files of this project's modules that the running process has imported.

    The trainings' scripts are among them: one is the process itself, the other it starts.
    """
    modules = {n: m for n, m in sys.modules.items() if n.split(".")[0] in ("ganvae", "stages")}
    files = {Path(module.__file__) for module in modules.values() if module.__file__}
    if "stages" in modules:
        folder = Path(str(modules["stages"].__file__)).parent
        files |= {folder / "train.py", folder / "train_one.py"}
    return sorted(files)


def workers(gpus: int) -> int:
    """Trainings at once: one per core; `GANVAE_WORKERS` overrides it. On GPUs they take turns."""
    asked = os.environ.get("GANVAE_WORKERS")
    if asked is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return max(cores or 1, gpus)
    if not asked.isdigit() or int(asked) < 1:
        raise UserError(f"GANVAE_WORKERS={asked}: allowed: an integer >= 1")
    return int(asked)


def run(
    jobs: Sequence[Job],
    gpus: int,
    watch: Callable[[], None],
    params_file: Path = Path("params.yaml"),
) -> None:
    """Runs every job to its end, as many at once as the machine has cores.

    A job that fails fails alone: the others finish first. On SIGINT, SIGTERM or the end of the
    parent process every job is asked to stop, which saves its resume state.

    Args:
        jobs: those whose result is there already are not run.
        gpus: number of GPUs the jobs are dealt to in turn; 0 on a machine without.
        watch: called a few times a second, for a progress display.
        params_file: where the jobs' parameters stand.

    Raises:
        UserError: a job failed; or a source file or `params_file` was edited meanwhile, so that
            later jobs would run, and DVC would record, what the first ones did not.
        Interrupted: after all jobs have stopped.
    """
    started: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()
    starting = threading.Lock()  # nothing starts after the others were asked to stop
    # what later jobs must read as the first ones do, and DVC records at the end
    before = _contents([*loaded_sources(), params_file])

    def call(job: Job, gpu: int | None) -> int:
        with starting:
            if stopping.is_set() or _contents(before) != before:
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
    _refuse_edits(before)
    _refuse_failures(todo, futures)


def _refuse_edits(before: Mapping[Path, bytes]) -> None:
    after = _contents(before)
    edited = [path.name for path in before if after[path] != before[path]]
    if edited:
        raise UserError(
            f"{', '.join(edited)}: edited while the trainings ran; run dvc repro again "
            "(with the old content, finished trainings are found again)"
        )


def _refuse_failures(todo: Sequence[Job], futures: Sequence[Future[int]]) -> None:
    failed = [
        f"{job.label} ({_ending(future.result())})"
        for job, future in zip(todo, futures, strict=True)
        if not job.result.exists()
    ]
    if failed:
        raise UserError(f"{', '.join(failed)}: failed; finished trainings are kept")


def _contents(files: Iterable[Path]) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.exists() else b"" for path in files}


def _ending(status: int) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}, the reason is above"


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
    """One thread per training: more change the bits, and two of one thread beat one of two.

    A GPU is dealt by making it the only one that the job sees; `GANVAE_PARENT` tells the job whose
    end is its own.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment["GANVAE_PARENT"] = str(os.getpid())
    kind, _, number = environment.get("GANVAE_DEVICE", "").partition(":")
    if kind == "cuda" and number.isdigit():  # the user's choice; in the job it is the first
        gpu, environment["GANVAE_DEVICE"] = int(number), kind
    if gpu is not None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else []
        environment["CUDA_VISIBLE_DEVICES"] = names[gpu] if gpu < len(names) else str(gpu)
    return environment
