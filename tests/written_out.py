"""A small model in float64, and the parts of the objectives written out by hand."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad

from ganvae.core import config
from ganvae.core.machine import Noise
from ganvae.models.base import build
from ganvae.models.base.contract import Loss, NetworksParams, Update

CPU = torch.device("cpu")
BLOCKS: dict[str, dict[str, Any]] = config.load(Path(__file__).parents[1] / "params.yaml")["models"]
ADAM = {"optimizer": "adam", "lr_multiplier": 1.0, "betas": [0.5, 0.999]}
PLAYERS = {"generator": ADAM, "discriminator": ADAM}
# of the models that only the papers' pipeline trains
BLOCKS |= {
    "ae": {"reconstruction": "gaussian", "noise": 0.1, "autoencoder": ADAM},
    "vae_alternating": {"likelihood": "bernoulli", "beta": 1.0, "encoder": ADAM, "decoder": ADAM},
    "cgan": {"adversarial": "non_saturating", "discriminator_steps": 1, **PLAYERS},
    "infogan": {
        "adversarial": "non_saturating",
        "information": 1.0,
        "discriminator_steps": 1,
        **PLAYERS,
    },
}
N, LATENT, SEED = 6, 5, 11
CLOSE = 1e-9  # float64: the formulas written by hand round differently, no more


class Case:
    """A model in float64 whose discriminator tells apart: at its start all logits are near 0."""

    def __init__(self, name: str, **changes: Any) -> None:
        module = build.model(name)
        params = module.Params.model_validate(BLOCKS[name] | changes)
        networks = NetworksParams(architecture="wide", latent_dim=LATENT)
        self.networks = build.create(name, networks, seed=3)
        for parameter in self.networks.parameters():
            parameter.data.mul_(1.5)
        self.updates: dict[str, Update] = {
            update.name: update for update in module.updates(params, self.networks, LATENT)
        }
        generator = torch.Generator().manual_seed(0)
        self.images = torch.rand(N, 1, 28, 28, generator=generator) * 2 - 1

    def loss(self, update: str) -> Loss:
        labels = torch.zeros(N, dtype=torch.int64)
        return self.updates[update].loss(self.images, labels, Noise(SEED, CPU))

    def parameters(self, *networks: str) -> list[nn.Parameter]:
        return [p for name in networks for p in self.networks[name].parameters()]

    def generate(self, z: Tensor) -> Tensor:
        images: Tensor = 2 * torch.sigmoid(self.networks["decoder"](z)) - 1
        return images

    def d(self, images: Tensor) -> Tensor:
        """The discriminator's probability that an image is real."""
        logits: Tensor = self.networks["discriminator"](images)
        return logits.sigmoid()

    def gradients(self, update: str, *networks: str) -> tuple[Tensor, ...]:
        """Of the update's own loss, with respect to some of its networks."""
        return grad(self.loss(update).total, self.parameters(*networks))

    def agrees(self, update: str, by_hand: Tensor) -> None:
        """The update's value and gradient are those of the formula, sign included."""
        total = self.loss(update).total
        torch.testing.assert_close(total, by_hand, rtol=CLOSE, atol=CLOSE)
        own = self.parameters(*self.updates[update].networks)
        actual, expected = grad(total, own), grad(by_hand, own)
        assert max(float(gradient.abs().max()) for gradient in expected) > 1e-6
        for one, other in zip(actual, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=CLOSE, atol=CLOSE)


def l_vae(case: Case, noise: Noise, likelihood: str, beta: float) -> Tensor:
    """-ELBO written out, with the first noise of the stream for the posterior sample."""
    mean, log_var = case.networks["encoder"](case.images).chunk(2, dim=1)
    z = mean + torch.sqrt(log_var.exp()) * noise.normal(N, LATENT)
    d = torch.sigmoid(case.networks["decoder"](z))
    if likelihood == "bernoulli":
        pixels = (case.images + 1) / 2
        per_pixel = -(pixels * d.log() + (1 - pixels) * (1 - d).log())
    else:
        per_pixel = (2 * d - 1 - case.images) ** 2 / 2
    kl = -0.5 * (1 + log_var - mean**2 - log_var.exp())
    total: Tensor = per_pixel.sum() / N + beta * kl.sum() / N
    return total


def l_gan(case: Case, noise: Noise) -> Tensor:
    """mi2018 eq. 7 written out, with the next noise of the stream for the prior's samples."""
    d = case.d(case.generate(noise.normal(N, LATENT)))
    return -d.log().mean()
