"""How much memory a training takes, against the plain loop with the same data set in memory."""

import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import plain, rows
from benchmarks.processes import forget_peak, peak, received, started
from benchmarks.rows import Measured
from benchmarks.worker import Spec, prepared

STEPS = 50  # the optimizers' states are there after the first
TARGET = 1 / 1.2


def measured(values: Mapping[str, Any], seconds: float, only: str) -> Measured:
    """`rows.Group`: a row for every model; nothing but on Linux."""
    for name in plain.LOOPS:
        if sys.platform == "linux" and rows.wanted(f"memory/{name}", only):
            ours, theirs = (of_process(Spec(name, own, 1, values)) for own in (True, False))
            row = rows.row(
                [ours],
                [theirs],
                unit="MiB",
                against="plain loop, fp32, 1 threads; both hold the data set",
                target=TARGET,
                more_is_better=False,
            )
            yield f"memory/{name}", row, 1.0


def of_process(spec: Spec) -> float:
    """The most MiB that a training takes above what its process has after the imports."""
    with started(_serve, [(spec,)]) as (pipe,):
        return float(received(pipe))


def _serve(spec: Spec, pipe: Connection) -> None:
    before = forget_peak()
    with prepared(spec) as loop:
        for _ in range(STEPS):
            next(loop)
        pipe.send(peak() - before)
