"""GAN training on mi2018's networks on this machine's GPU: a million steps, and ten seeds at once.

Runs some thousand steps, in one process and in ten that share the GPU as a stage's trainings do,
and prints minutes; nothing is written. docs/performance.md has the rows.
"""

import time
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from benchmarks.worker import endless, received, started
from ganvae.core import config, machine
from ganvae.errors import UserError, run
from ganvae.training import task

IMAGES, BATCH, LATENT = 60000, 64, 100
WARM_UP, STEPS, MILLION = 200, 2000, 1_000_000
SEEDS = 10


def main() -> None:
    if machine.device().type != "cuda":
        raise UserError("benchmarks.gpu: no CUDA device here")
    one, ten = seconds_a_step(1), seconds_a_step(SEEDS)
    name = machine.description(machine.device())["device"]
    minutes = one * MILLION / 60
    print(f"{name}: {minutes:.1f} minutes for {MILLION:,} steps of the GAN, batch {BATCH}")
    print(f"{name}: {SEEDS} seeds at once take {ten / one:.2f} times as long as one")


def seconds_a_step(trainings: int) -> float:
    """Of the slowest of so many trainings at once, each with another seed in its own process."""
    with started(serve, [(seed,) for seed in range(trainings)]) as pipes:
        for pipe in pipes:
            received(pipe)
        for pipe in pipes:
            pipe.send(STEPS)
        seconds: float = max(received(pipe) for pipe in pipes)
        return seconds / STEPS


def serve(seed: int, pipe: Connection) -> None:
    """The process: says that it is warm, then trains so many steps as it is asked for."""
    run(lambda: _serve(seed, pipe))


def _serve(seed: int, pipe: Connection) -> None:
    device = machine.device()
    machine.use_one_thread()
    values = config.load()
    values["train"] |= {"batch_size": BATCH, "lr_decay": 0.0}
    values["networks"] |= {"architecture": "mi2018", "latent_dim": LATENT}
    images = machine.Noise(0, device).uniform(IMAGES, 1, 28, 28).mul_(2).sub_(1)
    labels = torch.zeros(IMAGES, dtype=torch.int64, device=device)
    described = task.build("gan", values, images, labels, seed=seed, folder=Path("unused"))
    loop = endless("gan", described)
    for _ in range(WARM_UP):
        next(loop)
    torch.cuda.synchronize(device)
    pipe.send(None)
    steps = pipe.recv()
    begun = time.perf_counter()
    for _ in range(steps):
        next(loop)
    torch.cuda.synchronize(device)
    pipe.send(time.perf_counter() - begun)


if __name__ == "__main__":
    run(main)
