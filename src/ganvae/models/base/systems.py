"""What is trained and measured: the models of `params.yaml`, and the systems of the source papers.

A file of parameters has either the main pipeline's blocks (`params.yaml`) or `systems`: a paper's
block `papers.<paper>` has what its systems share, in the form of `params.yaml`, and a system's
block `systems.<system>` is laid over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from torch import nn

from ganvae.core import config, imageset
from ganvae.core.config import PAPERS, PAPERS_FILE, PARAMS_FILE, Block
from ganvae.core.storage import read_tensors
from ganvae.errors import ParameterError, parameters_of
from ganvae.models.base import build
from ganvae.models.base.contract import (
    NetworksParams,
    PositiveFloat,
    TrainParams,
    check_batch_size,
)

RECORD = {  # what a training leaves: the kinds of its files, a folder each with a file per seed
    "weights": "safetensors",
    "checkpoints": "safetensors",
    "snapshots": "safetensors",
    "status": "json",
    "history": "csv",
    "costs": "json",
}
IMAGES = 60_000  # MNIST's, of which the papers count their epochs


class Status(Block):
    """How the training of a seed ended: after `step` of `steps`, in `update` where it diverged."""

    state: Literal["finished", "diverged"]
    step: int
    steps: int
    update: str | None


class SystemParams(Block):
    """The block of one system of a paper.

    Attributes:
        paper: a key of `papers`.
        model: a folder of `ganvae.models`.
        architecture: a file of `ganvae.networks`.
        data: whose images and classifier it is trained and measured with, a key of `data_sets`.
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


@dataclass(frozen=True)
class Plan:
    """A model to be trained with every seed of its block `train`.

    Attributes:
        model: its name.
        values: the blocks `train`, `networks` and `models.<model>`, and `evaluate` where the
            networks are to be measured.
        images: the file of the training images, as `imageset.training_set` reads it.
        file: where the parameters stand.
        data_set: the name of the images' data set, which the weights say.
    """

    model: str
    values: Mapping[str, Any]
    images: Path
    file: Path
    data_set: str

    @property
    def networks(self) -> NetworksParams:
        """The block `networks`."""
        return config.block(NetworksParams, self.values, "networks")

    @property
    def train(self) -> TrainParams:
        """The block `train`."""
        return config.block(TrainParams, self.values, "train")

    @property
    def params(self) -> Any:
        """The block `models.<model>`, in the model's own schema."""
        return config.block(build.model(self.model).Params, self.values, f"models.{self.model}")

    def check(self) -> None:
        """Raises `UserError` for a block that does not fit its schema, or too few images."""
        _ = self.params
        build.check_fit(self.model, self.networks)
        images, _ = imageset.training_set(self.images, torch.device("cpu"))
        check_batch_size(self.train, len(images))


@dataclass(frozen=True)
class System(Plan):
    """A plan with a name, and the places of its files.

    Attributes:
        name: a key of `models` in `params.yaml`, or of `systems` in a papers' file.
        data: the folder with its images, `processed/`, and its judge, `classifier/`.
        folder: what its trainings leave, see `RECORD`.
        evaluated: what was measured of it.
        metrics: the file of its headline means.
        block: its own, if it is a paper's.
    """

    name: str
    data: Path
    folder: Path
    evaluated: Path
    metrics: Path
    block: SystemParams | None = None

    def record(self, kind: str, seed: int) -> Path:
        """The file of a seed of one of the kinds of `RECORD`."""
        return self.folder / kind / f"seed_{seed}.{RECORD[kind]}"

    def restored(self, seed: int) -> nn.ModuleDict:
        """The networks that a seed's training left, see `build.restore`."""
        path = self.record("weights", seed)
        return build.restore(self.model, self.networks, read_tensors(path), path)


def read(name: str, file: Path = PARAMS_FILE) -> System:
    """The model `name` of `params.yaml`, or the system `name` of another file.

    Raises:
        UserError: no such model or system, or a block that does not fit its schema.
    """
    everything = config.load(file)
    if file == PARAMS_FILE:
        build.model(name)  # refuses an unknown one first
        data = Path("data")
        return System(
            model=name,
            values=everything,
            images=_images(data),
            file=file,
            data_set=config.section(everything, "data.name"),
            name=name,
            data=data,
            folder=data / "models" / name,
            evaluated=data / "evaluation" / name,
            metrics=Path("metrics") / f"{name}.json",
        )
    with parameters_of(file, f"system {name}: "):
        block = config.block(SystemParams, everything, f"systems.{name}")
        paper = config.section(everything, f"papers.{block.paper}")
        values = _with_length(block, _laid_over(block, paper))
    own = PAPERS / "data" / block.paper / name
    data = PAPERS / "data" / block.data
    return System(
        model=block.model,
        values=values,
        images=_images(data),
        file=file,
        data_set=block.data,
        name=name,
        data=data,
        folder=own / "trained",
        evaluated=own / "evaluated",
        metrics=PAPERS / "metrics" / f"{name}.json",
        block=block,
    )


def of_paper(paper: str, file: Path = PAPERS_FILE) -> list[str]:
    """The names of a paper's systems. Raises `UserError` for one without any."""
    with parameters_of(file):
        systems = config.section(config.load(file), "systems")
        if not isinstance(systems, dict):
            raise ParameterError(f"systems = {systems!r}: allowed: a mapping")
        blocks = {name: block for name, block in systems.items() if isinstance(block, dict)}
        found = [name for name, block in blocks.items() if block.get("paper") == paper]
        if not found:
            papers = ", ".join(sorted({str(block.get("paper")) for block in blocks.values()}))
            raise ParameterError(f"no systems of the paper {paper!r}; papers: {papers}")
    return found


def _images(data: Path) -> Path:
    """The training images below `data`; those that are streamed from the disk where there are."""
    streamed = data / "processed" / "train.npy"
    return streamed if streamed.exists() else streamed.with_suffix(".safetensors")


def _laid_over(block: SystemParams, paper: Any) -> dict[str, Any]:
    own = {
        "networks": {**block.networks, "architecture": block.architecture},
        "train": block.train,
        "models": {block.model: block.params},
        "evaluate": block.evaluate,
    }
    shared = _mapping(paper, f"papers.{block.paper}")
    blocks = {key: shared.get(key, {}) for key in own}
    models = _mapping(blocks["models"], f"papers.{block.paper}.models")
    blocks["models"] = {block.model: models.get(block.model, {})}
    return config.overlay(blocks, own)


def _mapping(part: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise ParameterError(f"{path} = {part!r}: allowed: a mapping")
    return part


def _with_length(block: SystemParams, values: dict[str, Any]) -> dict[str, Any]:
    """The checked blocks, with the epochs that the paper's length and the budget come to."""
    module = build.model(block.model)
    params = config.block(module.Params, values, f"models.{block.model}")
    networks = config.block(NetworksParams, values, "networks")
    build.check_fit(block.model, networks)
    values["train"]["epochs"] = 1.0  # known below; the other keys are needed for it
    train = config.block(TrainParams, values, "train")
    ((unit, epochs),) = block.length.items()
    if unit == "generator_updates":
        built = build.create(block.model, networks, 0)
        updates = module.updates(params, built, networks.latent_dim)
        every = next(update.every for update in updates if "decoder" in update.networks)
        epochs *= every / (IMAGES // train.batch_size)
    values["train"]["epochs"] = epochs * block.budget
    config.block(TrainParams, values, "train")
    return values
