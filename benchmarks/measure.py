"""One call in a process of its own: its seconds and its memory, or which limit it passed."""

import ctypes
import gc
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import torch

from benchmarks.metric_cases import CASES, Values
from benchmarks.processes import forget_peak, peak, received, resident, started
from ganvae.errors import UserError

TINY = 700  # images of the call that warms up; a fifth of them still has full covariance
LONG_SECONDS = 5.0  # a call that took longer is not repeated
CALLS, WINDOW_SECONDS = 3, 0.3  # otherwise at least so many, for at least so long
POLL_SECONDS = 0.02
START_SECONDS = 120.0


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


LIMITS = Limits(gib=8.0, seconds=120.0)


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

    The process is a copy of one that has imported everything: imports take longer than most
    metrics.

    Raises:
        UserError: the process ended by itself; its traceback is on stderr.
    """
    with started(_serve, [(spec,)], preload="benchmarks.metric_cases") as (pipe,):
        if not pipe.poll(START_SECONDS):
            raise UserError(f"{spec}: not ready within {START_SECONDS:g} s")
        pid, level = received(pipe, spec)
        start = time.monotonic()
        while not pipe.poll(POLL_SECONDS):
            passed = ""
            if (resident(pid) - level) / 1024 > limits.gib:
                passed = f"more than {limits.gib:g} GiB"
            if time.monotonic() - start > limits.seconds:
                passed = f"more than {limits.seconds:g} s"
            if passed:
                os.kill(pid, signal.SIGKILL)  # before it takes more
                return passed
        found: Cost | str = received(pipe, spec)
        return found


def _serve(spec: Spec, pipe: Connection) -> None:
    """Sends its pid and its resident MiB when it is ready, then the `Cost`."""
    # a package that starts more threads than asked for gets no more cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: spec.threads])
    torch.set_num_threads(spec.threads)
    case = CASES[spec.metric]
    call = case.side(spec.side).call
    call(*case.inputs(TINY))
    inputs = case.inputs(spec.images)
    # memory that imports and inputs have left over would hide what the call takes
    ctypes.CDLL(None).malloc_trim(0)  # GNU's C library
    pipe.send((os.getpid(), resident()))
    try:
        pipe.send(cost(lambda: call(*inputs)))
    except MemoryError:
        pipe.send("more memory than the machine has")


def cost(call: Callable[[], Values]) -> Cost:
    """Calls until the median says something: once where it takes long, else three times or more."""
    gc.collect()  # what a collection during the call gave back would hide what the call takes
    before = forget_peak()
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
