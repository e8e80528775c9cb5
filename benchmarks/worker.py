"""A process that holds one training and runs it when asked: what is measured, and how."""

import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import plain
from ganvae import config, data, errors, model, runtime, task, training

CPU = torch.device("cpu")
DATA = Path("data/processed/train.safetensors")
RANDOM_IMAGES = 60000
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Spec:
    """Which training a worker holds.

    Attributes:
        name: the model.
        ganvae: this project's loop; else the plain one.
        threads: for the plain loop; None leaves torch's default. This project's has always one.
        values: the content of `params.yaml`.
    """

    name: str
    ganvae: bool
    threads: int | None
    values: Mapping[str, Any]


def training_images() -> tuple[Tensor, Tensor]:
    """The processed training set, or random images of MNIST's shape where there is none."""
    if DATA.exists():
        return data.load(DATA)
    noise = runtime.Noise(runtime.seed_for(0, "benchmark"), CPU)
    images = noise.uniform(RANDOM_IMAGES, 1, 28, 28) * 2 - 1
    return images, torch.zeros(RANDOM_IMAGES, dtype=torch.int64)


def networks(name: str, values: Mapping[str, Any]) -> nn.ModuleDict:
    """A model's networks with the initial weights that both loops start from, in train mode."""
    shape = config.block(model.NetworksParams, values, "networks")
    built = model.create(name, shape, seed=0)
    built.train()
    return built


def ganvae_loop(
    name: str, images: Tensor, labels: Tensor, values: Mapping[str, Any]
) -> Iterator[None]:
    """This project's training, one batch per `next`, without end and so at constant rates."""
    values = {**values, "train": {**values["train"], "lr_decay": 0.0}}
    # `Run.step` writes nothing to the folder
    described = task.build(name, values, images, labels, seed=0, folder=Path("unused"))
    run = training.Run(described)
    while True:
        diverged = run.step()
        if diverged:
            raise errors.UserError(f"{name}: {diverged.update} is not finite: {diverged.step}")
        yield


def plain_loop(
    name: str, images: Tensor, labels: Tensor, values: Mapping[str, Any]
) -> Iterator[plain.Losses]:
    """The plain training on a DataLoader, one batch per `next`, without end."""
    loader = DataLoader(
        TensorDataset(images, labels),
        batch_size=values["train"]["batch_size"],
        shuffle=True,
        drop_last=True,  # as this project's loop: every batch is whole
        num_workers=0,
    )
    params, lr = values["models"][name], values["train"]["lr"]
    latent_dim = values["networks"]["latent_dim"]
    return plain.loop(name, networks(name, values), loader, params, lr, latent_dim)


@dataclass(frozen=True)
class Window:
    """One measurement of one process.

    Attributes:
        rate: images per second.
        busy: seconds of processor time per second; 1 for one thread that had a core to itself.
    """

    rate: float
    busy: float


def window(loop: Iterator[object], batch_size: int, seconds: float) -> Window:
    """Trains for at least `seconds`, in whole steps."""
    start, start_busy = time.perf_counter(), time.process_time()
    steps, elapsed = 0, 0.0
    while elapsed < seconds:
        next(loop)
        steps += 1
        elapsed = time.perf_counter() - start
    return Window(steps * batch_size / elapsed, (time.process_time() - start_busy) / elapsed)


def serve(spec: Spec, pipe: Connection) -> None:
    """The process: warms up, sends its number of threads, then a `Window` for every length asked.

    It ends when the other end of the pipe is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle
    errors.run(lambda: _serve(spec, pipe))


def _serve(spec: Spec, pipe: Connection) -> None:
    torch.set_flush_denormal(True)  # for both, before threads start: or one's luck is measured
    if spec.ganvae:
        runtime.use_one_thread()
    elif spec.threads is not None:
        torch.set_num_threads(spec.threads)
    torch.manual_seed(0)
    build = ganvae_loop if spec.ganvae else plain_loop
    loop = build(spec.name, *training_images(), spec.values)
    batch_size = spec.values["train"]["batch_size"]
    window(loop, batch_size, WARM_UP_SECONDS)
    pipe.send(torch.get_num_threads())
    while True:
        try:
            seconds = pipe.recv()
        except EOFError:
            return
        pipe.send(window(loop, batch_size, seconds))
