"""This project's speed and memory against other ways to do the same work, as ratios.

Writes `benchmarks/results/bench.json`, with `--only` some of its rows, or, with `--check`, compares
with it and says which ratio has fallen by more than 15 %. benchmarks/README.md says what is
compared.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks import features, memory, parallel, pipeline, rows, training
from benchmarks.rows import Measured, Row
from benchmarks.worker import DATA, RANDOM_IMAGES
from ganvae import config, jobs, runtime, storage
from ganvae.errors import UserError, run

RESULT = Path("benchmarks/results/bench.json")
BUSY_MACHINE = 0.95  # of a core; a process that got less shared it with something else

Group = Callable[[Mapping[str, Any], float, str], Measured]
GROUPS: tuple[Group, ...] = (
    training.measured,
    memory.measured,
    features.measured,
    pipeline.measured,
    parallel.measured,
)


def main() -> None:
    arguments = _arguments()
    kept = storage.read_json(RESULT) if arguments.check or arguments.only else {}
    before: dict[str, Row] = kept.get("rows", {})
    values = config.load()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # the workers inherit the environment
        os.environ.pop(variable, None)
    print(rows.HEADER, flush=True)
    found: dict[str, Row] = {}
    share = kept["machine"]["least_core_share"] if kept and not arguments.check else 1.0
    for group in GROUPS:
        for name, row, busy in group(values, arguments.seconds, arguments.only):
            print(rows.line(name, row), flush=True)
            found[name], share = row, min(share, busy)
    if share < BUSY_MACHINE:
        sys.stderr.write(
            f"warning: a process got only {share:.0%} of its core, so other work ran on this "
            "machine: these numbers say little; measure again\n"
        )
    if arguments.check:
        _check(before, found)
    else:
        storage.write_json(RESULT, report(before | found, values, arguments.seconds, share))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one window")
    parser.add_argument("--only", default="", help="rows whose name starts so, as in train/vae")
    parser.add_argument("--check", action="store_true", help="compare with the committed ratios")
    arguments = parser.parse_args()
    if not arguments.seconds > 0:
        parser.error(f"--seconds {arguments.seconds}: allowed: > 0")
    return arguments


def _check(before: Mapping[str, Row], after: Mapping[str, Row]) -> None:
    if not before.keys() & after.keys():
        raise UserError(f"{RESULT}: has none of these rows")
    if lines := rows.fallen(before, after):
        raise UserError(f"fallen by more than {1 - rows.FALLEN:.0%}: {'; '.join(lines)}")
    print(f"no ratio has fallen by more than {1 - rows.FALLEN:.0%}")


def report(
    found: Mapping[str, Row], values: Mapping[str, Any], seconds: float, share: float
) -> dict[str, Any]:
    """The content of the result file: the rows, and where they hold."""
    machine = runtime.description(torch.device("cpu"))
    return {
        "machine": {
            "cpu": machine["device"].removeprefix("cpu: "),
            "cores": jobs.cores(),
            "python": machine["python"],
            "torch": machine["torch"],
            "least_core_share": round(share, 3),
        },
        "settings": {
            "data": DATA.as_posix() if DATA.exists() else f"{RANDOM_IMAGES} random images",
            "networks": values["networks"],
            "batch_size": values["train"]["batch_size"],
            "window_seconds": seconds,
            "repetitions": training.REPETITIONS,
        },
        "rows": dict(found),
    }


if __name__ == "__main__":
    run(main)
