"""The VAE whose encoder and decoder step in turn (battineedi2023 Algorithm 2; ghosh2020 2.2.1).

Each takes its step along the gradient of the same -ELBO, on posterior samples of its own; the
decoder sees the encoder that has just stepped.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, detached
from ganvae.models.vae.loss import vae_loss

NETWORKS = ("encoder", "decoder")


class Params(Block):
    """`models.vae_alternating`: as `models.vae`, with an optimizer for each network."""

    likelihood: Literal["bernoulli", "gaussian"]
    beta: float = Field(ge=0, le=1000)
    encoder: Optimizer
    decoder: Optimizer


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """The encoder, then the decoder, at every step."""

    def loss(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        total, parts, _ = vae_loss(
            networks, images, noise, likelihood=params.likelihood, beta=params.beta
        )
        return Loss(total, detached({"loss": total, **parts}))

    return (Update("encoder", ("encoder",), loss), Update("decoder", ("decoder",), loss))
