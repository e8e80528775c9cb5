"""The Wasserstein GAN (Arjovsky et al. 2017; mi2018 section 2.2).

The critic is the architecture's discriminator without a sigmoid. It is kept Lipschitz by clipping
its weights or, as an option, by a gradient penalty (Gulrajani et al. 2017).
"""

import torch
from pydantic import Field, model_validator
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, PositiveFloat, Update, to_images
from ganvae.models.wgan import loss as wasserstein

NETWORKS = ("decoder", "discriminator")


class Params(Block):
    """`models.wgan`: exactly one of `clip` and `gradient_penalty` is a number, the other null."""

    clip: PositiveFloat | None
    gradient_penalty: PositiveFloat | None
    critic_steps: int = Field(ge=1, le=1000)
    generator: Optimizer
    critic: Optimizer

    @model_validator(mode="after")
    def _one_constraint(self) -> "Params":
        if (self.clip is None) == (self.gradient_penalty is None):
            raise ValueError(
                f"clip = {self.clip}, gradient_penalty = {self.gradient_penalty}: "
                "allowed: one a number, the other null"
            )
        return self


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Critic at every step, then the generator at every `critic_steps`-th."""

    decoder, critic = networks["decoder"], networks["discriminator"]

    def train_critic(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        with torch.no_grad():
            generated = to_images(decoder(noise.normal(len(images), latent_dim)))
        loss = wasserstein.critic_loss(real=critic(images), fake=critic(generated))
        logged = {"loss": loss.detach()}
        if params.gradient_penalty is None:
            return Loss(loss, logged)
        epsilon = noise.uniform(len(images), 1, 1, 1)
        penalty = wasserstein.gradient_penalty(critic, real=images, fake=generated, epsilon=epsilon)
        return Loss(
            loss + params.gradient_penalty * penalty, {**logged, "penalty": penalty.detach()}
        )

    def train_generator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        generated = to_images(decoder(noise.normal(len(images), latent_dim)))
        loss = wasserstein.generator_loss(fake=critic(generated))
        return Loss(loss, {"loss": loss.detach()})

    def clip_critic() -> None:
        if params.clip is not None:
            wasserstein.clip_weights(critic.parameters(), params.clip)

    return (
        Update("critic", ("discriminator",), train_critic, project=clip_critic),
        Update("generator", ("decoder",), train_generator, every=params.critic_steps),
    )
