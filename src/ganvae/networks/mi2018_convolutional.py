"""Convolutional networks for mi2018's WGAN, of which its section 5 says that it was not powerful.

"Our WGAN model generates low quality images because the network is not powerful enough. Again, we
do not have enough resources to conduct experiments that require convolution operations": this pair
is that experiment. Critic: convolutions with 32, 64 and 128 channels (14, 7 and 4 pixels a side),
kernel 5, stride 2, LeakyReLU 0.2, one fully connected output, no batch normalisation. Generator: a
fully connected layer to 4*4*128, transposed convolutions to 64 (7 x 7), 32 (14 x 14) and 1 channel
(28 x 28), kernel 5, stride 2; batch normalisation and ReLU after all but the last.

Differs from the text because it describes no such network for MNIST: the form is the DCGAN's
(Radford et al. 2015), the three convolutions are those of section 4.1's networks for CelebA (Larsen
et al. 2015) with half their channels. So generator and critic have 0.46 and 0.26 million weights
where `mi2018`'s have 0.41 and 0.40: what the pair tests is convolution, not size.
The generator's tanh is part of `contract.to_images`.
"""

from torch import nn

from ganvae.networks.layers.convolution import dcgan_discriminator, dcgan_generator, leaky


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return dcgan_generator(latent_dim, 128, 64, 32, activation=nn.ReLU)


def discriminator() -> nn.Module:
    """Images [N, 1, 28, 28] -> a critic's scores (or logits) [N]."""
    return dcgan_discriminator(32, 64, 128, activation=leaky)
