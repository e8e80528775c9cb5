"""GAN training on mi2018's networks on this machine's GPU: a million steps, and ten seeds at once.

Runs some thousand steps, in one process and in ten that share the GPU as a stage's trainings do,
and prints minutes; nothing is written. docs/performance.md has the rows.
"""

import argparse
import time
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from benchmarks.processes import asked, received, started
from benchmarks.worker import endless, random_images
from ganvae.core import config, machine
from ganvae.errors import UserError, run
from ganvae.training import task

IMAGES, BATCH, LATENT = 60000, 64, 100
WARM_UP, STEPS, MILLION = 200, 2000, 1_000_000
SEEDS = 10


def main() -> None:
    """Entry point: `python -m benchmarks.gpu`."""
    argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__).parse_args()
    if machine.device().type != "cuda":
        raise UserError("benchmarks.gpu: no CUDA device here")
    one, ten = seconds_a_step(1), seconds_a_step(SEEDS)
    name = machine.description(machine.device())["device"]
    minutes = one * MILLION / 60
    print(f"{name}: {minutes:.1f} minutes for {MILLION:,} steps of the GAN, batch {BATCH}")
    print(f"{name}: {SEEDS} seeds at once take {ten / one:.2f} times as long as one")


def seconds_a_step(trainings: int) -> float:
    """Of the slowest of so many trainings at once, each with another seed in its own process."""
    with started(_serve, [(seed,) for seed in range(trainings)]) as pipes:
        for pipe in pipes:
            received(pipe)  # all are warm
        seconds: float = max(asked(pipes, STEPS))
        return seconds / STEPS


def _serve(seed: int, pipe: Connection) -> None:
    device = machine.device()
    machine.use_one_thread()
    values = config.load()
    values["train"] |= {"batch_size": BATCH, "lr_decay": 0.0}
    values["networks"] |= {"architecture": "mi2018", "latent_dim": LATENT}
    images = random_images(IMAGES, device)
    loop = endless("gan", task.build("gan", values, *images, seed=seed, folder=Path("unused")))
    for _ in range(WARM_UP):
        next(loop)
    torch.cuda.synchronize(device)
    pipe.send("ready")
    steps = pipe.recv()
    begun = time.perf_counter()
    for _ in range(steps):
        next(loop)
    torch.cuda.synchronize(device)
    pipe.send(time.perf_counter() - begun)


if __name__ == "__main__":
    run(main)
