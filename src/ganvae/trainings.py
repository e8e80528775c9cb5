"""The trainings of an experiment: all at once on the executor, and the networks that they leave."""

import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from pydantic import model_validator
from torch import Tensor, nn

from ganvae import config, data, model, progress, runtime, storage, study, systems
from ganvae.claims import kept
from ganvae.config import Block
from ganvae.encoding import finite
from ganvae.jobs import Job
from ganvae.model import NetworksParams, TrainParams, posterior, to_images

# those whose files papers/dvc.yaml names as dependencies of the experiments
Architecture = Literal["ghosh2020_gan", "mi2018", "wide"]
Models = dict[str, dict[str, Any]]
MNIST = Path("data/papers/mnist")  # on which experiments on another set are trained
BATCH = 1000

K = TypeVar("K", bound=Hashable)


class TrainingParams(Block):
    """What the parameters of most experiments begin with.

    Attributes:
        architecture: of all networks.
        train: in the form of the main pipeline's block `train`.
        models: likewise, a block for each model of the experiment's `MODELS`, here `NAMES`.
    """

    NAMES: ClassVar[tuple[str, ...]] = ()
    architecture: Architecture
    train: TrainParams
    models: Models

    @model_validator(mode="after")
    def _its_models(self) -> "TrainingParams":
        check_models(self.models, self.NAMES)
        return self


def check_models(models: Models, names: tuple[str, ...]) -> None:
    """Raises `ValueError` unless there is a block for each of the models `names` and no other."""
    if set(models) != set(names):
        raise ValueError(f"models = {sorted(models)}: allowed: blocks of {', '.join(names)}")


@dataclass(frozen=True)
class Training:
    """A model to be trained with every seed of its block `train`.

    Attributes:
        model: its name.
        values: the blocks `train`, `networks` and `models.<model>`.
        data: the training images, as `data.training_set` reads them.
    """

    model: str
    values: Mapping[str, Any]
    data: Path

    def check(self) -> None:
        """Raises `UserError` for a block that does not fit its schema."""
        train = config.block(TrainParams, self.values, "train")
        networks = config.block(NetworksParams, self.values, "networks")
        config.block(model.model(self.model).Params, self.values, f"models.{self.model}")
        model.check_fit(self.model, networks.architecture)
        images, _ = data.training_set(self.data, torch.device("cpu"))
        model.check_batch_size(train, len(images))


def of(params: TrainingParams, name: str, latent_dim: int, images: Path) -> Training:
    """A training of the model `name` with an experiment's parameters."""
    values = {
        "train": params.train.model_dump(),
        "networks": {"architecture": params.architecture, "latent_dim": latent_dim},
        "models": {name: params.models[name]},
    }
    return Training(name, values, images)


@contextmanager
def trained(
    wanted: Mapping[K, Training], params_file: Path = systems.FILE
) -> Iterator[dict[K, dict[int, Job]]]:
    """Trains everything with one call of the executor; yields the jobs, done, by key and seed.

    Their folders stay after an error, so that a second call trains only what is missing, and go at
    the end without one.

    Args:
        wanted: different trainings by keys; a key as text is the label of its jobs.
        params_file: where the parameters stand; an edit while the trainings run is refused.

    Raises:
        UserError: a block does not fit its schema, or what `jobs.run` refuses.
        Interrupted: after all trainings have stopped.
    """
    for training in wanted.values():
        training.check()
    found = {}
    for key, training in wanted.items():
        jobs = study.jobs(training.model, training.values, training.data, params_file)
        found[key] = {s: replace(job, label=f"{key}, seed {s}") for s, job in jobs.items()}
    todo = [job for of_key in found.values() for job in of_key.values()]
    with kept(todo):
        progress.run_counted(todo, runtime.gpus(), sys.stderr.isatty())
        yield found


def load(training: Training, job: Job, seed: int) -> nn.ModuleDict | None:
    """A training's networks, in evaluation mode and without gradients; None if it diverged."""
    if storage.read_json(job.result / "status.json")["state"] == "diverged":
        return None
    networks_params = config.block(NetworksParams, training.values, "networks")
    networks = model.create(training.model, networks_params, seed)
    path = job.result / "weights.safetensors"
    model.load_weights(networks, storage.read_tensors(path), path)
    return networks.eval().requires_grad_(False).to(runtime.device())


@torch.no_grad()
def encode(networks: nn.ModuleDict, images: Tensor) -> tuple[Tensor, Tensor]:
    """Means (an autoencoder's codes) and log-variances of images [N, 1, 28, 28], each [N, D].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    device = next(networks.parameters()).device
    parts = [networks["encoder"](part.to(device)).cpu() for part in torch.split(images, BATCH)]
    return posterior(finite(torch.cat(parts)))


@torch.no_grad()
def decode(networks: nn.ModuleDict, z: Tensor) -> Tensor:
    """Logits [N, 1, 28, 28] of latent vectors [N, D], on the CPU.

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    device = next(networks.parameters()).device
    parts = [networks["decoder"](part.to(device)).cpu() for part in torch.split(z, BATCH)]
    return finite(torch.cat(parts))


def reconstructed(networks: nn.ModuleDict, images: Tensor) -> Tensor:
    """Images [N, 1, 28, 28] in [-1, 1] from the codes of `images`, without sampling.

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    mean, _ = encode(networks, images)
    return to_images(decode(networks, mean))


def write_subset(path: Path, images: Tensor, labels: Tensor) -> Path:
    """Writes images [N, 1, 28, 28] and their classes [N] as the stage `preprocess` does."""
    storage.write_tensors(path, {"images": images, "labels": labels})
    return path


def write_levels(path: Path, images: Tensor) -> Path:
    """Writes images [N, 1, 28, 28] in [-1, 1] in a quarter of that space, without classes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, data.quantise(images).unsqueeze(1).numpy())
    return path
