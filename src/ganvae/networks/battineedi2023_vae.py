"""The VAE of battineedi2023, section 3.3: two convolutions and two fully connected layers each way.

With 32 `channels`, as in the text. Encoder: convolutions with 32 (14 x 14) and 64 channels (7 x 7),
kernel 3, stride 2; fully connected 512 and 256. Decoder: fully connected 256 and 512; transposed
convolutions to 64 channels (14 x 14) and 1 (28 x 28), kernel 3, stride 2. LeakyReLU 0.2 throughout.
The text's latent has 10 dimensions.

Differs from the text because 512 is no multiple of 7*7: a fully connected layer 512 -> 7*7*64
stands before the transposed convolutions.
Differs from the text because its "standard deviation vector" is unbounded here: the encoder ends in
mean and log-variance, without an activation, as `z_log_var` of the text's Algorithm 2.
Differs from the text because it names no activation at the decoder's end: it ends in logits, tanh
is part of `contract.to_images`.

The customised VAEs of section 3.6 have half and twice the channels and units here, 16 and 64
`channels`, because the text says only that the networks were modified, not how.
"""

from pydantic import Field
from torch import nn

from ganvae.core.config import Block
from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


class Params(Block):
    """The block `networks.options`.

    `channels` are those of the encoder's first convolution, of which all other channels and units
    are multiples.
    """

    channels: int = Field(ge=1, le=1024)


def encoder(latent_dim: int, params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    c = params.channels
    return nn.Sequential(
        *halving(1, c, 2 * c, kernel=3, activation=leaky),
        nn.Flatten(),
        *dense(2 * c * 7 * 7, 16 * c, 8 * c, activation=leaky),
        Linear(8 * c, 2 * latent_dim),
    )


def decoder(latent_dim: int, params: Params) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    c = params.channels
    return nn.Sequential(
        *dense(latent_dim, 8 * c, 16 * c, 2 * c * 7 * 7, activation=leaky),
        nn.Unflatten(1, (2 * c, 7, 7)),
        *doubling(2 * c, 2 * c, 1, kernel=3, activation=leaky),
    )
