"""A training described in full, and how one is built from the content of `params.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ganvae import config, model
from ganvae.model import Optimizer, TrainParams, Update


@dataclass(frozen=True)
class Task:
    """What is trained, on what, and where its files lie.

    Attributes:
        networks: the model's networks, on the device of `images`; trained in place.
        updates: who is trained by which loss, in order.
        optimizers: the parameters of each update's optimizer, by the update's name.
        images: training images [N, 1, 28, 28] in [-1, 1].
        labels: their classes [N].
        latent_dim: size of the decoder's input.
        train: the block `train`; its `seeds` play no part here.
        seed: this run's seed.
        folder: for the snapshots and the resume state.
    """

    networks: nn.ModuleDict
    updates: tuple[Update, ...]
    optimizers: Mapping[str, Optimizer]
    images: Tensor
    labels: Tensor
    latent_dim: int
    train: TrainParams
    seed: int
    folder: Path

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the training set; an epoch leaves the rest of its random order out."""
        return len(self.images) // self.train.batch_size

    @property
    def total_steps(self) -> int:
        """Batches in the whole run."""
        return self.steps_per_epoch * self.train.epochs

    def rate_after(self, done: int) -> float:
        """The share of its full learning rate with which every update steps after `done` steps."""
        falling = self.total_steps * self.train.lr_decay
        left = self.total_steps - done
        return left / falling if left < falling else 1.0


def build(
    name: str, values: Mapping[str, Any], images: Tensor, labels: Tensor, *, seed: int, folder: Path
) -> Task:
    """The training of one model with one seed, with fresh networks on the device of `images`.

    Args:
        name: the model.
        values: the blocks `train`, `networks` and `models.<name>` of `params.yaml`.
        images: training images [N, 1, 28, 28] in [-1, 1].
        labels: their classes [N].
        seed: this run's.
        folder: for the snapshots and the resume state.

    Raises:
        UserError: a block does not fit its schema; no such model or architecture.
    """
    module = model.model(name)
    params = config.block(module.Params, values, f"models.{name}")
    networks = config.block(model.NetworksParams, values, "networks")
    built = model.create(name, networks, seed).to(images.device)
    updates = module.updates(params, built, networks.latent_dim)
    return Task(
        networks=built,
        updates=updates,
        optimizers={update.name: getattr(params, update.name) for update in updates},
        images=images,
        labels=labels,
        latent_dim=networks.latent_dim,
        train=config.block(TrainParams, values, "train"),
        seed=seed,
        folder=folder,
    )
