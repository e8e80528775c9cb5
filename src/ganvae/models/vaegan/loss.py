"""The VAE-GAN's autoencoder objective (mi2018, section 4.1)."""

from torch import Tensor


def vae_gan_loss(l_vae: Tensor, l_gan: Tensor, *, weight: float) -> Tensor:
    """L_vae + weight L_gan (mi2018 eq. 6 + eq. 7, where weight = 1).

    Args:
        l_vae: -ELBO, scalar in nats per image.
        l_gan: -E[log D(G(z))] on samples of the prior, scalar in nats; it does not depend on the
            encoder.
        weight: >= 0; L_vae sums over 784 pixels, so weights well above 1 are of the same order.

    Returns:
        Scalar in nats per image.
    """
    return l_vae + weight * l_gan
