"""The convolutional VAE of ghosh2020, section 3.2.4 and table 3.

Encoder: convolutions to 64 (14 x 14) and 128 channels (7 x 7), kernel 4, stride 2, padding 1; two
fully connected layers. Decoder: a fully connected layer; transposed convolutions from 128 to 64
(14 x 14) and to 1 channel (28 x 28), kernel 4, stride 2, padding 1. ReLU.

Differs from the text because its sentence "all the layers are fully connected" contradicts table 3;
the table counts, and its decoder's convolutions are transposed, else the image would not grow.
Differs from the text because it gives no widths: the encoder's first fully connected layer has 256
units; the latent is `latent_dim` (20 for this paper).
Differs from table 3 because it has a ReLU after the encoder's last layer: mean and log-variance
would not fall below 0. The decoder ends in logits, its sigmoid is part of the loss.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense

HIDDEN = 256


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *(nn.Conv2d(1, 64, kernel_size=4, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1), nn.ReLU()),
        nn.Flatten(),
        *dense(128 * 7 * 7, HIDDEN, activation=nn.ReLU),
        Linear(HIDDEN, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 128 * 7 * 7, activation=nn.ReLU),
        nn.Unflatten(1, (128, 7, 7)),
        *(nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1), nn.ReLU()),
        nn.ConvTranspose2d(64, 1, kernel_size=4, stride=2, padding=1),
    )
