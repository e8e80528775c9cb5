"""Wider fully connected networks that train well with every one of the five losses.

Decoder D-256-512-1024-784 with batch normalisation after every hidden layer; encoder (of pixels in
[0, 1]) and discriminator 784-512-256-out without. LeakyReLU 0.2 throughout. The sizes follow the
multilayer perceptrons of eriklindernoren/PyTorch-GAN (`implementations/gan/gan.py`); its batch
normalisation passes 0.8 as `eps` by position, here `eps` and momentum are torch's own.
"""

from itertools import pairwise

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.pixels import UnitPixels

SLOPE = 0.2


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        UnitPixels(), nn.Flatten(), *_plain(784, 512, 256), Linear(256, 2 * latent_dim)
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    hidden = [
        layer
        for a, b in pairwise((latent_dim, 256, 512, 1024))
        for layer in (Linear(a, b), nn.BatchNorm1d(b), nn.LeakyReLU(SLOPE))
    ]
    return nn.Sequential(*hidden, Linear(1024, 784), nn.Unflatten(1, (1, 28, 28)))


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(nn.Flatten(), *_plain(784, 512, 256), Linear(256, 1), nn.Flatten(0))


def _plain(*widths: int) -> list[nn.Module]:
    linears = [Linear(a, b) for a, b in pairwise(widths)]
    return [layer for linear in linears for layer in (linear, nn.LeakyReLU(SLOPE))]
