"""Checks the whole of `params.yaml` before any other stage runs.

DVC deletes a stage's outs before its command starts, so the check comes first, as a stage of its
own. Its out `data/params_checked` never changes: nothing re-runs because of it.
"""

from pathlib import Path
from typing import Any

from ganvae import config, model, storage
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


def check(values: dict[str, Any]) -> None:
    """Raises `UserError` for the first thing in `values` that no stage could use."""
    for key in values:
        if key not in (*SCHEMAS, "models"):
            raise UserError(config.unknown("", str(key), [*SCHEMAS, "models"]))
    for path, schema in SCHEMAS.items():
        config.block(schema, values, path)
    check_batch_size(values)
    model.architecture(values["networks"]["architecture"])
    models = config.section(values, "models")
    if not isinstance(models, dict) or not models:
        raise UserError("params.yaml: models: a mapping with at least one model is expected")
    for name in models:
        config.block(model.model(str(name)).Params, values, f"models.{name}")


def check_batch_size(values: dict[str, Any]) -> None:
    """Raises `UserError` unless the training images fill a batch; a folder's files are read."""
    count = count_train_images(config.block(DataParams, values, "data"))
    model.check_batch_size(config.block(model.TrainParams, values, "train"), count)


def main() -> None:
    """Entry point: `python -m stages.check_params`."""
    check(config.load())
    storage.write_text(Path("data/params_checked"), "params.yaml is checked before every run\n")


if __name__ == "__main__":
    run(main)
