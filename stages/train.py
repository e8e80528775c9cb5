"""Trains one model with every seed of `train.seeds`, side by side.

Reads `data/processed/train.safetensors` and the blocks `train`, `networks` and `models.<model>`;
writes `data/models/<model>/` with a folder per kind of file and a file per seed.
"""

import sys

from ganvae import config, jobs, model, progress, runtime, study
from ganvae.errors import UserError, run


def main() -> None:
    """Entry point: `python -m stages.train <model>`."""
    if len(sys.argv) != 2:
        raise UserError(f"usage: python -m stages.train <{'|'.join(model.known('models'))}>")
    name = sys.argv[1]
    module = model.model(name)
    values = config.load()
    train = config.block(model.TrainParams, values, "train")
    networks = config.block(model.NetworksParams, values, "networks")
    params = config.block(module.Params, values, f"models.{name}")
    built = model.create(name, networks, train.seeds[0])
    for update in module.updates(params, built, networks.latent_dim):
        spec = getattr(params, update.name)
        rate = train.lr * spec.lr_multiplier
        resolved = f"lr {train.lr:g} x {spec.lr_multiplier:g} = {rate:g}"
        often = "every step" if update.every == 1 else f"every {update.every} steps"
        print(f"{name} {update.name}: {spec.optimizer}, {resolved}, {often}")
    if train.lr_decay:
        print(f"{name}: all rates fall to 0 over the last {train.lr_decay:.0%} of the steps")
    sys.stdout.flush()  # before the jobs' own lines
    with study.prepared(name, values) as todo:
        bars = progress.Bars(list(todo.values()))
        try:
            jobs.run(list(todo.values()), runtime.gpus(), bars.watch)
        finally:
            bars.close()
        study.collect(name, todo)


if __name__ == "__main__":
    run(main)
