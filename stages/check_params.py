"""Checks the whole of `params.yaml` before any other stage runs.

DVC deletes a stage's outs before its command starts, so the check comes first, as a stage of its
own. Its out `data/params_checked` never changes: nothing re-runs because of it.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ganvae.core import config, machine, storage
from ganvae.data import idx
from ganvae.data.sources import DataParams, count_train_images
from ganvae.errors import ParameterError, run
from ganvae.figures.params import FiguresParams
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.judging.classifier import ClassifierParams
from ganvae.judging.judged import EvaluateParams
from ganvae.models.base import build, contract

SCHEMAS: dict[str, type[config.Block]] = {
    "data": DataParams,
    "networks": contract.NetworksParams,
    "train": contract.TrainParams,
    "classifier": ClassifierParams,
    "evaluate": EvaluateParams,
    "figures": FiguresParams,
}
CELEBA = "celeba"


def check(values: dict[str, Any]) -> None:
    """Raises `UserError` for the first thing in `values` that no stage could use."""
    for key in values:
        if key not in (*SCHEMAS, "models"):
            raise ParameterError(config.unknown("", str(key), [*SCHEMAS, "models"]))
    check_grey(values)
    for path, schema in SCHEMAS.items():
        config.block(schema, values, path)
    check_batch_size(values)
    networks = config.block(contract.NetworksParams, values, "networks")
    check_architecture(networks.architecture)
    models = config.section(values, "models")
    if not isinstance(models, dict) or not models:
        raise ParameterError("models: a mapping with at least one model is expected")
    for name in models:
        config.block(build.model(str(name)).Params, values, f"models.{name}")
        build.check_fit(name, networks)


def check_grey(values: dict[str, Any]) -> None:
    """Refuses CelebA, which has a pipeline of its own, with a line that says which."""
    data = values.get("data")
    if isinstance(data, dict) and data.get("name") == CELEBA:
        raise ParameterError(
            f"data.name = {CELEBA!r}: this pipeline is for grey images of "
            "28 x 28 pixels; papers/celeba trains on CelebA, see docs/celeba.md"
        )


def check_architecture(name: str) -> None:
    """Raises `UserError` for an unknown architecture, or one for other images."""
    shape = build.image_shape(name)
    if shape != (1, idx.SIZE, idx.SIZE):
        raise ParameterError(
            f"networks.architecture = {name!r}: is for images of {list(shape)} "
            f"(channels, height, width), not {[1, idx.SIZE, idx.SIZE]}"
        )


def check_batch_size(values: dict[str, Any]) -> None:
    """Raises `UserError` unless the training images fill a batch; a folder's files are read."""
    count = count_train_images(config.block(DataParams, values, "data"))
    contract.check_batch_size(config.block(contract.TrainParams, values, "train"), count)


def slow_precision(values: Mapping[str, Any], file: Path = config.PARAMS_FILE) -> str | None:
    """A line about bf16 where the processor emulates it, at a small part of float32's speed."""
    if values["train"]["precision"] == "fp32" or machine.device().type != "cpu":
        return None
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return None
    return f"{file}: train.precision = 'bf16': this processor has no bf16; fp32 is far faster"


def main() -> None:
    """Entry point: `python -m stages.check_params`."""
    arguments(__file__, __doc__)
    with edits.unedited([Path(__file__), config.PARAMS_FILE]):
        values = config.load()
        check(values)
    if line := slow_precision(values):
        print(f"note: {line}", file=sys.stderr)
    storage.write_text(Path("data/params_checked"), "params.yaml is checked before every run\n")


if __name__ == "__main__":
    run(main)
