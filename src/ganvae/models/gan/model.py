"""The generative adversarial network (Goodfellow et al. 2014; mi2018 sections 2.1 and 3)."""

from typing import Literal

from pydantic import Field, model_validator
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update
from ganvae.models.gan.loss import GENERATOR_LOSSES, discriminator_update, generator_loss

NETWORKS = ("decoder", "discriminator")


class Params(Block):
    """`models.gan`: the generator's loss is mi2018 eq. 2 (non_saturating) or eq. 1 (minimax).

    With `discriminator_steps` k and `generator_steps` 1 the generator is updated at every k-th
    step, the discriminator at every one (battineedi2023, Algorithm 1), and the other way round.
    """

    adversarial: Literal["non_saturating", "minimax"]
    discriminator_steps: int = Field(ge=1, le=1000)
    generator_steps: int = Field(ge=1, le=1000)
    generator: Optimizer
    discriminator: Optimizer

    @model_validator(mode="after")
    def _one_of_both_at_every_step(self) -> "Params":
        if min(self.discriminator_steps, self.generator_steps) > 1:
            raise ValueError(
                f"discriminator_steps = {self.discriminator_steps}, generator_steps = "
                f"{self.generator_steps}: allowed: one of both 1"
            )
        return self


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Each at every step that is a multiple of the other's number; the discriminator first."""

    def train_generator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        z = noise.normal(len(images), latent_dim)
        loss = generator_loss(networks, z, GENERATOR_LOSSES[params.adversarial])
        return Loss(loss, {"loss": loss.detach()})

    return (
        discriminator_update(networks, latent_dim, every=params.generator_steps),
        Update("generator", ("decoder",), train_generator, every=params.discriminator_steps),
    )
