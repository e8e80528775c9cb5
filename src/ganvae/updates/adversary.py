"""What the models with a discriminator share: its update, and the generator's side of the game."""

from collections.abc import Callable

import torch
from torch import Tensor

from ganvae.losses import adversarial
from ganvae.model import Loss, Networks, Update, to_images
from ganvae.runtime import Noise


def discriminator_update(networks: Networks, latent_dim: int, every: int = 1) -> Update:
    """The discriminator's update: real images against as many fresh samples of the prior."""
    decoder, discriminator = networks["decoder"], networks["discriminator"]

    def loss(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        with torch.no_grad():
            generated = to_images(decoder(noise.normal(len(images), latent_dim)))
        real, fake = discriminator(images), discriminator(generated)
        total = adversarial.discriminator_loss(real=real, fake=fake)
        accuracy = ((real > 0).float().mean() + (fake < 0).float().mean()) / 2
        return Loss(total, {"loss": total.detach(), "accuracy": accuracy})

    return Update("discriminator", ("discriminator",), loss, every)


def generator_loss(
    networks: Networks, z: Tensor, objective: Callable[..., Tensor] = adversarial.non_saturating
) -> Tensor:
    """L_gan of the images decoded from samples of the prior z [N, D]; mi2018 eq. 7 by default."""
    generated = to_images(networks["decoder"](z))
    return objective(fake=networks["discriminator"](generated))
