"""The generative adversarial network (Goodfellow et al. 2014; mi2018 sections 2.1 and 3)."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.config import Block
from ganvae.model import Loss, Networks, Optimizer, Update
from ganvae.runtime import Noise

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


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Each at every step that is a multiple of the other's number; the discriminator first."""
    from ganvae.losses import adversarial
    from ganvae.updates import adversary

    objectives = {
        "non_saturating": adversarial.non_saturating,
        "minimax": adversarial.minimax,
    }

    def train_generator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        z = noise.normal(len(images), latent_dim)
        loss = adversary.generator_loss(networks, z, objectives[params.adversarial])
        return Loss(loss, {"loss": loss.detach()})

    return (
        adversary.discriminator_update(networks, latent_dim, every=params.generator_steps),
        Update("generator", ("decoder",), train_generator, every=params.discriminator_steps),
    )
