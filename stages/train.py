"""Trains a model with every seed of `train.seeds`, side by side.

`python -m stages.train <model>` reads `data/processed/train.safetensors` and the blocks `train`,
`networks` and `models.<model>` of params.yaml, and writes `data/models/<model>/` with a folder per
kind of file and a file per seed. With a papers' file of parameters as second argument, `<model>` is
one of its systems, see `ganvae.models.base.systems`.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ganvae.core import machine
from ganvae.core.config import PARAMS_FILE
from ganvae.errors import parameters_of, run
from ganvae.jobs import executor, locks, progress
from ganvae.jobs.arguments import arguments
from ganvae.models.base import build, systems
from ganvae.models.base.systems import System
from ganvae.training import seeds


def main() -> None:
    """Entry point: `python -m stages.train <model> [<file of parameters>]`."""
    models = "|".join(build.known("models"))
    name, *given = arguments(__file__, __doc__, f"<{models}|system>", "[<file of parameters>]")
    file = Path(given[0]) if given else PARAMS_FILE
    system = systems.read(name, file)
    with parameters_of(file):
        train(system)


def train(system: System) -> None:
    """Trains every seed, or finds it trained, and collects the records."""
    for line in resolved(system):
        print(line, flush=True)  # before the jobs' own lines
    of_seeds = seeds.jobs(system)
    todo = list(of_seeds.values())
    with locks.kept(todo):
        with closing(progress.Display(todo)) as display:
            executor.run(todo, machine.gpus(), display.watch)
        seeds.collect(system, of_seeds)


def resolved(system: System) -> Iterator[str]:
    """What the blocks come to: a line for each update's rate. Checks the blocks."""
    train, networks, params = system.train, system.networks, system.params
    built = build.create(system.model, networks, train.seeds[0])
    for update in build.model(system.model).updates(params, built, networks.latent_dim):
        spec = getattr(params, update.name)
        product = f"lr {train.lr:g} x {spec.lr_multiplier:g} = {spec.rate(train.lr):g}"
        often = "every step" if update.every == 1 else f"every {update.every} steps"
        yield f"{system.name} {update.name}: {spec.optimizer}, {product}, {often}"
    if train.lr_decay:
        yield f"{system.name}: all rates fall to 0 over the last {train.lr_decay:.0%} of the steps"


if __name__ == "__main__":
    run(main)
