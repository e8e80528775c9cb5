"""The VAE of tikayyolla2020, section 4.1 and table 1, with two hidden layers.

Encoder: convolutions with 32 (14 x 14) and 64 channels (7 x 7), kernel 3, stride 2, then a fully
connected layer to mean and log-variance. Decoder, its mirror: a fully connected layer to 7*7*64,
transposed convolutions to 32 channels (14 x 14) and 1 (28 x 28). ReLU.

Differs from the text because it gives no more than the number of hidden layers: they are read as
the encoder's convolutions, with channels that double where the image halves, as in the DCGAN
(Radford et al. 2015), beginning at 32; `tikayyolla2020_vae3` and `tikayyolla2020_vae4` go on to 128
(4 x 4) and 256 channels (2 x 2). The decoder ends in logits, its sigmoid is part of the loss.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *halving(1, 32, 64, kernel=3, activation=nn.ReLU),
        nn.Flatten(),
        Linear(64 * 7 * 7, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 64 * 7 * 7, activation=nn.ReLU),
        nn.Unflatten(1, (64, 7, 7)),
        *doubling(64, 32, 1, kernel=3, activation=nn.ReLU),
    )
