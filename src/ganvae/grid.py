"""The trainings of the constrained VAE-GAN over a grid of its parameters lambda and d."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from ganvae import config, model, runtime, study
from ganvae.config import Block
from ganvae.jobs import Job
from ganvae.progress import run_counted

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
    config.block(model.TrainParams, values, "train")
    networks = config.block(model.NetworksParams, values, "networks")
    model.architecture(networks.architecture)
    config.block(model.model(MODEL).Params, values, f"models.{MODEL}")
    with ExitStack() as folders:
        found = {}
        for point in (Point(*pair) for pair in product(grid.lambda_, grid.d)):
            prepared = folders.enter_context(study.prepared(MODEL, point.laid_over(values)))
            name = f"lambda {point.lambda_:g}, d {point.d:g}"
            found[point] = {s: replace(j, label=f"{name}, seed {s}") for s, j in prepared.items()}
        todo = [job for of_point in found.values() for job in of_point.values()]
        run_counted(todo, runtime.gpus(), progress, params_file)
        yield found
