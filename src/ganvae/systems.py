"""The systems of the source papers: `papers/params.yaml`.

A paper's block `papers.<paper>` has what its systems share, in the form of the main pipeline's
`params.yaml`; a system's block `systems.<system>` is laid over it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ganvae import config, model
from ganvae.config import Block
from ganvae.errors import UserError
from ganvae.model import PositiveFloat

FILE = Path("papers/params.yaml")
IMAGES = 60_000  # MNIST's, of which the papers count their epochs


class System(Block):
    """One system.

    Attributes:
        paper: a key of `papers`.
        model: a file of `ganvae.models`.
        architecture: a file of `ganvae.networks`.
        data: the folder whose `processed/` and `classifier/` it is trained and measured with.
        length: the paper's, in epochs or, as mi2018 counts, in updates of the generator (decoder).
        budget: the share of that length that is trained.
        differs: what differs from the paper's protocol besides the length, and why; may be empty.
        networks: laid over the paper's block, as the next three.
        train: `epochs` comes from `length` and `budget`.
        params: of `models.<model>`.
        evaluate: how it is measured.
    """

    paper: str
    model: str
    architecture: str
    data: str
    length: dict[Literal["epochs", "generator_updates"], PositiveFloat] = Field(
        min_length=1, max_length=1
    )
    budget: float = Field(gt=0, le=1)
    differs: str
    networks: dict[str, Any] = Field(default_factory=dict)
    train: dict[str, Any] = Field(default_factory=dict)
    params: dict[str, Any] = Field(default_factory=dict)
    evaluate: dict[str, Any] = Field(default_factory=dict)

    @property
    def root(self) -> Path:
        """`data` as a path."""
        return Path(self.data)


def folder(system: System, name: str) -> Path:
    """Where the results of a system lie."""
    return Path("data/papers") / system.paper / name


def of_paper(paper: str, file: Path = FILE) -> list[str]:
    """The names of a paper's systems. Raises `UserError` for one without any."""
    systems = config.section(config.load(file), "systems")
    if not isinstance(systems, dict):
        raise UserError(f"{file}: systems = {systems!r}: allowed: a mapping")
    blocks = {name: block for name, block in systems.items() if isinstance(block, dict)}
    found = [name for name, block in blocks.items() if block.get("paper") == paper]
    if not found:
        papers = ", ".join(sorted({str(block.get("paper")) for block in blocks.values()}))
        raise UserError(f"{file}: no systems of the paper {paper!r}; papers: {papers}")
    return found


def read(name: str, file: Path = FILE) -> tuple[System, dict[str, Any]]:
    """A system, and its blocks as the main pipeline's stages read them from `params.yaml`.

    Raises:
        UserError: no such system, or a block that does not fit its schema.
    """
    everything = config.load(file)
    try:
        system = config.block(System, everything, f"systems.{name}")
        values = _laid_over(system, config.section(everything, f"papers.{system.paper}"))
        checked = _checked(system, values)
    except UserError as error:
        message = str(error).removeprefix("params.yaml: ")
        raise UserError(f"{file}: system {name}: {message}") from None
    return system, checked


def _laid_over(system: System, paper: Mapping[str, Any]) -> dict[str, Any]:
    own = {
        "networks": {**system.networks, "architecture": system.architecture},
        "train": system.train,
        "models": {system.model: system.params},
        "evaluate": system.evaluate,
    }
    paper = _mapping(paper, f"papers.{system.paper}")
    blocks = {key: paper.get(key, {}) for key in own}
    models = _mapping(blocks["models"], f"papers.{system.paper}.models")
    blocks["models"] = {system.model: models.get(system.model, {})}
    return config.overlay(blocks, own)


def _mapping(part: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise UserError(f"params.yaml: {path} = {part!r}: allowed: a mapping")
    return part


def _checked(system: System, values: dict[str, Any]) -> dict[str, Any]:
    module = model.model(system.model)
    params = config.block(module.Params, values, f"models.{system.model}")
    networks = config.block(model.NetworksParams, values, "networks")
    values["train"]["epochs"] = 1.0  # known below; the other keys are needed for it
    train = config.block(model.TrainParams, values, "train")
    ((unit, epochs),) = system.length.items()
    if unit == "generator_updates":
        built = model.create(system.model, networks, 0)
        updates = module.updates(params, built, networks.latent_dim)
        every = next(update.every for update in updates if "decoder" in update.networks)
        epochs *= every / (IMAGES // train.batch_size)
    values["train"]["epochs"] = epochs * system.budget
    config.block(model.TrainParams, values, "train")
    return values
