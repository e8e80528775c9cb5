"""The VAE of tikayyolla2020, section 4.1 and table 1, with four hidden layers.

Encoder: convolutions with 32, 64, 128 and 256 channels (14, 7, 4 and 2 pixels a side),
then as `tikayyolla2020_vae2`, whose docstring also says what the text leaves open.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *halving(1, 32, 64, 128, 256, kernel=3, activation=nn.ReLU),
        nn.Flatten(),
        Linear(256 * 2 * 2, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 256 * 2 * 2, activation=nn.ReLU),
        nn.Unflatten(1, (256, 2, 2)),
        *doubling(256, 128, 64, 32, 1, kernel=3, activation=nn.ReLU),
    )
