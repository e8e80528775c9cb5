"""The GAN of tikayyolla2020, section 4.2: a small DCGAN with LeakyReLU and dropout.

Generator: a fully connected layer 100 -> 7*7*128, transposed convolutions to 64 channels (14 x 14)
and 1 (28 x 28), kernel 5, stride 2; batch normalisation and LeakyReLU 0.2 after all but the last.
Discriminator: convolutions with 64 (14 x 14) and 128 channels (7 x 7), kernel 5, stride 2, each
followed by LeakyReLU 0.2 and dropout 0.3, then one fully connected output.

Before its cure it had ReLU: "The model suffered from stability initially because of use of ReLU
function along with convolutional layers but it was resolved when I went on with Leaky ReLU." With
the `activation` relu it stands in both networks; nothing else differs.

Differs from the text because it gives no layers, only convolutions, LeakyReLU, dropout "to add
regularization" and "most of my model settings" from soumith/ganhacks: they are read as the DCGAN
(Radford et al. 2015) in two steps, with the dropout in the discriminator in the place of its batch
normalisation. The generator's tanh is part of `contract.to_images`, the sigmoid of the loss.
"""

from typing import Literal

from torch import nn

from ganvae.core.config import Block
from ganvae.networks.layers.convolution import dcgan_discriminator, dcgan_generator, leaky

ACTIVATIONS = {"leaky_relu": leaky, "relu": nn.ReLU}


class Params(Block):
    """The block `networks.options`: what follows each layer of both networks."""

    activation: Literal["leaky_relu", "relu"]


def decoder(latent_dim: int, params: Params) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return dcgan_generator(latent_dim, 128, 64, activation=ACTIVATIONS[params.activation])


def discriminator(params: Params) -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]; random in train mode."""
    return dcgan_discriminator(64, 128, activation=ACTIVATIONS[params.activation], dropout=0.3)
