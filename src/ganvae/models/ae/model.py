"""The plain autoencoder (parakatta2023): reconstruction alone, no prior.

Its encoder's log-variances take no part. Nothing draws its codes towards N(0, I), so samples of it
are what the decoder makes of vectors that it never saw.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, posterior
from ganvae.models.vae import elbo

NETWORKS = ("encoder", "decoder")


class Params(Block):
    """`models.ae`: -log p(x | z) at the code z of x; `noise` makes it a denoising autoencoder.

    `noise` is the standard deviation of what is added to the encoder's input, on the images' own
    range [-1, 1] (Vincent et al. 2008).
    """

    reconstruction: Literal["bernoulli", "gaussian"]
    noise: float = Field(ge=0, le=10)
    autoencoder: Optimizer


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Encoder and decoder together, at every step."""

    def train_autoencoder(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        seen = images + params.noise * noise.normal(*images.shape) if params.noise else images
        code, _ = posterior(networks["encoder"](seen))
        loss = elbo.LIKELIHOODS[params.reconstruction](networks["decoder"](code), images).mean()
        return Loss(loss, {"loss": loss.detach()})

    return (Update("autoencoder", ("encoder", "decoder"), train_autoencoder),)
