"""The variational autoencoder (Kingma & Welling 2014; mi2018 section 2.3)."""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, detached
from ganvae.models.vae.loss import vae_loss

NETWORKS = ("encoder", "decoder")


class Params(Block):
    """`models.vae`: -ELBO with the KL term weighted by `beta` (1 is the bound itself)."""

    likelihood: Literal["bernoulli", "gaussian"]
    beta: float = Field(ge=0, le=1000)
    autoencoder: Optimizer


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Encoder and decoder together, at every step."""

    def train_autoencoder(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        loss, parts, _ = vae_loss(
            networks, images, noise, likelihood=params.likelihood, beta=params.beta
        )
        return Loss(loss, detached({"loss": loss, **parts}))

    return (Update("autoencoder", ("encoder", "decoder"), train_autoencoder),)
