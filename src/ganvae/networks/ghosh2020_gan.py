"""The convolutional GAN of ghosh2020, sections 3.2.2 and 3.2.3, tables 1 and 2.

Generator: five transposed convolutions, channels 100-512-256-128-64-1, kernels 3, 3, 5, 4, 4,
strides 1, 2, 1, 2, 2 (1 -> 3 -> 7 -> 7 -> 14 -> 28 pixels a side); batch normalisation and ReLU
after all but the last. Discriminator: convolution to 6 channels, kernel 5, max pooling, convolution
to 16, kernel 5, max pooling (24, 12, 8, 4 pixels a side), fully connected 256-120-84-1, ReLU.

Differs from the text because table 1 prints padding 1 in the third layer, which would end at 36
pixels (1 -> 3 -> 7 -> 9 -> 18 -> 36): it is 2 here. The first layer's missing padding is 0.
Differs from the text because table 2 gives no widths after the second convolution's 6 input
channels: they are LeNet-5's (LeCun et al. 1998), 16, 120 and 84.
Differs from the text because table 2 has a ReLU after the last layer: no probability below one half
could come out of it. It ends in logits, as the text says; the generator's tanh is part of
`contract.to_images`. The text has no encoder here: the discriminator with more outputs reads the
codes of its InfoGAN. A bias before batch normalisation would be subtracted again and is left out.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense

# channels out, kernel, stride, padding of the generator's hidden layers
GENERATOR = ((512, 3, 1, 0), (256, 3, 2, 0), (128, 5, 1, 2), (64, 4, 2, 1))


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    layers: list[nn.Module] = [nn.Unflatten(1, (latent_dim, 1, 1))]
    before = latent_dim
    for channels, kernel, stride, padding in GENERATOR:
        layers += [
            nn.ConvTranspose2d(before, channels, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        ]
        before = channels
    return nn.Sequential(*layers, nn.ConvTranspose2d(before, 1, kernel_size=4, stride=2, padding=1))


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(*_lenet(outputs=1), nn.Flatten(0))


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim], or InfoGAN's codes."""
    return nn.Sequential(*_lenet(outputs=2 * latent_dim))


def _lenet(outputs: int) -> list[nn.Module]:
    return [
        *(nn.Conv2d(1, 6, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        *dense(16 * 4 * 4, 120, 84, activation=nn.ReLU),
        Linear(84, outputs),
    ]
