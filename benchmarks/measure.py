"""One call in a process of its own: its seconds and its memory, or which limit it passed."""

import ctypes
import gc
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.metric_cases import CASES, Values
from ganvae import errors
from ganvae.errors import UserError

TINY = 700  # images of the call that warms up; a fifth of them still has full covariance
LONG_SECONDS = 5.0  # a call that took longer is not repeated
CALLS, WINDOW_SECONDS = 3, 0.3  # otherwise at least so many, for at least so long
POLL_SECONDS = 0.02
START_SECONDS = 120.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Spec:
    """What a process measures: one side of one metric, at one size, on so many cores."""

    metric: str
    side: str
    images: int
    threads: int


@dataclass(frozen=True)
class Limits:
    """What a measurement may take.

    Attributes:
        gib: memory above the level before the call, in GiB.
        seconds: of all calls of the process together.
    """

    gib: float
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a call takes.

    Attributes:
        seconds: the median of `calls` calls.
        calls: how often it was called.
        mib: the most resident memory during the first call above the level before it.
        core_share: seconds of processor time per second; 1 for a thread that had a core to itself.
        values: what the call returned.
    """

    seconds: float
    calls: int
    mib: float
    core_share: float
    values: Values


def measured(spec: Spec, limits: Limits) -> Cost | str:
    """Measures in a new process; the limit that it passed, if it did, in words.

    The process is a copy of one that has imported everything and done nothing else (Python's
    `forkserver`): imports take longer than most metrics.

    Raises:
        UserError: the process ended by itself; its traceback is on stderr.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.metric_cases"])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(spec, theirs))
    process.start()
    theirs.close()  # so that the end of the process is seen here
    try:
        if not ours.poll(START_SECONDS):
            raise UserError(f"{spec}: not ready within {START_SECONDS:g} s")
        level, pid = _received(ours, spec), _pid(process)
        start = time.monotonic()
        while not ours.poll(POLL_SECONDS):
            if (resident(pid) - level) / 1024 > limits.gib:
                return f"more than {limits.gib:g} GiB"
            if time.monotonic() - start > limits.seconds:
                return f"more than {limits.seconds:g} s"
        found: Cost | str = _received(ours, spec)
        process.join(START_SECONDS)
        return found
    finally:
        process.kill()
        process.join()


def _pid(process: BaseProcess) -> int:
    assert process.pid is not None  # it has been started
    return process.pid


def _received(pipe: Connection, spec: Spec) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        raise UserError(f"{spec}: the process has ended; the reason is above") from None


def serve(spec: Spec, pipe: Connection) -> None:
    """The process: sends its resident MiB when it is ready, then the `Cost`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle
    errors.run(lambda: _serve(spec, pipe))


def _serve(spec: Spec, pipe: Connection) -> None:
    # a package that starts more threads than asked for gets no more cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: spec.threads])
    torch.set_num_threads(spec.threads)
    case = CASES[spec.metric]
    call = case.side(spec.side).call
    call(*case.inputs(TINY))
    inputs = case.inputs(spec.images)
    _give_back_free_memory()
    pipe.send(resident())
    try:
        pipe.send(cost(lambda: call(*inputs)))
    except MemoryError:
        pipe.send("more memory than the machine has")


def cost(call: Callable[[], Values]) -> Cost:
    """Calls until the median says something: once where it takes long, else three times or more."""
    gc.collect()  # what a collection during the call gave back would hide what the call takes
    before = resident()
    forget_peak()
    busy = time.process_time()
    values, first = _timed(call)
    mib = max(0.0, peak() - before)  # later calls find memory that this one has left
    seconds = [first]
    while first <= LONG_SECONDS and not _enough(seconds):
        seconds.append(_timed(call)[1])
    share = (time.process_time() - busy) / sum(seconds)
    return Cost(median(seconds), len(seconds), mib, share, values)


def _timed(call: Callable[[], Values]) -> tuple[Values, float]:
    start = time.perf_counter()
    values = call()
    return values, time.perf_counter() - start


def _enough(seconds: list[float]) -> bool:
    return len(seconds) >= CALLS and sum(seconds) >= WINDOW_SECONDS


def resident(pid: int | None = None) -> float:
    """Resident memory of a process, by default this one, in MiB."""
    return _status("VmRSS", pid)


def peak() -> float:
    """The most resident memory of this process since `forget_peak`, in MiB."""
    return _status("VmHWM", None)


def forget_peak() -> None:
    """Sets the kernel's mark of this process's most resident memory to what it is now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(key: str, pid: int | None) -> float:
    folder = Path("/proc") / ("self" if pid is None else str(pid))
    try:
        found = re.search(rf"{key}:\s+(\d+) kB", (folder / "status").read_text(encoding="ascii"))
    except FileNotFoundError:  # it has just ended
        return 0.0
    return int(found[1]) / 1024 if found else 0.0  # a process that is ending has no such line


def _give_back_free_memory() -> None:
    """Memory that imports and inputs have left over would hide what the call takes."""
    ctypes.CDLL(None).malloc_trim(0)  # GNU's C library
