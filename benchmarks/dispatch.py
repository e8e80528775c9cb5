"""What it costs to have a job run: on this machine, and through a Dask cluster on it.

Runs jobs that do nothing but leave their result, many and few of them: the difference is what one
more job costs, the rest what a stage pays once. Beside it the start of a training: the time until
`stages/train_one.py` has imported what it needs. Writes `benchmarks/results/dispatch.json`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import torch

from ganvae.core import machine, storage
from ganvae.errors import UserError, run
from ganvae.jobs import executor

RESULT = Path("benchmarks/results/dispatch.json")
JOB = "import os, sys; os.makedirs(sys.argv[1])"
REPETITIONS = 3
START_SECONDS = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dispatch", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200, help="the more of the two numbers of jobs")
    count = parser.parse_args().jobs
    cores = executor.cores()
    if count <= cores:
        parser.error(f"--jobs {count}: allowed: > {cores}, the number of cores")
    found = {"local": cost(count)}
    with cluster(cores) as address:
        os.environ[executor.CLUSTER] = address
        try:
            found["dask"] = cost(count)
        finally:
            del os.environ[executor.CLUSTER]
    machine = machine.description(torch.device("cpu"))
    result = {
        "machine": {
            "cpu": machine["device"].removeprefix("cpu: "),
            "cores": cores,
            "torch": machine["torch"],
        },
        "jobs": count,
        "seconds": found,
        "seconds_to_start_a_training": round(median(start() for _ in range(REPETITIONS)), 3),
    }
    storage.write_json(RESULT, result)
    print(RESULT.read_text(encoding="utf-8"))


def cost(count: int) -> dict[str, float]:
    """Seconds that a stage pays once and seconds of one core for each job, medians."""
    cores = executor.cores()
    few = median(seconds(cores) for _ in range(REPETITIONS))
    many = median(seconds(count) for _ in range(REPETITIONS))
    each = (many - few) / (count - cores)
    return {"once": round(few - each * cores, 3), "per_job": round(each * cores, 4)}


def seconds(count: int) -> float:
    """How long a stage takes for so many jobs that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        todo = [
            executor.Job(
                f"job {n}", [sys.executable, "-c", JOB, str(place / "result")], place, {}, {}
            )
            for n in range(count)
            for place in [Path(folder) / str(n)]
        ]
        begun = time.perf_counter()
        executor.run(todo, 0, lambda: None)
        return time.perf_counter() - begun


def start() -> float:
    """Seconds until a training's process has imported what it needs."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import stages.train_one"], check=True)
    return time.perf_counter() - begun


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A scheduler and workers of one thread on this machine; yields the scheduler's address."""
    processes: list[subprocess.Popen[bytes]] = []

    def launch(*arguments: str) -> None:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        try:
            launch("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
            address = _address(file)
            for _ in range(workers):
                launch("worker", address, "--nthreads", "1", "--local-directory", folder)
            yield address
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def _address(file: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if file.exists() and (found := re.search(r"tcp://[\d.]+:\d+", file.read_text())):
            return found[0]
        time.sleep(0.05)
    raise UserError(f"the scheduler did not start within {START_SECONDS:g} s")


if __name__ == "__main__":
    run(main)
