"""The GAN of battineedi2023, section 3.2.1: transposed convolutions against four convolutions.

With 64 `channels`, as in the text. Generator: a fully connected layer 100 -> 7*7*128, transposed
convolutions to 64 channels (14 x 14) and 1 (28 x 28), kernel 5, stride 2. Discriminator:
convolutions with 64, 128, 256 and 512 channels (14, 7, 4 and 2 pixels a side), kernel 5, stride 2,
then one fully connected output. LeakyReLU 0.2 throughout.

Differs from the text because the generator's two fully connected layers, 7*7*128 and 14*14*64, do
not fit its two doublings: 14 x 14 doubled twice is 56 x 56. With 1 of the `dense_layers` the second
is left out, the small reading. With 2, the literal one, its 12544 = 14*14*64 outputs are taken as
256 channels of 7 x 7: 79.7 million weights, nearly all in that layer.
Differs from the text because it names no activation at the generator's end and a probability at the
discriminator's: both end in logits, the sigmoid is part of the loss and tanh of
`contract.to_images`.
"Same" padding is 2 on both sides; TensorFlow's, 1 before and 2 after, moves the image by a pixel.

The customised GANs of section 3.6 have half and twice the channels here, 32 and 128, because the
text says only that the networks were modified, not how.
"""

from typing import Literal

from pydantic import Field
from torch import nn

from ganvae.core.config import Block
from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


class Params(Block):
    """The block `networks.options`.

    `channels` are those of the discriminator's first convolution, of which all others are
    multiples; `dense_layers` the fully connected ones that the generator begins with.
    """

    channels: int = Field(ge=1, le=1024)
    dense_layers: Literal[1, 2]


def decoder(latent_dim: int, params: Params) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    c = params.channels
    channels = [2 * c, 4 * c][: params.dense_layers]  # of 7 x 7 pixels, after each dense layer
    return nn.Sequential(
        *dense(latent_dim, *(n * 7 * 7 for n in channels), activation=leaky),
        nn.Unflatten(1, (channels[-1], 7, 7)),
        *doubling(channels[-1], c, 1, kernel=5, activation=leaky),
    )


def discriminator(params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    c = params.channels
    return nn.Sequential(
        *halving(1, c, 2 * c, 4 * c, 8 * c, kernel=5, activation=leaky),
        nn.Flatten(),
        Linear(8 * c * 2 * 2, 1),
        nn.Flatten(0),
    )
