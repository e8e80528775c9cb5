"""The customised VAE of battineedi2023, section 3.6: `battineedi2023_vae` at twice the width.

Channels and units are twice of those there. Differs from the text because it says only that the
networks were modified, not how.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *halving(1, 64, 128, kernel=3, activation=leaky),
        nn.Flatten(),
        *dense(128 * 7 * 7, 1024, 512, activation=leaky),
        Linear(512, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 512, 1024, 128 * 7 * 7, activation=leaky),
        nn.Unflatten(1, (128, 7, 7)),
        *doubling(128, 128, 1, kernel=3, activation=leaky),
    )
