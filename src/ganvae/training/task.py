"""A training described in full, and how one is built from the content of `params.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ganvae.core import config
from ganvae.core.imageset import Images
from ganvae.errors import ParameterError
from ganvae.models.base.build import create, image_shape, model
from ganvae.models.base.contract import NetworksParams, Optimizer, TrainParams, Update
from ganvae.networks.layers.initialisation import Initialisation


@dataclass(frozen=True)
class Task:
    """What is trained, on what, and where its files lie.

    Attributes:
        networks: the model's networks, on the device of `images`; trained in place.
        updates: who is trained by which loss, in order.
        optimizers: the parameters of each update's optimizer, by the update's name.
        images: training images [N, C, H, W] in [-1, 1].
        labels: their classes [N].
        latent_dim: size of the decoder's input.
        train: the block `train`; its `seeds` play no part here.
        seed: this run's seed.
        folder: for the snapshots and the resume state.
        initialisation: `networks.initialisation`.
    """

    networks: nn.ModuleDict
    updates: tuple[Update, ...]
    optimizers: Mapping[str, Optimizer]
    images: Images
    labels: Tensor
    latent_dim: int
    train: TrainParams
    seed: int
    folder: Path
    initialisation: Initialisation = "torch"

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the training set; an epoch leaves the rest of its random order out."""
        return len(self.images) // self.train.batch_size

    @property
    def total_steps(self) -> int:
        """Batches in the whole run."""
        return self._steps(self.train.epochs)

    @property
    def checkpoint_steps(self) -> set[int]:
        """After how many batches the weights are kept; an epoch that is not reached has none."""
        return {self._steps(epochs) for epochs in self.train.checkpoints}

    def _steps(self, epochs: float) -> int:
        return max(1, round(self.steps_per_epoch * epochs))

    def rate_after(self, done: int) -> float:
        """The share of its full learning rate with which every update steps after `done` steps."""
        falling = self.total_steps * self.train.lr_decay
        left = self.total_steps - done
        return left / falling if left < falling else 1.0


def build(
    name: str, values: Mapping[str, Any], images: Images, labels: Tensor, *, seed: int, folder: Path
) -> Task:
    """The training of one model with one seed, with fresh networks on the device of `images`.

    Args:
        name: the model.
        values: the blocks `train`, `networks` and `models.<name>` of `params.yaml`.
        images: training images [N, C, H, W] in [-1, 1].
        labels: their classes [N].
        seed: this run's.
        folder: for the snapshots and the resume state.

    Raises:
        UserError: a block does not fit its schema; no such model or architecture; or images of
            another shape than the architecture's, or of more classes than the model's.
    """
    module = model(name)
    params = config.block(module.Params, values, f"models.{name}")
    networks = config.block(NetworksParams, values, "networks")
    shape = image_shape(networks.architecture)
    if images.shape[1:] != shape:
        raise ParameterError(
            f"networks.architecture = {networks.architecture!r}: is for images of "
            f"{list(shape)} (channels, height, width), not {list(images.shape[1:])}"
        )
    known = getattr(module, "LABELS", None)
    if known and (classes := int(labels.max()) + 1) > known:
        raise ParameterError(f"models.{name}: is for images of {known} classes, not {classes}")
    train = config.block(TrainParams, values, "train")
    built = create(name, networks, seed).to(images.device)
    if train.precision == "bf16":
        for network in built.values():
            network.register_forward_hook(_in_float32)
    updates = module.updates(params, built, networks.latent_dim)
    return Task(
        networks=built,
        updates=updates,
        optimizers={update.name: getattr(params, update.name) for update in updates},
        images=images,
        labels=labels,
        latent_dim=networks.latent_dim,
        initialisation=networks.initialisation,
        train=train,
        seed=seed,
        folder=folder,
    )


def _in_float32(network: nn.Module, inputs: object, output: Tensor) -> Tensor:
    """For the losses: autocast on a CPU would take them in bf16 too, two or three digits."""
    return output.float()
