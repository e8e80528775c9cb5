"""Finds a model and its networks by their names, and builds them."""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Literal

import torch
from torch import Tensor, nn

from ganvae.core import config, storage
from ganvae.core.machine import seed_for
from ganvae.errors import ParameterError, UserError, parameters_of
from ganvae.models.base.contract import NetworksParams
from ganvae.models.base.description import Description, described
from ganvae.networks.layers.initialisation import initialise

PACKAGE = Path(__file__).parents[2]
NETWORKS = ("encoder", "decoder", "discriminator")


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
        raise ParameterError(config.unknown(path, name, known(kind)))
    return importlib.import_module(f"ganvae.{kind}.{name}{'.model' * (kind == 'models')}")


def needs(module: ModuleType) -> tuple[str, ...]:
    """Which of an architecture's networks a model's module is made of."""
    found: tuple[str, ...] = getattr(module, "NEEDS", module.NETWORKS)
    return found


def networks_of(params: NetworksParams) -> SimpleNamespace:
    """The functions of an architecture that build its networks, with its options filled in.

    Raises:
        UserError: no such architecture, or options that it does not have.
    """
    module = architecture(params.architecture)
    found = {name: getattr(module, name) for name in NETWORKS if hasattr(module, name)}
    if hasattr(module, "Params"):
        values = {"networks": {"options": params.options}}
        options = config.block(module.Params, values, "networks.options")
        return SimpleNamespace(**{name: partial(f, params=options) for name, f in found.items()})
    if params.options:
        raise ParameterError(
            f"networks.options = {params.options}: {params.architecture} has none, remove the key"
        )
    return SimpleNamespace(**found)


def missing(name: str, architecture_name: str) -> list[str]:
    """The networks that a model needs and an architecture does not have."""
    module = architecture(architecture_name)
    return [network for network in needs(model(name)) if not hasattr(module, network)]


def check_fit(name: str, params: NetworksParams) -> None:
    """Raises `UserError` unless the architecture has the model's networks and these options."""
    own = params.architecture
    if lacking := missing(name, own):
        others = [a for a in known("networks") if image_shape(a) == image_shape(own)]
        fitting = [a for a in others if not missing(name, a)]
        raise ParameterError(
            f"networks.architecture = {own!r}: has no {' and no '.join(lacking)}, "
            f"which {name} needs; allowed: {', '.join(fitting) or 'none'}"
        )
    networks_of(params)


def create(name: str, params: NetworksParams, seed: int) -> nn.ModuleDict:
    """Builds and initialises a model's networks on the CPU.

    Each network has an initialisation stream of its own, so with one seed the GAN's generator and
    the VAE's decoder start from the same weights.

    Raises:
        UserError: no such model or architecture, the architecture lacks one of its networks, or its
            options are others.
    """
    check_fit(name, params)
    nets, module = networks_of(params), model(name)
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
            built[network] = initialise(makers[network](), params.initialisation)
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


def describe(
    name: str, params: NetworksParams, *, seed: int, data: str, images_sha256: str
) -> Description:
    """What the weights of a training say about themselves.

    Args:
        name: the model.
        params: the block `networks`.
        seed: the training's.
        data: the name of the data set.
        images_sha256: of the file of processed training images.
    """
    channels, height, width = image_shape(params.architecture)
    convention = [
        f"images: float32 [N, {channels}, {height}, {width}] in [-1, 1]",
        f"decoder: N(0, I) [N, {params.latent_dim}] -> logits, images = tanh(logits / 2)",
    ]
    if "encoder" in model(name).NETWORKS:
        size = 2 * params.latent_dim
        convention.append(f"encoder: images -> mean and log-variance side by side [N, {size}]")
    return Description(
        model=name,
        networks=params,
        seed=seed,
        data=data,
        images_sha256=images_sha256,
        convention="; ".join(convention),
    )


def from_file(path: Path) -> tuple[Description, nn.ModuleDict]:
    """The networks of a weights file that has its description, and nothing else is needed.

    Returns:
        The description, and the networks as `restore` returns them.

    Raises:
        UserError: the file is missing, damaged or without a description; it is of a model, an
            architecture or options that are not known here; or the weights are another one's.
    """
    description = described(storage.read_metadata(path), path)
    with parameters_of(path):
        weights = storage.read_tensors(path)
        return description, restore(description.model, description.networks, weights, path)
