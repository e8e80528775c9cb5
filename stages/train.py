"""Trains one model with every seed of `train.seeds`, side by side.

Reads `data/processed/train.safetensors` and the blocks `train`, `networks` and `models.<model>`;
writes `data/models/<model>/` with a folder per kind of file and a file per seed.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ganvae import claims, config, jobs, model, progress, runtime, study
from ganvae.errors import UserError, run


def main() -> None:
    """Entry point: `python -m stages.train <model>`."""
    if len(sys.argv) != 2:
        raise UserError(f"usage: python -m stages.train <{'|'.join(model.known('models'))}>")
    name = sys.argv[1]
    model.model(name)  # refuses an unknown one first
    train(name, config.load(), Path("data/models") / name)


def train(
    name: str,
    values: Mapping[str, Any],
    folder: Path,
    data: Path = study.DATA,
    params_file: Path = config.PARAMS_FILE,
) -> None:
    """Trains every seed, or finds it trained, and collects the results.

    Args:
        name: the model.
        values: the blocks `train`, `networks` and `models.<name>`.
        folder: for the results; replaced as a whole.
        data: the training images.
        params_file: where the blocks come from.
    """
    for line in resolved(name, values):
        print(line, flush=True)  # before the jobs' own lines
    of_seeds = study.jobs(name, values, data, params_file)
    todo = list(of_seeds.values())
    with claims.kept(todo):
        with closing(progress.Bars(todo)) as bars:
            jobs.run(todo, runtime.gpus(), bars.watch)
        study.collect(name, of_seeds, folder)


def resolved(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """What the blocks come to: a line for each update's rate. Checks the blocks."""
    module = model.model(name)
    train = config.block(model.TrainParams, values, "train")
    networks = config.block(model.NetworksParams, values, "networks")
    params = config.block(module.Params, values, f"models.{name}")
    built = model.create(name, networks, train.seeds[0])
    for update in module.updates(params, built, networks.latent_dim):
        spec = getattr(params, update.name)
        rate = train.lr * spec.lr_multiplier
        product = f"lr {train.lr:g} x {spec.lr_multiplier:g} = {rate:g}"
        often = "every step" if update.every == 1 else f"every {update.every} steps"
        yield f"{name} {update.name}: {spec.optimizer}, {product}, {often}"
    if train.lr_decay:
        yield f"{name}: all rates fall to 0 over the last {train.lr_decay:.0%} of the steps"


if __name__ == "__main__":
    run(main)
