"""The five models: limits of the constrained VAE-GAN, order of the updates, the contract."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.architectures import case, pairs, params
from tests.conformance import check_model
from tests.written_out import BLOCKS, LATENT, Case

# Limits of the constrained VAE-GAN, on gradients, bit for bit and in training's own float32


def autoencoder_gradients(name: str, **changes: Any) -> tuple[Tensor, ...]:
    return Case(name, **changes).gradients("autoencoder", "encoder", "decoder")


def same(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_limits_of_the_constraint(likelihood: str) -> None:
    def gradients(name: str, **changes: Any) -> tuple[Tensor, ...]:
        return autoencoder_gradients(name, likelihood=likelihood, **changes)

    vae = gradients("vae")
    vaegan = gradients("vaegan", adversarial_weight=7.0)
    assert not same(vae, vaegan), "the adversarial part matters here"
    assert same(gradients("cvaegan", **{"lambda": 0.0, "d": 0.1}), vae)
    assert same(gradients("cvaegan", **{"lambda": 7.0, "d": 10000.0}), vae), "L_gan < d"
    assert same(gradients("cvaegan", **{"lambda": 7.0, "d": -10000.0}), vaegan)
    assert same(gradients("vaegan", adversarial_weight=0.0), vae)


# Order, frequency and the contract


DISCRIMINATOR, AUTOENCODER = ("discriminator",), ("encoder", "decoder")


@pytest.mark.parametrize(
    ("name", "steps", "expected"),
    [
        (
            "gan",
            {"discriminator_steps": 3},
            [("discriminator", DISCRIMINATOR, 1), ("generator", ("decoder",), 3)],
        ),
        (
            "gan",
            {"generator_steps": 2},
            [("discriminator", DISCRIMINATOR, 2), ("generator", ("decoder",), 1)],
        ),
        (
            "wgan",
            {"critic_steps": 5},
            [("critic", DISCRIMINATOR, 1), ("generator", ("decoder",), 5)],
        ),
        ("vae", {}, [("autoencoder", AUTOENCODER, 1)]),
        (
            "vaegan",
            {"discriminator_steps": 2},
            [("discriminator", DISCRIMINATOR, 1), ("autoencoder", AUTOENCODER, 2)],
        ),
        (
            "cvaegan",
            {"discriminator_steps": 4},
            [("discriminator", DISCRIMINATOR, 1), ("autoencoder", AUTOENCODER, 4)],
        ),
    ],
)
def test_who_is_trained_in_which_order_and_how_often(
    name: str, steps: Mapping[str, int], expected: list[tuple[str, tuple[str, ...], int]]
) -> None:
    updates = Case(name, **steps).updates.values()
    assert [(update.name, update.networks, update.every) for update in updates] == expected


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in BLOCKS),
    ("gan", {"adversarial": "minimax"}),
    ("wgan", {"clip": None, "gradient_penalty": 10.0}),
    ("vae", {"likelihood": "gaussian"}),
]


@pytest.mark.parametrize(
    ("name", "changes", "architecture"),
    [
        case(name, changes, a, id="-".join([name, *map(str, changes.values()), a]))
        for name, changes in VARIANTS
        for model, a in pairs()
        if model == name
    ],
)
def test_conformance(name: str, changes: dict[str, Any], architecture: str) -> None:
    """Every model and the variants of the losses; see `tests/nightly.py` for the networks."""
    check_model(name, BLOCKS[name] | changes, params(architecture, LATENT))
