"""Which networks there are and which models fit them, read from the files themselves."""

from typing import Any

import pytest
from torch import nn

from ganvae.models.base import build, contract

NETWORKS = ("encoder", "decoder", "discriminator")
# 84, 19 and 46 million weights: their tests are slow ones
HUGE = {"battineedi2023_gan_literal", "battineedi2023_gan_larger", "larsen2015"}
# with batch normalisation in encoder and discriminator, as published: see their docstrings
NORMALISED = {"larsen2015"}
# models for images of [1, 28, 28] alone: cgan adds pictures of the classes to the images
GREY = {"cgan"}


def networks_of(architecture: str) -> list[str]:
    """The networks that the architecture's file defines."""
    module = build.architecture(architecture)
    return [network for network in NETWORKS if hasattr(module, network)]


def pairs() -> list[tuple[str, str]]:
    """(model, architecture) wherever the architecture has all of the model's networks.

    And images of a shape that the model takes.
    """
    return [
        (name, architecture)
        for architecture in build.known("networks")
        for name in build.known("models")
        if set(build.needs(build.model(name))) <= set(networks_of(architecture))
        and not (name in GREY and build.image_shape(architecture) != (1, 28, 28))
    ]


def case(*values: Any, **named: Any) -> Any:
    """`pytest.param`, marked slow where one of the values is a huge architecture."""
    huge = [value for value in values if isinstance(value, str) and value in HUGE]
    return pytest.param(*values, marks=pytest.mark.slow if huge else (), **named)


def create(name: str, architecture: str, seed: int = 0, latent_dim: int = 7) -> nn.ModuleDict:
    """A model's networks."""
    params = contract.NetworksParams(architecture=architecture, latent_dim=latent_dim)
    return build.create(name, params, seed)


def create_one(architecture: str, network: str, seed: int = 0) -> nn.Module:
    """One network of an architecture, as part of the first model that takes it as it is."""
    fits = (
        m
        for m, a in pairs()
        if a == architecture
        and network in build.model(m).NETWORKS
        and not hasattr(build.model(m), "makers")
    )
    return create(next(fits), architecture, seed)[network]
