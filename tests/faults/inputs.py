"""Spoiled files by the thousand: each is read, or refused with one line, in seconds."""

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

import torch

from ganvae.errors import UserError
from tests.faults.targets import Target, targets

HANG_SECONDS = 20.0


class Hang(BaseException):
    """A reader took longer than `HANG_SECONDS`."""


@dataclass
class Found:
    """What one process has tried."""

    tried: Counter[str]
    refused: int
    wrong: Counter[str]
    memory: float  # the most, in MiB


def main(count: int, seed: int, seconds: float, workers: int = 1) -> int:
    """Tries `count` inputs, or as many as the time allows. Returns how many were not taken well.

    Args:
        count: of inputs.
        seed: of all that is random; the same inputs for the same number of workers.
        seconds: the longest that it may take.
        workers: processes, each with its share of the inputs.
    """
    shares = [count // workers + (number < count % workers) for number in range(workers)]
    seeds = [f"{seed}, {number}" for number in range(workers)]
    if workers == 1:
        found = [_try_out(count, seeds[0], seconds)]
    else:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            found = list(pool.map(_try_out, shares, seeds, [seconds] * workers))
    tried = sum((each.tried for each in found), Counter[str]())
    wrong = sum((each.wrong for each in found), Counter[str]())
    for line, number in wrong.most_common(20):
        print(f"{number} x {line}", file=sys.stderr)
    print(
        f"inputs: {tried.total():,} of {len(tried)} kinds, seed {seed}; refused with one line: "
        f"{sum(each.refused for each in found):,}; exceptions that are no clear line, or hangs: "
        f"{wrong.total()}; most memory of a process: {max(e.memory for e in found):.0f} MiB"
    )
    return wrong.total()


def _try_out(count: int, seed: str, seconds: float) -> Found:
    torch.set_num_threads(1)
    stream, ended = random.Random(seed), time.monotonic() + seconds
    tried, refused, wrong = Counter[str](), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        every = list(targets(Path(folder)))
        for target in stream.choices(every, [target.share for target in every], k=count):
            if time.monotonic() > ended:
                break
            tried[target.name] += 1
            told = _attempt(target, random.Random(stream.getrandbits(64)))
            refused += told is None
            if told:
                wrong[f"{target.name}: {told}"] += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Found(tried, refused, wrong, memory)


def _attempt(target: Target, rng: random.Random) -> str | None:
    """None where the file was refused with one line, "" where it was read, else what went wrong."""
    try:
        with _alarm():
            target.attempt(rng)
    except (UserError, OSError):  # which `errors.run` makes one line of
        return None
    except Hang:
        return f"more than {HANG_SECONDS:g} s"
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"[:300]
    return ""


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
