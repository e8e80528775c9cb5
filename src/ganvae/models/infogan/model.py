"""InfoGAN (Chen et al. 2016), which ghosh2020 names: codes that an own network must recognise.

Differs from the paper, where Q shares all layers but the last with the discriminator to save work,
because any architecture's networks are to do: Q is its encoder, with one output per code.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from ganvae.core.config import Block
from ganvae.core.machine import Noise
from ganvae.errors import ParameterError
from ganvae.models.base.contract import Loss, Networks, Optimizer, Update, detached, to_images
from ganvae.models.cgan.codes import CLASSES, Coded, inputs
from ganvae.models.gan.loss import GENERATOR_LOSSES, discriminator_update
from ganvae.models.infogan.loss import code_nats

NETWORKS = ("decoder", "discriminator", "recognition")
NEEDS = ("encoder", "decoder", "discriminator")
CONTINUOUS = 2  # codes besides the class (the paper's c2 and c3 on MNIST: slant and width)


class Params(Block):
    """`models.infogan`: L_gan + `information` times the codes' nats; the paper's lambda is 1."""

    adversarial: Literal["non_saturating", "minimax"]
    information: float = Field(ge=0, le=1000)
    discriminator_steps: int = Field(ge=1, le=1000)
    generator: Optimizer
    discriminator: Optimizer


def makers(nets: SimpleNamespace, latent_dim: int) -> dict[str, Callable[[], nn.Module]]:
    """The decoder with codes among its inputs, and the encoder as the network that reads them.

    Raises:
        UserError: fewer latent dimensions than there are codes.
    """
    if latent_dim <= CONTINUOUS:
        raise ParameterError(
            f"networks.latent_dim = {latent_dim}: allowed: more than {CONTINUOUS}, "
            "the class and the other codes of infogan"
        )
    return {
        "decoder": lambda: Coded(nets.decoder(inputs(latent_dim)), CONTINUOUS),
        "recognition": lambda: nets.encoder((CLASSES + CONTINUOUS) // 2),
    }


def updates(params: Params, networks: Networks, latent_dim: int) -> tuple[Update, ...]:
    """Discriminator at every step, then generator and Q at every `discriminator_steps`-th."""

    decoder, recognition = networks["decoder"], networks["recognition"]
    assert isinstance(decoder, Coded)

    def train_generator(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        z, chosen, codes = decoder.split(noise.normal(len(images), latent_dim))
        generated = to_images(decoder.of(z, chosen, codes))
        l_gan = GENERATOR_LOSSES[params.adversarial](fake=networks["discriminator"](generated))
        read = recognition(generated)
        nats = code_nats(read[:, :CLASSES], read[:, CLASSES:], labels=chosen, codes=codes)
        loss = l_gan + params.information * nats
        return Loss(loss, detached({"loss": loss, "l_gan": l_gan, "code_nats": nats}))

    return (
        discriminator_update(networks, latent_dim),
        Update(
            "generator",
            ("decoder", "recognition"),
            train_generator,
            every=params.discriminator_steps,
        ),
    )
