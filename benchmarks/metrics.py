"""Time and memory of every metric against the packages of the field, and how both grow.

Needs no data and, for what Linux says of memory, Linux. Prints two tables in Markdown and writes
`benchmarks/results/metrics.json` and `.png`. benchmarks/README.md says what is compared.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import measure, metric_figure, metric_tables
from benchmarks.measure import LIMITS, Cost, Limits, Spec
from benchmarks.metric_cases import CASES, OURS, Values
from benchmarks.metric_inputs import FEATURES
from benchmarks.this_machine import (
    THREAD_VARIABLES,
    described,
    linux_only,
    positive,
    warn_if_shared,
)
from ganvae.core import storage
from ganvae.errors import UserError, run
from ganvae.figures import style
from ganvae.jobs import executor

RESULT = Path("benchmarks/results/metrics.json")
FIGURE = RESULT.with_suffix(".png")
IMAGES = (1000, 5000, 10000, 20000, 50000)
LIBRARIES = ("torch", "numpy", "scipy", "pytorch-fid", "scikit-learn", "torch-fidelity",
             "torchmetrics", "prdc")  # fmt: skip

Measurement = dict[str, Any]  # metric, side, images; then those of `Cost`, or a reason


def main() -> None:
    """Entry point: `python -m benchmarks.metrics`."""
    linux_only("benchmarks.metrics")
    arguments = _arguments(sys.argv[1:])
    limits = Limits(arguments.gib, arguments.seconds)
    if arguments.threads > executor.cores():
        raise UserError(
            f"--threads {arguments.threads}: this process may use {executor.cores()} cores"
        )
    for variable in THREAD_VARIABLES:  # the measuring processes inherit the environment
        os.environ[variable] = str(arguments.threads)
    found: list[Measurement] = []
    for metric in arguments.metrics:
        found += measure_metric(metric, sorted(set(arguments.images)), arguments.threads, limits)
    result = report(found, arguments.threads, limits)
    storage.write_json(RESULT, result)
    with style.defaults():
        storage.write_bytes(FIGURE, style.to_png(metric_figure.growth(result, dpi=100)))
    print(metric_tables.comparison(result), metric_tables.growth(result), sep="\n")
    warn_if_shared(result["machine"]["least_core_share"])


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES, help="per set, sizes")
    parser.add_argument("--metrics", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--threads", type=int, default=1, help="and cores, of either side")
    parser.add_argument("--gib", type=float, default=LIMITS.gib, help="limit of memory")
    parser.add_argument("--seconds", type=float, default=LIMITS.seconds, help="limit of time")
    arguments = parser.parse_args(words)
    if min(arguments.images) < measure.TINY:
        parser.error(f"--images {min(arguments.images)}: allowed: >= {measure.TINY}")
    positive(parser, threads=arguments.threads, gib=arguments.gib, seconds=arguments.seconds)
    return arguments


def measure_metric(
    metric: str, sizes: Sequence[int], threads: int, limits: Limits
) -> list[Measurement]:
    """All sides of a metric in turn, at each size; one that passed a limit is not asked again."""
    found: list[Measurement] = []
    passed: dict[str, str] = {}
    for images in sizes:
        ours: Values = {}
        for side in CASES[metric].sides:
            spec = Spec(metric, side, images, threads)
            one = passed.get(side) or measure.measured(spec, limits)
            if isinstance(one, str):
                passed.setdefault(side, f"{one}, at {images:,} images already")
            elif side == OURS:
                ours = one.values
            found.append(entry(spec, one, ours))
            sys.stderr.write(f"{metric}, {images:,} images, {side}: {told(found[-1])}\n")
    return found


def entry(spec: Spec, one: Cost | str, ours: Values) -> Measurement:
    """What is kept of a measurement; no cost where the result is not the same as `ours`."""
    kept: Measurement = {"metric": spec.metric, "side": spec.side, "images": spec.images}
    if isinstance(one, str):
        return kept | {"reason": one}
    shared = one.values.keys() & ours.keys()
    differences = {name: difference(one.values[name], ours[name]) for name in shared}
    largest = max(differences, key=differences.__getitem__, default=None)
    if largest and differences[largest] > CASES[spec.metric].side(spec.side).tolerance:
        values = f"{one.values[largest]:.6g} instead of {ours[largest]:.6g}"
        return kept | {"reason": f"another result, {largest} {values}"}
    return kept | asdict(one) | {"difference": differences[largest] if largest else None}


def difference(a: float, b: float) -> float:
    """Relative to the larger of two numbers; 0 where both are 0."""
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def told(found: Measurement) -> str:
    """A measurement in words."""
    if "reason" in found:
        return str(found["reason"])
    return f"{found['seconds']:.3g} s, {found['mib']:.0f} MiB"


def report(found: Sequence[Measurement], threads: int, limits: Limits) -> dict[str, Any]:
    """The content of the result file: what was measured, on what, and where it holds."""
    here = described()
    names = dict.fromkeys(one["metric"] for one in found)
    shares = [one["core_share"] for one in found if "core_share" in one]
    return {
        "machine": {
            "cpu": here["cpu"],
            "cores": here["cores"],
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            # more threads than one do not all have work all the time
            "least_core_share": round(min(shares), 3) if shares and threads == 1 else None,
        },
        "versions": {
            "python": here["python"],
            **{library: version(library) for library in LIBRARIES},
        },
        "settings": {
            "threads": threads,
            "feature_width": FEATURES,
            "limits": asdict(limits),
            "warm_up_images": measure.TINY,
        },
        "metrics": {
            name: {
                "alone": CASES[name].alone,
                "differs": {side: one.differs for side, one in CASES[name].references.items()},
            }
            for name in names
        },
        "measurements": list(found),
    }


if __name__ == "__main__":
    run(main)
