"""What it costs to have a job run: on this machine, and through a Dask cluster on it.

Runs jobs that do nothing but leave their result, many and few of them: the difference is what one
more job costs, the rest what a stage pays once. Beside it the start of a training: the time until
`stages/train_one.py` has imported what it needs. Writes `benchmarks/results/dispatch.json`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

from distributed import SubprocessCluster

from benchmarks.this_machine import described
from ganvae.core import storage
from ganvae.errors import run
from ganvae.jobs import executor

RESULT = Path("benchmarks/results/dispatch.json")
JOB = "import os, sys; os.makedirs(sys.argv[1])"
REPETITIONS = 3


def main() -> None:
    """Entry point: `python -m benchmarks.dispatch`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dispatch", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200, help="the more of the two numbers of jobs")
    count = parser.parse_args().jobs
    cores = executor.cores()
    if count <= cores:
        parser.error(f"--jobs {count}: allowed: > {cores}, the number of cores")
    found = {"local": cost(count)}
    here = SubprocessCluster(
        n_workers=cores,
        threads_per_worker=1,
        dashboard_address=None,  # type: ignore[arg-type] # documented: no dashboard
    )
    with here, patch.dict(os.environ, {executor.CLUSTER: here.scheduler_address}):
        found["dask"] = cost(count)
    result = {
        "machine": described(),
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


if __name__ == "__main__":
    run(main)
