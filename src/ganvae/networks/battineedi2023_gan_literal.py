"""The GAN of battineedi2023, section 3.2.1, with both of the generator's fully connected layers.

Generator: fully connected 100 -> 6272 (7*7*128) -> 12544 (14*14*64), transposed convolutions to 64
channels (14 x 14) and 1 (28 x 28), kernel 5, stride 2: 79.7 million weights, nearly all in the
second layer. Discriminator, activations and outputs as in `battineedi2023_gan`.

Differs from the text because 14 x 14 doubled twice is 56 x 56: the 12544 = 14*14*64 outputs are
taken as 256 channels of 7 x 7.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 7 * 7 * 128, 14 * 14 * 64, activation=leaky),
        nn.Unflatten(1, (256, 7, 7)),
        *doubling(256, 64, 1, kernel=5, activation=leaky),
    )


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(
        *halving(1, 64, 128, 256, 512, kernel=5, activation=leaky),
        nn.Flatten(),
        Linear(512 * 2 * 2, 1),
        nn.Flatten(0),
    )
