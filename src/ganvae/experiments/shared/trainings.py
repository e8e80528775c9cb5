"""The trainings of an experiment: all at once on the executor, and the networks that they leave."""

import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from pydantic import model_validator
from torch import Tensor, nn

from ganvae.core import imageset, machine, storage
from ganvae.core.config import PAPERS, PAPERS_FILE, Block
from ganvae.evaluation.encoding import finite
from ganvae.jobs import progress
from ganvae.jobs.executor import Job
from ganvae.jobs.locks import kept
from ganvae.models.base import build
from ganvae.models.base.contract import TrainParams, posterior, to_images
from ganvae.models.base.systems import Plan, Status
from ganvae.training import seeds

# of all that there are, those that an experiment was tried with
Architecture = Literal["ghosh2020_gan", "mi2018", "wide"]
Models = dict[str, dict[str, Any]]
MNIST = PAPERS / "data" / "mnist"  # on which experiments on another set are trained
DATA_SET = "of an experiment"  # as a training's weights say: images that it chose by itself
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


def of(params: TrainingParams, name: str, latent_dim: int, images: Path) -> Plan:
    """The plan of the model `name` with an experiment's parameters."""
    values = {
        "train": params.train.model_dump(),
        "networks": {"architecture": params.architecture, "latent_dim": latent_dim},
        "models": {name: params.models[name]},
    }
    return Plan(name, values, images, PAPERS_FILE, DATA_SET)


@contextmanager
def trained(plans: Mapping[K, Plan]) -> Iterator[dict[K, dict[int, Job]]]:
    """Trains everything with one call of the executor; yields the jobs, done, by key and seed.

    Their folders stay after an error, so that a second call trains only what is missing, and go at
    the end without one.

    Args:
        plans: different ones by keys; a key as text is the label of its jobs.

    Raises:
        UserError: a block does not fit its schema, or what `executor.run` refuses.
        Interrupted: after all trainings have stopped.
    """
    for plan in plans.values():
        plan.check()
    found = {
        key: {s: replace(job, label=f"{key}, seed {s}") for s, job in seeds.jobs(plan).items()}
        for key, plan in plans.items()
    }
    todo = [job for of_key in found.values() for job in of_key.values()]
    with kept(todo):
        progress.run_counted(todo, machine.gpus(), sys.stderr.isatty())
        yield found


def status(job: Job) -> Status:
    """How a training ended. Raises `UserError` if its file is missing or damaged."""
    return storage.read_as(job.result / "status.json", Status)


def load(plan: Plan, job: Job, seed: int) -> nn.ModuleDict | None:
    """A training's networks, in evaluation mode and without gradients; None if it diverged."""
    if status(job).state == "diverged":
        return None
    path = job.result / "weights.safetensors"
    networks = build.restore(plan.model, plan.networks, storage.read_tensors(path), path)
    return networks.to(machine.device())


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
    np.save(path, imageset.quantise(images).unsqueeze(1).numpy())
    return path
