"""The VAE of tikayyolla2020, section 4.1 and table 1, with two, three or four hidden layers.

Encoder: convolutions with 32, 64, 128 and 256 channels (14, 7, 4 and 2 pixels a side), kernel 3,
stride 2, the first `layers` of them, then a fully connected layer to mean and log-variance.
Decoder, its mirror: a fully connected layer, transposed convolutions back to 32 channels (14 x 14)
and 1 (28 x 28). ReLU.

Differs from the text because it gives no more than the number of hidden layers: they are read as
the encoder's convolutions, with channels that double where the image halves, as in the DCGAN
(Radford et al. 2015), beginning at 32. The decoder ends in logits, its sigmoid is part of the loss.
"""

from typing import Literal

from torch import nn

from ganvae.core.config import Block
from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import SIZES, dense, doubling, halving

CHANNELS = (32, 64, 128, 256)


class Params(Block):
    """The block `networks.options`: how many hidden layers encoder and decoder have."""

    layers: Literal[2, 3, 4]


def encoder(latent_dim: int, params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    channels, size = CHANNELS[: params.layers], SIZES[params.layers]
    return nn.Sequential(
        *halving(1, *channels, kernel=3, activation=nn.ReLU),
        nn.Flatten(),
        Linear(channels[-1] * size**2, 2 * latent_dim),
    )


def decoder(latent_dim: int, params: Params) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    channels, size = CHANNELS[: params.layers], SIZES[params.layers]
    return nn.Sequential(
        *dense(latent_dim, channels[-1] * size**2, activation=nn.ReLU),
        nn.Unflatten(1, (channels[-1], size, size)),
        *doubling(*reversed(channels), 1, kernel=3, activation=nn.ReLU),
    )
