"""The constrained VAE-GAN's autoencoder objective (mi2018, section 4.1)."""

from torch import Tensor


def constrained_loss(l_vae: Tensor, l_gan: Tensor, *, lambda_: float, d: float) -> Tensor:
    """L_vae + lambda max(L_gan - d, 0): min L_vae subject to L_gan <= d, for a fixed lambda.

    Where L_gan <= d the subgradient 0 is taken: a plain VAE step.

    Args:
        l_vae: -ELBO, scalar in nats per image.
        l_gan: -E[log D(G(z))], scalar in nats, for a hinge on the batch mean; or -log D(G(z)) of
            every image [N], for the mean of a hinge on each.
        lambda_: >= 0; towards infinity the hard constraint.
        d: the bound on L_gan in nats; ln 2 is a generator that the discriminator cannot tell from
            data.

    Returns:
        Scalar in nats per image.
    """
    return l_vae + lambda_ * (l_gan - d).relu().mean()
