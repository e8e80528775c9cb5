"""The trainings of the constrained VAE-GAN over a grid of its parameters lambda and d.

Imports what trainings need and little else: a job's folder is named by the content of all loaded
modules, so an edit of how points are measured or drawn must not make them train again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from tqdm import tqdm

from ganvae import config, jobs, model, runtime, study
from ganvae.config import Block
from ganvae.jobs import Job

MODEL = "cvaegan"
# the ranges of `models.cvaegan`
Lambda = Annotated[float, Field(ge=0, le=100000)]
D = Annotated[float, Field(ge=-100000, le=100000)]


class SensitivityParams(Block):
    """The block `sensitivity`: every `lambda` is trained with every `d`, in nats."""

    lambda_: list[Lambda] = Field(alias="lambda", min_length=1)
    d: list[D] = Field(min_length=1)

    @model_validator(mode="after")
    def _values_differ(self) -> "SensitivityParams":
        for name, values in (("lambda", self.lambda_), ("d", self.d)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name} = {values}: allowed: different numbers")
        return self


@dataclass(frozen=True)
class Point:
    """One pair of parameters of the grid."""

    lambda_: float
    d: float

    def laid_over(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The content of a `params.yaml` with this pair in the model's block."""
        block = {**values["models"][MODEL], "lambda": self.lambda_, "d": self.d}
        return {**values, "models": {MODEL: block}}


@contextmanager
def trained(
    values: Mapping[str, Any], params_file: Path, progress: bool
) -> Iterator[dict[Point, dict[int, Job]]]:
    """Trains every point with every seed; yields the jobs, done, by point and seed.

    Their folders stay after an error, so that a second call trains only what is missing, and go at
    the end without one.

    Args:
        values: the blocks `train`, `networks`, `models.cvaegan` and `sensitivity`.
        params_file: where they stand; an edit while the trainings run is refused.
        progress: whether to draw a bar on stderr.

    Raises:
        UserError: a block does not fit its schema, or what `jobs.run` refuses.
        Interrupted: after all trainings have stopped.
    """
    grid = config.block(SensitivityParams, values, "sensitivity")
    _load_modules(values)
    with ExitStack() as folders:
        found = {}
        for point in (Point(*pair) for pair in product(grid.lambda_, grid.d)):
            prepared = folders.enter_context(study.prepared(MODEL, point.laid_over(values)))
            name = f"lambda {point.lambda_:g}, d {point.d:g}"
            found[point] = {s: replace(j, label=f"{name}, seed {s}") for s, j in prepared.items()}
        todo = [job for of_point in found.values() for job in of_point.values()]
        _run(todo, params_file, progress)
        yield found


def _load_modules(values: Mapping[str, Any]) -> None:
    """Checks the blocks, and imports what names the jobs: network, model, losses, updates."""
    train = config.block(model.TrainParams, values, "train")
    networks = config.block(model.NetworksParams, values, "networks")
    module = model.model(MODEL)
    params = config.block(module.Params, values, f"models.{MODEL}")
    built = model.create(MODEL, networks, train.seeds[0])
    module.updates(params, built, networks.latent_dim)


def _run(todo: Sequence[Job], params_file: Path, progress: bool) -> None:
    gpus = torch.cuda.device_count() if runtime.device().type == "cuda" else 0
    with tqdm(total=len(todo), desc="train", unit="training", disable=not progress) as bar:

        def watch() -> None:
            bar.update(sum(job.result.exists() for job in todo) - bar.n)

        jobs.run(todo, gpus, watch, params_file)
