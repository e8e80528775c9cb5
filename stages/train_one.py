"""Trains one model with one seed: a job of `stages/train.py`, in a process of its own.

Reads `<folder>/job.json`; writes `<folder>/result/`, see `ganvae.training.record`. On SIGINT,
SIGTERM or the end of its parent it saves its state before the next step, and a later call goes on
from there.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ganvae.core import config, imageset, machine, storage
from ganvae.errors import Interrupted, UserError, parameters_of, run
from ganvae.jobs import live, progress
from ganvae.jobs.arguments import arguments
from ganvae.jobs.stop import watch_for_stop
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from ganvae.models.base.description import Description
from ganvae.training import loop, record, task

SAVE_SECONDS = 30.0


class Job(config.Block):
    """What `ganvae.training.seeds` writes into `job.json`."""

    model: str
    data: str
    params: dict[str, Any]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    images: str
    images_sha256: str
    file: str

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.model} seed {self.seed}"


def main() -> None:
    """Entry point: `python -m stages.train_one <folder>`."""
    (given,) = arguments(__file__, __doc__, "<folder>")
    folder = Path(given)
    stopped = watch_for_stop()
    machine.use_one_thread()
    job = storage.read_as(folder / "job.json", Job)
    drawn = live.curves(f"{job.model}/seed_{job.seed}")
    with parameters_of(Path(job.file)):
        try:
            trained = loop.train(
                _task(job, folder),
                save_seconds=_save_seconds(),
                report=lambda run: _report(run, folder, drawn),
                stopped=stopped,
                resumed=lambda at: print(f"{job.label}: goes on from {at}", flush=True),
            )
        except Interrupted as stop:
            hint = "the same command goes on from there"
            raise Interrupted(f"{job.label}: stopped after {stop}, saved; {hint}") from None
    _report(trained, folder, drawn)
    with storage.whole_folder(folder / "result") as written:
        record.write(written, trained, _description(job))


def _task(job: Job, folder: Path) -> task.Task:
    images, labels = imageset.training_set(Path(job.images), machine.device())
    return task.build(job.model, job.params, images, labels, seed=job.seed, folder=folder)


def _description(job: Job) -> Description:
    return build.describe(
        job.model,
        config.block(NetworksParams, job.params, "networks"),
        seed=job.seed,
        data=job.data,
        images_sha256=job.images_sha256,
    )


def _report(run: loop.Run, folder: Path, drawn: live.Curves | None) -> None:
    if drawn:
        drawn.add(run.history.rows, run.task.train.batch_size)
    progress.report(
        folder,
        done=run.done,
        total=run.task.total_steps,
        batch_size=run.task.train.batch_size,
        losses={k: v for k, v in run.history.latest().items() if k.endswith(".loss")},
    )


def _save_seconds() -> float:
    asked = os.environ.get("GANVAE_SAVE_SECONDS", str(SAVE_SECONDS))
    try:
        return float(asked)
    except ValueError:
        raise UserError(f"GANVAE_SAVE_SECONDS={asked}: a number of seconds is expected") from None


if __name__ == "__main__":
    run(main)
