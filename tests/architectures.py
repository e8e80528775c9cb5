"""Which networks there are and which models fit them, read from the files themselves."""

from typing import Any

import pytest
from torch import nn

from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams

LATENT = 7
HUGE = {"larsen2015"}  # 46 million weights: its tests are slow ones
# with batch normalisation in encoder and discriminator, as published: see their docstrings
NORMALISED = {"larsen2015"}
# models for images of [1, 28, 28] alone: cgan adds pictures of the classes to the images
GREY = {"cgan"}
# what those with options are tested with: small ones of the forms that the papers have
OPTIONS: dict[str, dict[str, Any]] = {
    "battineedi2023_gan": {"channels": 8, "dense_layers": 1},
    "battineedi2023_vae": {"channels": 8},
    "conv": {"channels": 8},
    "tikayyolla2020_gan": {"activation": "leaky_relu"},
    "tikayyolla2020_vae": {"layers": 3},
}


def params(architecture: str, latent_dim: int = LATENT) -> NetworksParams:
    """The block `networks`, with options where the architecture has some."""
    return NetworksParams(
        architecture=architecture, latent_dim=latent_dim, options=OPTIONS.get(architecture, {})
    )


def networks_of(architecture: str) -> dict[str, nn.Module]:
    """All networks of an architecture, in train mode."""
    built: dict[str, nn.Module] = {}
    for network, make in vars(build.networks_of(params(architecture))).items():
        built[network] = make() if network == "discriminator" else make(LATENT)
    return built


def pairs() -> list[tuple[str, str]]:
    """(model, architecture) wherever the architecture has all of the model's networks.

    And images of a shape that the model takes.
    """
    return [
        (name, architecture)
        for architecture in build.known("networks")
        for name in build.known("models")
        if not build.missing(name, architecture)
        and not (name in GREY and build.image_shape(architecture) != (1, 28, 28))
    ]


def case(*values: Any, **named: Any) -> Any:
    """`pytest.param`, marked slow where one of the values is a huge architecture."""
    huge = [value for value in values if isinstance(value, str) and value in HUGE]
    return pytest.param(*values, marks=pytest.mark.slow if huge else (), **named)
