"""This project's speed and memory against other ways to do the same work, as ratios.

`benchmarks/results/bench.json` has a report for every kind of processor, as ratios depend on how
fast its libraries multiply. This writes that of this machine's kind, row by row, with `--only` some
of its rows, or, with `--check`, says which of its ratios has fallen by more than 15 %.
benchmarks/README.md says what is compared.
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import features, memory, parallel, pipeline, rows, training
from benchmarks.profile import ceiling
from benchmarks.rows import Group, Row
from benchmarks.this_machine import (
    THREAD_VARIABLES,
    described,
    one_thread,
    positive,
    warn_if_shared,
)
from benchmarks.worker import DATA, RANDOM_IMAGES
from ganvae.core import config, storage
from ganvae.errors import UserError, run

RESULT = Path("benchmarks/results/bench.json")
SAME_KIND = 1.35  # of two speeds' relation: processors differ by a factor of two and more

GROUPS: tuple[Group, ...] = (
    training.measured,
    memory.measured,
    features.measured,
    pipeline.measured,
    parallel.measured,
)


def main() -> None:
    """Entry point: `python -m benchmarks.bench`."""
    arguments = _arguments()
    with one_thread():
        ceilings = ceiling()
    reports = storage.read_json(RESULT)["reports"] if RESULT.exists() else []
    others = [each for each in reports if not same_kind(ceilings, each)]
    kept: dict[str, Any] = next((each for each in reports if same_kind(ceilings, each)), {})
    if arguments.check and not kept:
        raise UserError(f"{RESULT}: no ratios of a processor of this kind; make bench adds them")
    values = config.load()
    for variable in THREAD_VARIABLES:  # the workers inherit the environment
        os.environ.pop(variable, None)
    print(rows.HEADER, flush=True)
    found: dict[str, Row] = {}
    share = 1.0
    for group in GROUPS:
        for name, row, busy in group(values, arguments.seconds, arguments.only):
            print(rows.line(name, row), flush=True)
            found[name], share = row, min(share, busy)
            new = report(found, values, arguments.seconds, share, ceilings)
            if not arguments.check:
                storage.write_json(RESULT, {"reports": [*others, joined(kept, new)]})
    if not (arguments.check or arguments.only):
        storage.write_json(RESULT, {"reports": [*others, new]})
    warn_if_shared(share)
    if arguments.check:
        _check(kept, found)


def same_kind(ceilings: Mapping[str, float], report: Mapping[str, Any]) -> bool:
    """Whether a report is of a processor whose libraries are as fast in relation to each other.

    Args:
        ceilings: GFLOP/s by way, as `profile.ceiling` measures them.
        report: one of the result file.
    """
    its = report["machine"]["gflops_per_second"]

    def relative(speeds: Mapping[str, float], way: str) -> float:
        return speeds[way] / speeds["fp32"]

    return its.keys() == ceilings.keys() and all(
        1 / SAME_KIND < relative(ceilings, way) / relative(its, way) < SAME_KIND for way in its
    )


def joined(kept: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A report, if there is one, with its rows replaced by those of a new one."""
    if not kept:
        return dict(new)
    share = min(each["machine"]["least_core_share"] for each in (kept, new))
    machine = {**new["machine"], "least_core_share": share}
    return {**new, "machine": machine, "rows": {**kept["rows"], **new["rows"]}}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one window")
    parser.add_argument("--only", default="", help="rows whose name starts so, as in train/vae")
    parser.add_argument("--check", action="store_true", help="compare with the committed ratios")
    arguments = parser.parse_args()
    positive(parser, seconds=arguments.seconds)
    return arguments


def _check(kept: Mapping[str, Any], found: Mapping[str, Row]) -> None:
    if not kept["rows"].keys() & found.keys():
        raise UserError(f"{RESULT}: has none of these rows")
    if lines := rows.fallen(kept["rows"], found):
        raise UserError(f"fallen by more than {1 - rows.FALLEN:.0%}: {'; '.join(lines)}")
    print(f"no ratio has fallen by more than {1 - rows.FALLEN:.0%}")


def report(
    found: Mapping[str, Row],
    values: Mapping[str, Any],
    seconds: float,
    share: float,
    ceilings: Mapping[str, float],
) -> dict[str, Any]:
    """One kind of processor's part of the result file: the rows, and where they hold."""
    return {
        "machine": {
            **described(),
            "gflops_per_second": dict(ceilings),
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
