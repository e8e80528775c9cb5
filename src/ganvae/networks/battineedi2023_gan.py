"""The GAN of battineedi2023, section 3.2.1: transposed convolutions against four convolutions.

Generator: a fully connected layer 100 -> 7*7*128, transposed convolutions to 64 channels (14 x 14)
and 1 (28 x 28), kernel 5, stride 2. Discriminator: convolutions with 64, 128, 256 and 512 channels
(14, 7, 4 and 2 pixels a side), kernel 5, stride 2, then one fully connected output. LeakyReLU 0.2
throughout.

Differs from the text because the generator's two fully connected layers, 7*7*128 and 14*14*64, do
not fit its two doublings: 14 x 14 doubled twice is 56 x 56. Here the second layer is left out, the
small reading; `battineedi2023_gan_literal` keeps it.
Differs from the text because it names no activation at the generator's end and a probability at the
discriminator's: both end in logits, the sigmoid is part of the loss and tanh of `model.to_images`.
"Same" padding is 2 on both sides; TensorFlow's, 1 before and 2 after, moves the image by a pixel.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 128 * 7 * 7, activation=leaky),
        nn.Unflatten(1, (128, 7, 7)),
        *doubling(128, 64, 1, kernel=5, activation=leaky),
    )


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(
        *halving(1, 64, 128, 256, 512, kernel=5, activation=leaky),
        nn.Flatten(),
        Linear(512 * 2 * 2, 1),
        nn.Flatten(0),
    )
