"""What the convolutional networks of the source papers are built from.

Their images have 28 pixels a side, halved by every convolution of stride 2 and doubled again by the
transposed ones: 28, 14, 7, 4, 2. Kernels are odd and padded by half their size ("same" padding).
"""

from collections.abc import Callable
from itertools import pairwise

from torch import nn

from ganvae.core.matmul import Linear

SIZES = (28, 14, 7, 4, 2)
Activation = Callable[[], nn.Module]


def leaky() -> nn.Module:
    """LeakyReLU 0.2, the slope of battineedi2023 and of the DCGAN (Radford et al. 2015)."""
    return nn.LeakyReLU(0.2)


def dense(*widths: int, activation: Activation) -> list[nn.Module]:
    """Fully connected layers [N, widths[0]] -> [N, widths[-1]], an activation after each."""
    linears = [Linear(a, b) for a, b in pairwise(widths)]
    return [layer for linear in linears for layer in (linear, activation())]


def halving(
    *channels: int, kernel: int, activation: Activation, dropout: float = 0.0
) -> list[nn.Module]:
    """Convolutions that halve the image, an activation (and dropout) after each.

    Args:
        channels: the image's, then one number per layer.
        kernel: odd.
        activation: makes the layer that follows each convolution.
        dropout: the share of activations that are dropped in training; 0 leaves the layers out.

    Returns:
        Layers [N, channels[0], 28, 28] -> [N, channels[-1], s, s], s = `SIZES[len(channels) - 1]`.
    """
    layers: list[nn.Module] = []
    for a, b in pairwise(channels):
        layers += [nn.Conv2d(a, b, kernel, stride=2, padding=kernel // 2), activation()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return layers


def doubling(
    *channels: int, kernel: int, activation: Activation, batch_norm: bool = False
) -> list[nn.Module]:
    """Transposed convolutions, the mirror of `halving`, an activation between two of them.

    Args:
        channels: the input's, then one number per layer.
        kernel: odd.
        activation: makes the layer between two convolutions; none follows the last, which gives
            logits.
        batch_norm: whether batch normalisation comes before each activation. The convolution before
            it has no bias, which would be subtracted again.

    Returns:
        Layers [N, channels[0], s, s] -> [N, channels[-1], 28, 28], s = `SIZES[len(channels) - 1]`.
    """
    layers: list[nn.Module] = []
    sizes = reversed(SIZES[: len(channels) - 1])
    for (a, b), size in zip(pairwise(channels), sizes, strict=True):
        last = size == SIZES[0]
        layers.append(
            nn.ConvTranspose2d(
                a, b, kernel, stride=2, padding=kernel // 2,
                output_padding=1 - size % 2, bias=last or not batch_norm,
            )
        )  # fmt: skip
        if not last:
            layers += [nn.BatchNorm2d(b)] * batch_norm + [activation()]
    return layers


def dcgan_generator(latent_dim: int, *channels: int, activation: Activation) -> nn.Module:
    """A generator after the DCGAN (Radford et al. 2015, section 3): [N, D] -> [N, 1, 28, 28].

    A linear layer, then kernels of 5 x 5, batch normalisation everywhere but at the end.

    Args:
        latent_dim: D.
        channels: of the linear layer's output, then of each transposed convolution but the last,
            which has one.
        activation: after each batch normalisation.
    """
    size = SIZES[len(channels)]
    return nn.Sequential(
        Linear(latent_dim, channels[0] * size**2, bias=False),
        nn.Unflatten(1, (channels[0], size, size)),
        nn.BatchNorm2d(channels[0]),
        activation(),
        *doubling(*channels, 1, kernel=5, activation=activation, batch_norm=True),
    )


def dcgan_discriminator(*channels: int, activation: Activation, dropout: float = 0.0) -> nn.Module:
    """A discriminator or critic after the DCGAN: [N, 1, 28, 28] -> logits or scores [N].

    Differs from Radford et al. 2015, section 3, because it has no batch normalisation: a critic's
    score may depend on its own image alone, and tikayyolla2020 regularises by dropout.

    Args:
        channels: of each convolution (5 x 5); a linear layer follows.
        activation: after each convolution.
        dropout: after each activation.
    """
    size = SIZES[len(channels)]
    return nn.Sequential(
        *halving(1, *channels, kernel=5, activation=activation, dropout=dropout),
        nn.Flatten(),
        Linear(channels[-1] * size**2, 1),
        nn.Flatten(0),
    )
