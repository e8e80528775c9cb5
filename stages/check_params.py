"""Checks the whole of `params.yaml` before any other stage runs.

DVC deletes a stage's outs before its command starts, so the check comes first, as a stage of its
own. Its out `data/params_checked` never changes: nothing re-runs because of it.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ganvae import config, idx, model, runtime, storage
from ganvae.classifier import ClassifierParams
from ganvae.errors import UserError, run
from ganvae.evaluation import EvaluateParams
from ganvae.figures.params import FiguresParams
from ganvae.sources import DataParams, count_train_images

SCHEMAS: dict[str, type[config.Block]] = {
    "data": DataParams,
    "networks": model.NetworksParams,
    "train": model.TrainParams,
    "classifier": ClassifierParams,
    "evaluate": EvaluateParams,
    "figures": FiguresParams,
}
CELEBA = "celeba"


def check(values: dict[str, Any]) -> None:
    """Raises `UserError` for the first thing in `values` that no stage could use."""
    for key in values:
        if key not in (*SCHEMAS, "models"):
            raise UserError(config.unknown("", str(key), [*SCHEMAS, "models"]))
    check_grey(values)
    for path, schema in SCHEMAS.items():
        config.block(schema, values, path)
    check_batch_size(values)
    check_architecture(values["networks"]["architecture"])
    models = config.section(values, "models")
    if not isinstance(models, dict) or not models:
        raise UserError("params.yaml: models: a mapping with at least one model is expected")
    for name in models:
        config.block(model.model(str(name)).Params, values, f"models.{name}")
        model.check_fit(name, values["networks"]["architecture"])


def check_grey(values: dict[str, Any]) -> None:
    """Refuses CelebA, which has a pipeline of its own, with a line that says which."""
    data = values.get("data")
    if isinstance(data, dict) and data.get("name") == CELEBA:
        raise UserError(
            f"params.yaml: data.name = {CELEBA!r}: this pipeline is for grey images of "
            "28 x 28 pixels; dvc repro papers/celeba/dvc.yaml trains on CelebA, see docs/celeba.md"
        )


def check_architecture(name: str) -> None:
    """Raises `UserError` for an unknown architecture, or one for other images."""
    shape = model.image_shape(name)
    if shape != (1, idx.SIZE, idx.SIZE):
        raise UserError(
            f"params.yaml: networks.architecture = {name!r}: is for images of {list(shape)} "
            f"(channels, height, width), not {[1, idx.SIZE, idx.SIZE]}"
        )


def check_batch_size(values: dict[str, Any]) -> None:
    """Raises `UserError` unless the training images fill a batch; a folder's files are read."""
    count = count_train_images(config.block(DataParams, values, "data"))
    model.check_batch_size(config.block(model.TrainParams, values, "train"), count)


def slow_precision(values: Mapping[str, Any], file: Path = config.PARAMS_FILE) -> str | None:
    """A line about bf16 where the processor emulates it, at a small part of float32's speed."""
    if values["train"]["precision"] == "fp32" or runtime.device().type != "cpu":
        return None
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return None
    return f"{file}: train.precision = 'bf16': this processor has no bf16; fp32 is far faster"


def main() -> None:
    """Entry point: `python -m stages.check_params`."""
    values = config.load()
    check(values)
    if line := slow_precision(values):
        print(f"note: {line}", file=sys.stderr)
    storage.write_text(Path("data/params_checked"), "params.yaml is checked before every run\n")


if __name__ == "__main__":
    run(main)
