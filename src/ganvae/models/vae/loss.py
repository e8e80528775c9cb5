"""What the models with an encoder share: L_vae of a batch, with its two parts for the record."""

from torch import Tensor

from ganvae.core.machine import Noise
from ganvae.models.base.contract import Networks, posterior, reparameterize
from ganvae.models.vae import elbo


def vae_loss(
    networks: Networks, images: Tensor, noise: Noise, *, likelihood: str, beta: float
) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """L_vae = E_q[-log p(x | z)] + beta KL(q(z | x) || p(z)) with one posterior sample per image.

    Args:
        networks: "encoder" and "decoder".
        images: [N, 1, 28, 28] in [-1, 1].
        noise: the stream for the posterior samples.
        likelihood: a key of `elbo.LIKELIHOODS`.
        beta: weight of the KL term; 1 is the bound itself.

    Returns:
        The scalar in nats per image, its parts `reconstruction_nats` and `kl_nats`, and the
        decoder's logits [N, 1, 28, 28].
    """
    mean, log_var = posterior(networks["encoder"](images))
    logits = networks["decoder"](reparameterize(mean, log_var, noise))
    reconstruction = elbo.LIKELIHOODS[likelihood](logits, images).mean()
    kl = elbo.kl_divergence(mean, log_var).mean()
    parts = {"reconstruction_nats": reconstruction, "kl_nats": kl}
    return reconstruction + beta * kl, parts, logits
