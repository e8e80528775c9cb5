"""The plain fully connected networks of Mi, Shen & Zhang, section 3.1.

Discriminator 784-392-196-98-1, generator the reverse, encoder analogous; ReLU between layers.

Differs from the text because it contradicts itself: "the size of output layer is 10x10" is read as
a latent of 100 dimensions; the discriminator ends in one logit (the sigmoid is part of the loss)
and the encoder in two values per latent dimension, mean and log-variance.
"""

from itertools import pairwise

from torch import nn

from ganvae.core.matmul import Linear

WIDTHS = (784, 392, 196, 98)


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(nn.Flatten(), *_layers(*WIDTHS, 2 * latent_dim))


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(*_layers(latent_dim, *reversed(WIDTHS)), nn.Unflatten(1, (1, 28, 28)))


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(nn.Flatten(), *_layers(*WIDTHS, 1), nn.Flatten(0))


def _layers(*widths: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [Linear(a, b), nn.ReLU()]
    return layers[:-1]
