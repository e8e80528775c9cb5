"""Where the time of a training step goes, for every model, on one thread of this machine's CPU.

Beside it the machine's ceiling: the speed of one large matrix product. Prints a table in Markdown
and, with `--write`, keeps it in `benchmarks/results/profile.json`.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks.this_machine import CPU
from benchmarks.worker import endless, random_images
from ganvae.core import config, machine, storage
from ganvae.errors import run
from ganvae.training import costs, task

RESULT = Path("benchmarks/results/profile.json")
IMAGES = 12800
WARM_UP, STEPS, REPETITIONS = 20, 50, 5
SIZE = 1024  # of the square matrices that the ceiling is measured with

OPERATORS = {
    "matrix products": ("mm", "addmm", "bmm", "_linear_pointwise", "linear"),
    "random numbers": ("normal_", "uniform_", "randn", "rand", "randperm"),
    "copies": ("copy_", "_to_copy", "to", "index", "cat", "stack", "clone", "contiguous"),
}
SHARES = ("matrix products", "optimizer", "random numbers", "copies", "other operators", "Python")


def main() -> None:
    """Entry point: `python -m benchmarks.profile`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"writes {RESULT}")
    parser.add_argument("--networks", nargs="+", default=["wide", "mi2018"])
    arguments = parser.parse_args()
    machine.use_one_thread()
    values = config.load()
    ceilings = ceiling()
    print(f"GFLOP/s of {SIZE} x {SIZE} products: {ceilings}\n\n{HEADER}")
    found = []
    for networks in arguments.networks:
        for name in values["models"]:
            for precision in ("fp32", "bf16"):
                row = profiled(name, networks, precision, values)
                row["reached"] = row["gflops_per_second"] / ceilings[precision]
                found.append(row)
                print(line(row), flush=True)
    if arguments.write:
        described = machine.description(CPU)
        kept = {"machine": described, "ceiling_gflops_per_second": ceilings, "steps": found}
        storage.write_json(RESULT, kept)


def ceiling() -> dict[str, float]:
    """GFLOP/s of one large product in each way that torch has, on one thread."""
    a, b = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    low = a.bfloat16(), b.bfloat16()
    onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None)  # not in every build
    ways: dict[str, Callable[[], Tensor]] = {
        "fp32": lambda: onednn(a, b, None, "none", [], "") if onednn else a @ b,
        "fp32, torch.mm": lambda: a @ b,
        "bf16": lambda: low[0] @ low[1],
    }
    return {name: round(2 * SIZE**3 / _seconds(way, 10) / 1e9, 1) for name, way in ways.items()}


def _seconds(call: Callable[[], object], times: int) -> float:
    """Seconds of one call: the least of some means, as other work only makes it slower."""
    found = []
    for _ in range(REPETITIONS):
        begun = time.process_time()
        for _ in range(times):
            call()
        found.append((time.process_time() - begun) / times)
    return min(found[1:])


def profiled(name: str, networks: str, precision: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds of a step, its operations, and what share of the time goes where.

    Args:
        name: the model.
        networks: the architecture.
        precision: `fp32` or `bf16`.
        values: the content of `params.yaml`.
    """
    settings = {
        **values,
        "train": {**values["train"], "precision": precision, "lr_decay": 0.0},
        "networks": {**values["networks"], "architecture": networks},
    }
    described = task.build(name, settings, *random_images(IMAGES), seed=0, folder=Path("unused"))
    step = partial(next, endless(name, described))
    for _ in range(WARM_UP):
        step()
    seconds = _seconds(step, STEPS)
    flops = costs.flops_per_image(described) * described.train.batch_size
    return {
        "model": name,
        "networks": networks,
        "precision": precision,
        "milliseconds": seconds * 1e3,
        "gflop": flops / 1e9,
        "gflops_per_second": flops / seconds / 1e9,
        "shares": shares(step),
    }


def shares(step: Callable[[], object]) -> dict[str, float]:
    """The parts of a step's time. The profiler's own cost is in `Python`, and makes it larger."""
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        begun = time.perf_counter()
        for _ in range(STEPS):
            step()
        microseconds = (time.perf_counter() - begun) * 1e6
    found: dict[str, float] = defaultdict(float)
    for event in recorded.events() or ():
        found[_part(event)] += event.self_cpu_time_total
    found["Python"] += microseconds - sum(found.values())
    return {part: found[part] / microseconds for part in SHARES}


def _part(event: Any) -> str:
    above = event
    while above is not None:
        if above.name.startswith("Optimizer.step"):
            return "optimizer"
        above = above.cpu_parent
    library, _, operator = event.name.rpartition("::")
    if library not in ("aten", "mkldnn"):
        return "Python"  # autograd's nodes
    for part, operators in OPERATORS.items():
        if operator in operators:
            return part
    return "other operators"


HEADER = (
    "| networks | model | precision | ms | GFLOP | of the ceiling | "
    + " | ".join(SHARES)
    + " |\n"
    + "|---" * (6 + len(SHARES))
    + "|"
)


def line(row: Mapping[str, Any]) -> str:
    """A row of the table below `HEADER`."""
    cells = [
        *(row[key] for key in ("networks", "model", "precision")),
        f"{row['milliseconds']:.1f}",
        f"{row['gflop']:.2f}",
        f"{row['reached']:.0%}",
        *(f"{row['shares'][part]:.0%}" for part in SHARES),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    run(main)
