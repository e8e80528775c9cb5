"""A long training: memory and open files stay where they are."""

import tempfile
import time
from pathlib import Path

import psutil

from ganvae.core import machine
from ganvae.training import loop, task
from tests.faults import targets

WARM = 0.1  # share of the run in which both may still grow


def main(steps: int) -> int:
    """Trains for so many steps, saving its state all the time. Returns 1 if anything grew."""
    machine.use_one_thread()
    process, seen = psutil.Process(), []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        values = targets.small()
        per_epoch = len(targets.IMAGES) // values["train"]["batch_size"]
        values["train"]["epochs"] = steps / per_epoch
        long = task.build(
            "vae", values, targets.IMAGES, targets.LABELS, seed=0, folder=Path(folder)
        )

        def report(run: loop.Run) -> None:
            memory = process.memory_info().rss / 2**20
            seen.append((run.done, memory, process.num_fds()))

        run = loop.train(long, save_seconds=1.0, report=report, stopped=lambda: False)
    warm = [entry for entry in seen if entry[0] > WARM * run.done]
    memory = [entry[1] for entry in warm]
    files = {entry[2] for entry in warm}
    half = len(memory) // 2
    grown = max(memory[half:]) - max(memory[:half])
    print(
        f"steps: {run.done:,} in {time.monotonic() - started:.0f} s; memory {min(memory):.0f} to "
        f"{max(memory):.0f} MiB, the second half's peak {grown:+.1f} MiB beside the first's; "
        f"open files {min(files)} to {max(files)}"
    )
    return int(grown > 2 or len(files) > 2)
