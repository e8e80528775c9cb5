"""Training speed of this project's loop against a plain PyTorch loop.

Reads `params.yaml` and, where it exists, `data/processed/train.safetensors`; prints a table and
writes `benchmarks/results/training.json`. benchmarks/README.md says what is compared.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import plain
from benchmarks.worker import CPU, DATA, RANDOM_IMAGES, WARM_UP_SECONDS, Spec, Window, serve
from ganvae import config, model, runtime, storage
from ganvae.errors import UserError, run

RESULT = Path("benchmarks/results/training.json")
REPETITIONS = 3
MEASUREMENTS = ("one_thread", "whole_machine")

BUSY_MACHINE = 0.95  # of a core; a process that got less shared it with something else

Samples = dict[str, dict[str, list[float]]]  # measurement -> "ganvae" or "plain" -> images/s


@dataclass(frozen=True)
class Measured:
    """One model's numbers.

    Attributes:
        samples: images per second.
        threads: of the plain loop on the whole machine.
        core_share: the least part of a core that a one-thread process got.
    """

    samples: Samples
    threads: int
    core_share: float


def main() -> None:
    arguments = _arguments(sys.argv[1:])
    values = config.load()
    config.block(model.TrainParams, values, "train")
    config.block(model.NetworksParams, values, "networks")
    for name in arguments.models:
        config.block(model.model(name).Params, values, f"models.{name}")
    plain.check(arguments.models, values)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # the workers inherit the environment
        os.environ.pop(variable, None)
    print(HEADER, flush=True)
    found = {}
    for name in arguments.models:
        found[name] = measure(name, values, arguments.seconds)
        print(rows(name, summary(found[name].samples)), flush=True)
    result = report(found, values, arguments.seconds)
    storage.write_json(RESULT, result)
    share = result["machine"]["least_core_share"]
    if share < BUSY_MACHINE:
        sys.stderr.write(
            f"warning: a process got only {share:.0%} of its core, so other work ran on this "
            "machine: these numbers say little; measure again\n"
        )


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one window")
    parser.add_argument("--models", nargs="+", choices=plain.LOOPS, default=list(plain.LOOPS))
    arguments = parser.parse_args(words)
    if not arguments.seconds > 0:
        parser.error(f"--seconds {arguments.seconds}: allowed: > 0")
    return arguments


def cores() -> int:
    """Cores this process may use: as many trainings run at once in a stage."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def measure(name: str, values: Mapping[str, Any], seconds: float) -> Measured:
    """Images per second of one model, this project and plain in turn, `REPETITIONS` times."""
    specs = [
        Spec(name, ganvae=False, threads=1, values=values),
        Spec(name, ganvae=False, threads=None, values=values),
        *[Spec(name, ganvae=True, threads=1, values=values)] * cores(),
    ]
    samples: Samples = {kind: {"ganvae": [], "plain": []} for kind in MEASUREMENTS}
    shares = []
    with _workers(specs) as pipes:
        plain_one, plain_all, *ours = pipes
        turns = [
            ("one_thread", "ganvae", ours[:1]),
            ("one_thread", "plain", [plain_one]),
            ("whole_machine", "ganvae", ours),
            ("whole_machine", "plain", [plain_all]),
        ]
        threads = [int(_received(pipe)) for pipe in pipes]  # all are warm before the first window
        for _ in range(REPETITIONS):
            for kind, loop, taking_part in turns:
                windows = _windows(taking_part, seconds)
                samples[kind][loop].append(sum(window.rate for window in windows))
                if taking_part != [plain_all]:
                    shares += [window.busy for window in windows]
    return Measured(samples, threads[1], min(shares))


@contextmanager
def _workers(specs: Sequence[Spec]) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        for spec in specs:
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(spec, theirs), daemon=True)
            process.start()
            theirs.close()  # so that the end of the process is seen here
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _windows(pipes: Sequence[Connection], seconds: float) -> list[Window]:
    """What these workers measure at the same time; every other worker waits for its turn."""
    for pipe in pipes:
        pipe.send(seconds)
    return [_received(pipe) for pipe in pipes]


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        raise UserError("a measuring process has ended; the reason is above") from None


def summary(samples: Samples) -> dict[str, dict[str, dict[str, float]]]:
    """Median, minimum and maximum of both rates and of their ratio, for each measurement.

    A ratio is of two neighbouring windows, so a slow drift of the machine cancels.
    """

    def spread(numbers: Sequence[float], digits: int) -> dict[str, float]:
        found = {"median": median(numbers), "min": min(numbers), "max": max(numbers)}
        return {key: round(number, digits) for key, number in found.items()}

    return {
        kind: {
            "ganvae": spread(rates["ganvae"], 0),
            "plain": spread(rates["plain"], 0),
            "ratio": spread(
                [a / b for a, b in zip(rates["ganvae"], rates["plain"], strict=True)], 3
            ),
        }
        for kind, rates in samples.items()
    }


def report(
    measured: Mapping[str, Measured], values: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """The content of the result file: images per second, their ratios, and where they hold."""
    found = runtime.description(CPU)
    threads = max(one.threads for one in measured.values())
    return {
        "machine": {
            "cpu": found["device"].removeprefix("cpu: "),
            "cores": cores(),
            "python": found["python"],
            "torch": found["torch"],
            "least_core_share": round(min(one.core_share for one in measured.values()), 3),
        },
        "settings": {
            "data": str(DATA.as_posix()) if DATA.exists() else f"{RANDOM_IMAGES} random images",
            "networks": values["networks"],
            "batch_size": values["train"]["batch_size"],
            "window_seconds": seconds,
            "warm_up_seconds": WARM_UP_SECONDS,
            "repetitions": REPETITIONS,
            "whole_machine": {
                "ganvae": f"{cores()} processes of 1 thread",
                "plain": f"1 process of {threads} threads",
            },
        },
        "images_per_second": {name: summary(one.samples) for name, one in measured.items()},
    }


HEADER = (
    "images/s, median (min - max); ratio = this project / plain\n"
    f"{'model':<8} {'measurement':<14} {'this project':>26} {'plain loop':>26} {'ratio':>20}"
)


def rows(name: str, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The table's two lines of one model."""

    def cell(numbers: Mapping[str, float], form: str, width: int) -> str:
        middle, low, high = (format(numbers[key], form) for key in ("median", "min", "max"))
        return f"{middle} ({low} - {high})".rjust(width)

    return "\n".join(
        f"{name:<8} {kind:<14} {cell(part['ganvae'], ',.0f', 26)} "
        f"{cell(part['plain'], ',.0f', 26)} {cell(part['ratio'], '.2f', 20)}"
        for kind, part in found.items()
    )


if __name__ == "__main__":
    run(main)
