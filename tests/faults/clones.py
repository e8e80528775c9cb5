"""Two copies of the project on one machine: with one worker and with two, interrupted and not."""

import contextlib
import os
import random
import signal
import subprocess
import tempfile
from pathlib import Path

from tests import project
from tests.faults import kills


def main(seed: int, interrupts: int) -> int:
    """Returns how many files of both, the timings apart, differ."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        one, two = (kills.made(Path(scratch) / name) for name in ("one", "two"))
        project.succeed(kills.finish(one, GANVAE_WORKERS="1"))
        for _ in range(interrupts):
            process = kills.start(two, GANVAE_WORKERS="2")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(5, 40))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
            process.wait(kills.LONGEST)
        project.succeed(kills.finish(two, GANVAE_WORKERS="2"))
        found, other = kills.hashes(one), kills.hashes(two)
    differing = sorted(n for n in found.keys() | other.keys() if found.get(n) != other.get(n))
    print(
        f"one worker, and two with {interrupts} interrupts: of {len(found)} files differ "
        f"{len(differing)} {', '.join(differing)}".rstrip()
    )
    return len(differing)
