"""GAN objectives on logits l, D = sigmoid(l) (Goodfellow et al. 2014; mi2018 eq. 1, 2 and 7).

log D = -softplus(-l) and log(1 - D) = -softplus(l): the gradient never vanishes through rounding,
as that of log(sigmoid(l) + 1e-8) does. Every model with a discriminator takes its update from here.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Networks, Update, to_images


def discriminator_loss(*, real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))], the negative of the value function V(D, G).

    Args:
        real: logits of real images [N].
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, >= 0; 2 ln 2 where the discriminator cannot tell.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def non_saturating(*, fake: Tensor) -> Tensor:
    """Generator: -E[log D(G(z))] (mi2018 eq. 2 and eq. 7), minimised.

    Args:
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, >= 0; its gradient is largest where the discriminator is sure.
    """
    return non_saturating_each(fake=fake).mean()


def non_saturating_each(*, fake: Tensor) -> Tensor:
    """-log D(G(z)) of every image: logits [N] -> nats [N], >= 0."""
    return softplus(-fake)


def minimax(*, fake: Tensor) -> Tensor:
    """Generator: E[log(1 - D(G(z)))] (mi2018 eq. 1), minimised; saturates where D is sure.

    Differs from the text of eq. 1, which prints 1 - log D(G(z)), because the derivation that
    follows it (eq. 3) holds for log(1 - D(G(z))).

    Args:
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, <= 0.
    """
    return -softplus(fake).mean()


GENERATOR_LOSSES: dict[str, Callable[..., Tensor]] = {
    "non_saturating": non_saturating,
    "minimax": minimax,
}


def discriminator_update(networks: Networks, latent_dim: int, every: int = 1) -> Update:
    """The discriminator's update: real images against as many fresh samples of the prior."""
    decoder, discriminator = networks["decoder"], networks["discriminator"]

    def loss(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        with torch.no_grad():
            generated = to_images(decoder(noise.normal(len(images), latent_dim)))
        real, fake = discriminator(images), discriminator(generated)
        total = discriminator_loss(real=real, fake=fake)
        accuracy = ((real > 0).float().mean() + (fake < 0).float().mean()) / 2
        return Loss(total, {"loss": total.detach(), "accuracy": accuracy})

    return Update("discriminator", ("discriminator",), loss, every)


def generator_loss(
    networks: Networks, z: Tensor, objective: Callable[..., Tensor] = non_saturating
) -> Tensor:
    """L_gan of the images decoded from samples of the prior z [N, D]; mi2018 eq. 7 by default."""
    generated = to_images(networks["decoder"](z))
    return objective(fake=networks["discriminator"](generated))
