"""The VAE of battineedi2023, section 3.3: two convolutions and two fully connected layers each way.

Encoder: convolutions with 32 (14 x 14) and 64 channels (7 x 7), kernel 3, stride 2; fully connected
512 and 256. Decoder: fully connected 256 and 512; transposed convolutions to 64 channels (14 x 14)
and 1 (28 x 28), kernel 3, stride 2. LeakyReLU 0.2 throughout. The text's latent has 10 dimensions.

Differs from the text because 512 is no multiple of 7*7: a fully connected layer 512 -> 7*7*64
stands before the transposed convolutions.
Differs from the text because its "standard deviation vector" is unbounded here: the encoder ends in
mean and log-variance, without an activation, as `z_log_var` of the text's Algorithm 2.
Differs from the text because it names no activation at the decoder's end: it ends in logits, tanh
is part of `model.to_images`.
"""

from torch import nn

from ganvae.core.matmul import Linear
from ganvae.networks.layers.convolution import dense, doubling, halving, leaky


def encoder(latent_dim: int) -> nn.Module:
    """Images [N, 1, 28, 28] -> mean and log-variance [N, 2 latent_dim]."""
    return nn.Sequential(
        *halving(1, 32, 64, kernel=3, activation=leaky),
        nn.Flatten(),
        *dense(64 * 7 * 7, 512, 256, activation=leaky),
        Linear(256, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """Latent vectors [N, latent_dim] -> logits [N, 1, 28, 28]."""
    return nn.Sequential(
        *dense(latent_dim, 256, 512, 64 * 7 * 7, activation=leaky),
        nn.Unflatten(1, (64, 7, 7)),
        *doubling(64, 64, 1, kernel=3, activation=leaky),
    )
