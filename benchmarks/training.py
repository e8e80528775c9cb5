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
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import plain
from benchmarks.worker import CPU, DATA, RANDOM_IMAGES, WARM_UP_SECONDS, Spec, serve
from ganvae import config, model, runtime, storage, training
from ganvae.errors import UserError, run

RESULT = Path("benchmarks/results/training.json")
REPETITIONS = 3
MEASUREMENTS = ("one_thread", "whole_machine")

Samples = dict[str, dict[str, list[float]]]  # measurement -> "ganvae" or "plain" -> images/s


def main() -> None:
    arguments = _arguments(sys.argv[1:])
    values = config.load()
    config.block(training.TrainParams, values, "train")
    config.block(model.NetworksParams, values, "networks")
    for name in arguments.models:
        config.block(model.model(name).Params, values, f"models.{name}")
    plain.check(arguments.models, values)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # the workers inherit the environment
        os.environ.pop(variable, None)
    print(HEADER, flush=True)
    samples, threads = {}, 0
    for name in arguments.models:
        samples[name], threads = measure(name, values, arguments.seconds)
        print(rows(name, summary(samples[name])), flush=True)
    storage.write_json(RESULT, report(samples, values, arguments.seconds, threads))


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


def measure(name: str, values: Mapping[str, Any], seconds: float) -> tuple[Samples, int]:
    """Images per second of one model, this project and plain in turn, `REPETITIONS` times.

    Returns:
        The samples, and the number of threads of the plain loop on the whole machine.
    """
    specs = [
        Spec(name, ganvae=False, threads=1, values=values),
        Spec(name, ganvae=False, threads=None, values=values),
        *[Spec(name, ganvae=True, threads=1, values=values)] * cores(),
    ]
    samples: Samples = {kind: {"ganvae": [], "plain": []} for kind in MEASUREMENTS}
    with _workers(specs) as pipes:
        plain_one, plain_all, *ours = pipes
        threads = [_received(pipe) for pipe in pipes]  # all are warm before the first window
        for _ in range(REPETITIONS):
            samples["one_thread"]["ganvae"].append(_window(ours[:1], seconds))
            samples["one_thread"]["plain"].append(_window([plain_one], seconds))
            samples["whole_machine"]["ganvae"].append(_window(ours, seconds))
            samples["whole_machine"]["plain"].append(_window([plain_all], seconds))
    return samples, int(threads[1])


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


def _window(pipes: Sequence[Connection], seconds: float) -> float:
    """Images per second of these workers together; every other worker waits for its turn."""
    for pipe in pipes:
        pipe.send(seconds)
    return sum(_received(pipe) for pipe in pipes)


def _received(pipe: Connection) -> float:
    try:
        return float(pipe.recv())
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
    samples: Mapping[str, Samples], values: Mapping[str, Any], seconds: float, threads: int
) -> dict[str, Any]:
    """The content of the result file: images per second, their ratios, and where they hold."""
    found = runtime.description(CPU)
    return {
        "machine": {
            "cpu": found["device"].removeprefix("cpu: "),
            "cores": cores(),
            "python": found["python"],
            "torch": found["torch"],
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
        "images_per_second": {name: summary(found) for name, found in samples.items()},
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
