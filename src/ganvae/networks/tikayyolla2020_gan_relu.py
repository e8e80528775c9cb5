"""The GAN of tikayyolla2020, section 4.2, before its cure: `tikayyolla2020_gan` with ReLU.

"The model suffered from stability initially because of use of ReLU function along with
convolutional layers but it was resolved when I went on with Leaky ReLU." ReLU stands in both
networks; nothing else differs.
"""

from torch import nn

from ganvae.networks.layers.convolution import dcgan_discriminator, dcgan_generator


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return dcgan_generator(latent_dim, 128, 64, activation=nn.ReLU)


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> logits (or a critic's scores) [N]; random in train mode."""
    return dcgan_discriminator(64, 128, activation=nn.ReLU, dropout=0.3)
