"""The convolutional networks of Larsen et al. 2015, table 1, for colour images of 64 x 64 pixels.

mi2018 takes them for CelebA: "three convolution layers and is the same as the original paper in
(Larsen et al., 2015)". All kernels are 5 x 5. Encoder: convolutions with 64, 128 and 256 channels
(32, 16 and 8 pixels a side), 2048 units, mean and log-variance. Decoder: a fully connected layer to
8*8*256, transposed convolutions to 256 (16 x 16), 128 (32 x 32) and 32 channels (64 x 64), a
convolution to 3. Discriminator: a convolution with 32 channels at full size, three with 128, 256
and 256 (32, 16 and 8 pixels a side), 512 units, one output. Batch normalisation and ReLU after
every layer but the outputs and, of the discriminator's, the first, which has ReLU alone.

Differs from the other architectures because, as in table 1, batch normalisation is also in encoder
and discriminator: while training, an image's code and score depend on its batch. So the gradient
penalty, which takes a score for a function of its own image, has no meaning here; in evaluation
every image is encoded and scored by itself again.
Differs from its published code (andersbll/autoencoding_beyond_pixels) because there the encoder has
1024 units where table 1 says 2048, and the discriminator sees real and generated images in one
batch; here each kind is a batch of its own, as for every model of this project.
Logits instead of tanh and sigmoid: tanh is part of `contract.to_images`, the sigmoid of the loss. A
bias before batch normalisation would be subtracted again and is left out.
"""

from torch import nn

from ganvae.core.matmul import Linear

SHAPE = (3, 64, 64)
SMALL = (256, 8, 8)  # what the image is halved to, and doubled from
FLAT = 256 * 8 * 8
ENCODER_UNITS = 2048
DISCRIMINATOR_UNITS = 512


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 3, 64, 64] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *_halving(3, 64),
        *_halving(64, 128),
        *_halving(128, 256),
        nn.Flatten(),
        *_dense(FLAT, ENCODER_UNITS),
        Linear(ENCODER_UNITS, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 3, 64, 64]."""
    return nn.Sequential(
        *_dense(latent_dim, FLAT),
        nn.Unflatten(1, SMALL),
        *_doubling(256, 256),
        *_doubling(256, 128),
        *_doubling(128, 32),
        nn.Conv2d(32, 3, kernel_size=5, padding=2),
    )


def discriminator() -> nn.Module:
    """Images [N, 3, 64, 64] -> logits (or a critic's scores) [N]."""
    return nn.Sequential(
        *(nn.Conv2d(3, 32, kernel_size=5, padding=2), nn.ReLU()),
        *_halving(32, 128),
        *_halving(128, 256),
        *_halving(256, 256),
        nn.Flatten(),
        *_dense(FLAT, DISCRIMINATOR_UNITS),
        Linear(DISCRIMINATOR_UNITS, 1),
        nn.Flatten(0),
    )


def _halving(a: int, b: int) -> list[nn.Module]:
    """[N, a, 2 s, 2 s] -> [N, b, s, s]."""
    halved = nn.Conv2d(a, b, kernel_size=5, stride=2, padding=2, bias=False)
    return [halved, nn.BatchNorm2d(b), nn.ReLU()]


def _doubling(a: int, b: int) -> list[nn.Module]:
    """[N, a, s, s] -> [N, b, 2 s, 2 s]."""
    doubled = nn.ConvTranspose2d(
        a, b, kernel_size=5, stride=2, padding=2, output_padding=1, bias=False
    )
    return [doubled, nn.BatchNorm2d(b), nn.ReLU()]


def _dense(a: int, b: int) -> list[nn.Module]:
    """[N, a] -> [N, b]."""
    return [Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU()]
