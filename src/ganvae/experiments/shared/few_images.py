"""Conditional GANs of a few real images, and what they draw."""

from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganvae.core.config import PAPERS_FILE, Block
from ganvae.core.imageset import CPU, dequantise, quantise
from ganvae.core.machine import Noise, Precision, seed_for
from ganvae.errors import ParameterError
from ganvae.evaluation.encoding import finite
from ganvae.experiments.shared import trainings
from ganvae.experiments.shared.trainings import Models
from ganvae.models.base.contract import to_images
from ganvae.models.base.systems import Plan
from ganvae.models.cgan.codes import Coded

(MODEL,) = MODELS = ("cgan",)


class GanBlock(Block):
    """The conditional GAN: keys of the main pipeline's `networks` and `train`, and `models`.

    `generator_updates` says how long it is trained, whatever the number of images.
    """

    architecture: trainings.Architecture
    latent_dim: int = Field(ge=2, le=4096)
    lr: float = Field(gt=0, le=1)
    lr_decay: float = Field(ge=0, le=1)
    batch_size: int = Field(ge=2, le=60000)
    precision: Precision
    generator_updates: int = Field(ge=1, le=10000000)
    models: Models

    @model_validator(mode="after")
    def _its_models(self) -> "GanBlock":
        trainings.check_models(self.models, MODELS)
        return self


@dataclass(frozen=True)
class Subset:
    """The first `num` training images in the random order of `seed`."""

    num: int
    seed: int

    def __str__(self) -> str:
        return f"{self.num} images, subset {self.seed}"

    def of(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """These images [num, 1, 28, 28] and their classes [num]."""
        order = Noise(seed_for(self.seed, "subset"), CPU).permutation(len(images))[: self.num]
        return images[order], labels[order]


def plan(block: GanBlock, subset: Subset, images: Path) -> Plan:
    """A conditional GAN on a subset, for `generator_updates` whatever its size.

    Args:
        block: its parameters.
        subset: its seed is the training's too.
        images: the file of these images and no others.

    Raises:
        UserError: fewer images than a batch has.
    """
    if subset.num < block.batch_size:
        raise ParameterError(
            f"gan.batch_size = {block.batch_size}: allowed: at most {subset.num}, "
            "the smallest number of real images"
        )
    every = block.models[MODEL].get("discriminator_steps", 1)  # a missing one is refused later
    values = {
        "networks": {"architecture": block.architecture, "latent_dim": block.latent_dim},
        "train": {
            "lr": block.lr,
            "lr_decay": block.lr_decay,
            "batch_size": block.batch_size,
            "epochs": block.generator_updates * every / (subset.num // block.batch_size),
            "checkpoints": [],
            "precision": block.precision,
            "seeds": [subset.seed],
        },
        "models": block.models,
    }
    return Plan(MODEL, values, images, PAPERS_FILE, trainings.DATA_SET)


def generate(decoder: nn.Module, labels: Tensor, latent_dim: int, seed: int) -> Tensor:
    """Images of the classes `labels` [M], rounded to grey levels, float32 [M, 1, 28, 28].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    assert isinstance(decoder, Coded)
    noise = Noise(seed_for(seed, "augmentation"), CPU)
    device = next(decoder.parameters()).device
    made = []
    for part in torch.split(labels, trainings.BATCH):
        z, _, codes = decoder.split(noise.normal(len(part), latent_dim).to(device))
        made.append(quantise(finite(to_images(decoder.of(z, part.to(device), codes)))))
    return dequantise(torch.cat(made))
