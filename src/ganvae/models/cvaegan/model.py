"""The constrained VAE-GAN, mi2018's own model (section 4.1): VAE-GAN with a bounded L_gan.

Only the autoencoder's loss differs from the VAE-GAN's: min L_vae subject to L_gan <= d. The text
leaves open whether the bound is on the batch's mean or on every image, and on which images: eq. 7
takes samples of the prior, section 4.1's "point x" suggests reconstructions. Both are parameters.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, detached, to_images
from ganvae.models.cvaegan.loss import constrained_loss
from ganvae.models.gan.loss import discriminator_update, non_saturating_each
from ganvae.models.vae.loss import vae_loss

NETWORKS = ("encoder", "decoder", "discriminator")


class Params(Block):
    """`models.cvaegan`: L_vae + `lambda` max(L_gan - `d`, 0); d in nats, ln 2 = 0.693 is a draw.

    `hinge`: on the batch's mean or on every image. `l_gan_on`: samples of the prior (eq. 7), or the
    reconstructions of the batch.
    """

    likelihood: Literal["bernoulli", "gaussian"]
    beta: float = Field(ge=0, le=1000)
    lambda_: float = Field(alias="lambda", ge=0, le=100000)
    d: float = Field(ge=-100000, le=100000)
    hinge: Literal["batch", "image"]
    l_gan_on: Literal["prior", "reconstruction"]
    discriminator_steps: int = Field(ge=1, le=1000)
    autoencoder: Optimizer
    discriminator: Optimizer


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Discriminator at every step, then encoder and decoder at every `discriminator_steps`-th."""

    def train_autoencoder(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        l_vae, parts, logits = vae_loss(
            networks, images, noise, likelihood=params.likelihood, beta=params.beta
        )
        if params.l_gan_on == "prior":
            logits = networks["decoder"](noise.normal(len(images), latent_dim))
        l_gan = non_saturating_each(fake=networks["discriminator"](to_images(logits)))
        if params.hinge == "batch":
            l_gan = l_gan.mean()
        loss = constrained_loss(l_vae, l_gan, lambda_=params.lambda_, d=params.d)
        active = (l_gan > params.d).float().mean()
        logged = {"loss": loss, **parts, "l_gan": l_gan.mean(), "active": active}
        return Loss(loss, detached(logged), {"l_vae": l_vae, "l_gan": loss - l_vae})

    return (
        discriminator_update(networks, latent_dim),
        Update(
            "autoencoder",
            ("encoder", "decoder"),
            train_autoencoder,
            every=params.discriminator_steps,
        ),
    )
