"""The VAE-GAN as mi2018 builds it (section 2.4, eq. 6 + eq. 7).

Differs from Larsen et al. 2015, whose reconstruction is on the discriminator's features and whose
fakes include reconstructions, because mi2018 reconstructs pixels and takes L_gan on samples of the
prior.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, detached
from ganvae.models.gan.loss import discriminator_update, generator_loss
from ganvae.models.vae.loss import vae_loss
from ganvae.models.vaegan.loss import vae_gan_loss

NETWORKS = ("encoder", "decoder", "discriminator")


class Params(Block):
    """`models.vaegan`: L_vae + `adversarial_weight` L_gan."""

    likelihood: Literal["bernoulli", "gaussian"]
    beta: float = Field(ge=0, le=1000)
    adversarial_weight: float = Field(ge=0, le=100000)
    discriminator_steps: int = Field(ge=1, le=1000)
    autoencoder: Optimizer
    discriminator: Optimizer


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Discriminator at every step, then encoder and decoder at every `discriminator_steps`-th."""

    def train_autoencoder(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        l_vae, parts, _ = vae_loss(
            networks, images, noise, likelihood=params.likelihood, beta=params.beta
        )
        l_gan = generator_loss(networks, noise.normal(len(images), latent_dim))
        loss = vae_gan_loss(l_vae, l_gan, weight=params.adversarial_weight)
        logged = detached({"loss": loss, **parts, "l_gan": l_gan})
        return Loss(loss, logged, {"l_vae": l_vae, "l_gan": params.adversarial_weight * l_gan})

    return (
        discriminator_update(networks, latent_dim),
        Update(
            "autoencoder",
            ("encoder", "decoder"),
            train_autoencoder,
            every=params.discriminator_steps,
        ),
    )
