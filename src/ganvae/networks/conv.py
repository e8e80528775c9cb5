"""Small convolutional networks that train well with every one of the five losses.

With `channels` c. Decoder: fully connected layers D-32c-98c with batch normalisation after each,
folded to 2c channels of 7 x 7; transposed convolutions to c (14 x 14) and 1 channel (28 x 28),
kernel 4, stride 2, batch normalisation between them; ReLU. Encoder and discriminator: convolutions
to c (14 x 14) and 2c channels (7 x 7), kernel 4, stride 2, 16c units, the output; LeakyReLU 0.2, no
batch normalisation. The form is the DCGAN's (Radford et al. 2015) with InfoGAN's hidden layers
before the fold (Chen et al. 2016, appendix C.1).

The normalisation of the folded layer is over its single units: over channels, behind a hidden
layer, every GAN loses z within a hundred steps and draws one image. Weights and images lie in
memory with the channels last, a fifth faster on a CPU.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from ganvae.core.config import Block
from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import leaky
from ganvae.networks.layers.pixels import UnitPixels

SIDE = 7


class Params(Block):
    """The block `networks.options`: `channels` of the convolution at 14 x 14, the width of all."""

    channels: int = Field(ge=1, le=1024)


def encoder(latent_dim: int, params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    layers = [
        UnitPixels(),
        *_halving(params.channels),
        Linear(16 * params.channels, 2 * latent_dim),
    ]
    return _channels_last(*layers)


def decoder(latent_dim: int, params: Params) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    c = params.channels
    return _channels_last(
        *_normalised(latent_dim, 32 * c),
        *_normalised(32 * c, 2 * c * SIDE**2),
        Fold(),
        nn.ConvTranspose2d(2 * c, c, kernel_size=4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(c),
        nn.ReLU(),
        nn.ConvTranspose2d(c, 1, kernel_size=4, stride=2, padding=1),
    )


def discriminator(params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    layers = [*_halving(params.channels), Linear(16 * params.channels, 1), nn.Flatten(0)]
    return _channels_last(*layers)


class Fold(nn.Module):
    """[N, 49 C] -> [N, C, 7, 7], the channels last in memory: no value is moved."""

    def forward(self, x: Tensor) -> Tensor:
        """Units of one place stand side by side."""
        return x.view(-1, SIDE, SIDE, x.shape[1] // SIDE**2).permute(0, 3, 1, 2)


class Unfold(nn.Module):
    """[N, C, 7, 7] with the channels last in memory -> [N, 49 C], the reverse of `Fold`."""

    def forward(self, x: Tensor) -> Tensor:
        """Units of one place stand side by side."""
        return x.permute(0, 2, 3, 1).flatten(1)


def _halving(c: int) -> list[nn.Module]:
    """[N, 1, 28, 28] -> [N, 16 c]."""
    return [
        *(nn.Conv2d(1, c, kernel_size=4, stride=2, padding=1), leaky()),
        *(nn.Conv2d(c, 2 * c, kernel_size=4, stride=2, padding=1), leaky()),
        *(Unfold(), Linear(2 * c * SIDE**2, 16 * c), leaky()),
    ]


def _normalised(a: int, b: int) -> list[nn.Module]:
    """[N, a] -> [N, b]; a bias would be subtracted again."""
    return [Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU()]


def _channels_last(*layers: nn.Module) -> nn.Module:
    network: nn.Module = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    return network
