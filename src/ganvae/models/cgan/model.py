"""The conditional GAN (Mirza & Osindero 2014), which ghosh2020 names: both players see the class.

Differs from the paper's concatenation of the class to both inputs in the discriminator, so that any
architecture's will do: it sees the image plus a learned picture of the class. Under a first linear
layer W that is W x + W E y, a concatenation's W x + V y with V = W E. The pictures start black
(zero), as noise of a normal embedding's size would hide the image.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, to_images
from ganvae.models.cgan.codes import CLASSES, Coded, inputs
from ganvae.models.gan.loss import GENERATOR_LOSSES, discriminator_loss

NETWORKS = ("decoder", "discriminator")
NEEDS = NETWORKS
LABELS = CLASSES


class Params(Block):
    """`models.cgan`: as `models.gan`."""

    adversarial: Literal["non_saturating", "minimax"]
    discriminator_steps: int = Field(ge=1, le=1000)
    generator: Optimizer
    discriminator: Optimizer


class Conditional(nn.Module):
    """A discriminator of images [N, 1, 28, 28] that are said to be of the classes [N]."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.pictures = nn.Embedding(CLASSES, 28 * 28)
        nn.init.zeros_(self.pictures.weight)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits [N]."""
        pictures = self.pictures(labels).view(-1, 1, 28, 28)
        logits: Tensor = self.discriminator(images + pictures)
        return logits


def makers(nets: SimpleNamespace, latent_dim: int) -> dict[str, Callable[[], nn.Module]]:
    """The architecture's decoder with a class among its inputs, and its discriminator likewise."""
    return {
        "decoder": lambda: Coded(nets.decoder(inputs(latent_dim))),
        "discriminator": lambda: Conditional(nets.discriminator()),
    }


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Discriminator at every step, then the generator at every `discriminator_steps`-th.

    Fakes are of the batch's own classes, so both kinds of images have the same.
    """

    decoder, discriminator = networks["decoder"], networks["discriminator"]
    assert isinstance(decoder, Coded)

    def generated(labels: Tensor, noise: Noise) -> Tensor:
        z, _, codes = decoder.split(noise.normal(len(labels), latent_dim))
        return to_images(decoder.of(z, labels, codes))

    def train_discriminator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        with torch.no_grad():
            fakes = generated(labels, noise)
        real, fake = discriminator(images, labels), discriminator(fakes, labels)
        total = discriminator_loss(real=real, fake=fake)
        accuracy = ((real > 0).float().mean() + (fake < 0).float().mean()) / 2
        return Loss(total, {"loss": total.detach(), "accuracy": accuracy})

    def train_generator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        fake = discriminator(generated(labels, noise), labels)
        loss = GENERATOR_LOSSES[params.adversarial](fake=fake)
        return Loss(loss, {"loss": loss.detach()})

    return (
        Update("discriminator", ("discriminator",), train_discriminator),
        Update("generator", ("decoder",), train_generator, every=params.discriminator_steps),
    )
