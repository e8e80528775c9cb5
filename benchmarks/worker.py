"""A process that holds one training and runs it when asked: what is trained, and how."""

import contextlib
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import peers, plain
from benchmarks.processes import WARM_UP_SECONDS, window
from benchmarks.this_machine import CPU
from ganvae.core import config, imageset, machine
from ganvae.core.matmul import Linear
from ganvae.data import idx
from ganvae.errors import UserError
from ganvae.models.base import build, contract
from ganvae.training import loop, task

DATA = Path("data/processed/train.safetensors")
RANDOM_IMAGES = 60000


@dataclass(frozen=True)
class Spec:
    """Which training a worker holds.

    Attributes:
        name: a model, or a peer's training of `benchmarks.peers`.
        ours: in this project's loop; else the plain one or the peer's.
        threads: for theirs; None leaves torch's default. This project's has always one.
        values: the content of `params.yaml`; its precision is this project's.
    """

    name: str
    ours: bool
    threads: int | None
    values: Mapping[str, Any]

    @property
    def batch_size(self) -> int:
        """Images per step."""
        size: int = self.values["train"]["batch_size"]
        return peers.BATCH.get(self.name, size)


def training_images() -> tuple[Tensor, Tensor]:
    """The processed training set, or random images of MNIST's shape where there is none."""
    return imageset.load(DATA) if DATA.exists() else random_images(RANDOM_IMAGES)


def random_images(count: int, device: torch.device = CPU) -> tuple[Tensor, Tensor]:
    """Images [N, 1, 28, 28], uniform in [-1, 1), and labels that are all 0."""
    images = machine.Noise(0, device).uniform(count, 1, 28, 28).mul_(2).sub_(1)
    return images, torch.zeros(count, dtype=torch.int64, device=device)


def networks(name: str, values: Mapping[str, Any]) -> nn.ModuleDict:
    """A model's networks with the initial weights that both loops start from, in train mode."""
    shape = config.block(contract.NetworksParams, values, "networks")
    built = build.create(name, shape, seed=0)
    built.train()
    return built


def ganvae_loop(spec: Spec, images: Tensor, labels: Tensor) -> Iterator[None]:
    """This project's training, one batch per `next`, without end and so at constant rates."""
    # what the loops beside ours do not do
    train = {**spec.values["train"], "lr_decay": 0.0, "ema": 0.0}
    if spec.name in peers.BATCH:
        described = peers.ours(spec.name, images, labels, train["precision"])
    else:
        values = {**spec.values, "train": train}
        described = task.build(spec.name, values, images, labels, seed=0, folder=Path("unused"))
    return endless(spec.name, described)


def endless(name: str, described: task.Task) -> Iterator[None]:
    """A training of this project, one batch per `next`; nothing is written to its folder."""
    run = loop.Run(described)
    described.networks.train()
    while True:
        diverged = run.step()
        if diverged:
            raise UserError(f"{name}: {diverged.update} is not finite: {diverged.step}")
        yield


def plain_loop(spec: Spec, images: Tensor, labels: Tensor) -> Iterator[plain.Losses]:
    """The plain training on a DataLoader, one batch per `next`, without end."""
    name, values = spec.name, spec.values
    loader = DataLoader(
        TensorDataset(images, labels),
        batch_size=values["train"]["batch_size"],
        shuffle=True,
        drop_last=True,  # as this project's loop: every batch is whole
        num_workers=0,
    )
    params, lr = values["models"][name], values["train"]["lr"]
    latent_dim = values["networks"]["latent_dim"]
    return plain.LOOPS[name](as_usual(networks(name, values)), loader, params, lr, latent_dim)


def as_usual(built: nn.ModuleDict) -> nn.ModuleDict:
    """The same networks with torch's own fully connected layers."""
    for layer in built.modules():
        if isinstance(layer, Linear):
            layer.__class__ = nn.Linear  # type: ignore[assignment]
    return built


@contextlib.contextmanager
def prepared(spec: Spec) -> Iterator[Iterator[object]]:
    """The training that this process now holds, one batch per `next`."""
    torch.set_flush_denormal(True)  # for both, before threads start: or one's luck is measured
    if spec.ours:
        machine.use_one_thread()
    elif spec.threads is not None:
        torch.set_num_threads(spec.threads)
    torch.manual_seed(0)
    with contextlib.ExitStack() as stack:
        if spec.ours:
            yield ganvae_loop(spec, *training_images())
        elif spec.name in peers.BATCH:
            root = stack.enter_context(torchvision_mnist(*training_images()))
            yield peers.THEIRS[spec.name](root)
        else:
            yield plain_loop(spec, *training_images())


def serve(spec: Spec, pipe: Connection) -> None:
    """The process: warms up, sends its number of threads, then a `Window` for every length asked.

    It ends when the other end of the pipe is closed.
    """
    with prepared(spec) as loop:
        window(loop, spec.batch_size, WARM_UP_SECONDS)
        pipe.send(torch.get_num_threads())
        while True:
            pipe.send(window(loop, spec.batch_size, pipe.recv()))


@contextlib.contextmanager
def torchvision_mnist(images: Tensor, labels: Tensor) -> Iterator[Path]:
    """The training images as `torchvision.datasets.MNIST` finds them; yields its root."""
    levels = imageset.quantise(images).numpy()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "MNIST" / "raw"
        folder.mkdir(parents=True)
        for part in ("train", "t10k"):  # it looks for both
            header = struct.pack(">4I", idx.IMAGES_MAGIC, *levels.shape)
            (folder / f"{part}-images-idx3-ubyte").write_bytes(header + levels.tobytes())
            header = struct.pack(">2I", idx.LABELS_MAGIC, len(labels))
            content = header + labels.to(torch.uint8).numpy().tobytes()
            (folder / f"{part}-labels-idx1-ubyte").write_bytes(content)
        yield Path(root)
