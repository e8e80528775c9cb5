"""The customised GAN of battineedi2023, section 3.6: `battineedi2023_gan` with twice the channels.

Differs from the text because it says only that the networks were modified, not how.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 256 * 7 * 7, activation=leaky),
        nn.Unflatten(1, (256, 7, 7)),
        *doubling(256, 128, 1, kernel=5, activation=leaky),
    )


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(
        *halving(1, 128, 256, 512, 1024, kernel=5, activation=leaky),
        nn.Flatten(),
        Linear(1024 * 2 * 2, 1),
        nn.Flatten(0),
    )
