"""Finds a model and its networks by their names, and builds them."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Literal

import torch
from torch import Tensor, nn

from ganvae.core.config import unknown
from ganvae.core.machine import seed_for
from ganvae.errors import ParameterError, UserError
from ganvae.models.base.contract import NetworksParams

PACKAGE = Path(__file__).parents[2]


def known(kind: Literal["models", "networks"]) -> list[str]:
    """Names of the models or architectures that have a file."""
    if kind == "models":
        return sorted(file.parent.name for file in PACKAGE.glob("models/*/model.py"))
    return sorted(file.stem for file in PACKAGE.glob("networks/*.py") if file.stem != "__init__")


def model(name: str) -> ModuleType:
    """The module of a model. Raises `UserError` for a name without a file."""
    return _module("models", name, "models")


def architecture(name: str) -> ModuleType:
    """The module of an architecture. Raises `UserError` for a name without a file."""
    if name not in known("networks"):
        choices = ", ".join(known("networks"))
        raise ParameterError(f"networks.architecture = {name!r}: allowed: {choices}")
    return _module("networks", name, "networks.architecture")


def image_shape(name: str) -> tuple[int, ...]:
    """Channels, height and width of an architecture's images."""
    found: tuple[int, ...] = getattr(architecture(name), "SHAPE", (1, 28, 28))
    return found


def _module(kind: Literal["models", "networks"], name: str, path: str) -> ModuleType:
    if name not in known(kind):
        raise ParameterError(unknown(path, name, known(kind)))
    return importlib.import_module(f"ganvae.{kind}.{name}{'.model' * (kind == 'models')}")


def needs(module: ModuleType) -> tuple[str, ...]:
    """Which of an architecture's networks a model's module is made of."""
    found: tuple[str, ...] = getattr(module, "NEEDS", module.NETWORKS)
    return found


def check_fit(name: str, architecture_name: str) -> None:
    """Raises `UserError` unless the architecture has the networks that the model needs."""
    nets = architecture(architecture_name)
    missing = [network for network in needs(model(name)) if not hasattr(nets, network)]
    if missing:
        raise ParameterError(
            f"networks.architecture = {architecture_name!r}: "
            f"has no {' and no '.join(missing)}, which {name} needs"
        )


def create(name: str, params: NetworksParams, seed: int) -> nn.ModuleDict:
    """Builds and initialises a model's networks on the CPU.

    Each network has an initialisation stream of its own, so with one seed the GAN's generator and
    the VAE's decoder start from the same weights.

    Raises:
        UserError: no such model or architecture, or the architecture lacks one of its networks.
    """
    check_fit(name, params.architecture)
    nets, module = architecture(params.architecture), model(name)
    makers: dict[str, Callable[[], nn.Module]] = {
        "encoder": lambda: nets.encoder(params.latent_dim),
        "decoder": lambda: nets.decoder(params.latent_dim),
        "discriminator": lambda: nets.discriminator(),
    }
    if hasattr(module, "makers"):
        makers |= module.makers(nets, params.latent_dim)
    built = nn.ModuleDict()
    for network in module.NETWORKS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, network))
            built[network] = makers[network]()
    return built


def restore(
    name: str, params: NetworksParams, weights: Mapping[str, Tensor], source: Path
) -> nn.ModuleDict:
    """A model's networks with saved weights, on the CPU, in evaluation mode, without gradients.

    Args:
        name: the model.
        params: the block `networks`.
        weights: by the names of their parameters and buffers.
        source: the file that they are from.

    Raises:
        UserError: no such model or architecture; the weights are another one's.
    """
    networks = create(name, params, seed=0)
    try:
        networks.load_state_dict(dict(weights))
    except RuntimeError as error:
        first = str(error).splitlines()[1:2] or [str(error)]
        raise UserError(f"{source}: weights of another architecture: {first[0].strip()}") from None
    return networks.eval().requires_grad_(False)
