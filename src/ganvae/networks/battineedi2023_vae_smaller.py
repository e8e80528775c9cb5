"""The customised VAE of battineedi2023, section 3.6: `battineedi2023_vae` at half the width.

Channels and units are half of those there. Differs from the text because it says only that the
networks were modified, not how.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *halving(1, 16, 32, kernel=3, activation=leaky),
        nn.Flatten(),
        *dense(32 * 7 * 7, 256, 128, activation=leaky),
        Linear(128, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 128, 256, 32 * 7 * 7, activation=leaky),
        nn.Unflatten(1, (32, 7, 7)),
        *doubling(32, 32, 1, kernel=3, activation=leaky),
    )
