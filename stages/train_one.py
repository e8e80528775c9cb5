"""Trains one model with one seed: a job of `stages/train.py`, in a process of its own.

Reads `<folder>/job.json`; writes `<folder>/result/` (see `ganvae.results`). On SIGINT, SIGTERM or
the end of its parent it saves its state before the next step, and a later call goes on from there.
"""

import os
import secrets
import sys
from pathlib import Path

from ganvae import data, processes, progress, results, runtime, storage, task, training
from ganvae.errors import UserError, run

SAVE_SECONDS = 30.0


def main() -> None:
    """Entry point: `python -m stages.train_one <folder>`."""
    folder = Path(sys.argv[1])
    stopped = processes.watch_for_stop()
    runtime.use_one_thread()
    described = _task(folder)
    with processes.joined(runtime.device()):
        outcome = training.train(
            described,
            save_seconds=_save_seconds(),
            report=lambda run: progress.report(run, folder),
            stopped=stopped,
        )
        first = processes.rank() == 0
    if not first:
        return
    written = folder / f"result.{secrets.token_hex(4)}"
    results.write(written, described, outcome)
    os.replace(written, folder / "result")


def _task(folder: Path) -> task.Task:
    job = storage.read_json(folder / "job.json")
    images, labels = data.training_set(Path(job["data"]), runtime.device())
    return task.build(job["model"], job["params"], images, labels, seed=job["seed"], folder=folder)


def _save_seconds() -> float:
    asked = os.environ.get("GANVAE_SAVE_SECONDS", str(SAVE_SECONDS))
    try:
        return float(asked)
    except ValueError:
        raise UserError(f"GANVAE_SAVE_SECONDS={asked}: a number of seconds is expected") from None


if __name__ == "__main__":
    run(main)
