"""Trains one model with one seed: a job of `stages/train.py`, in a process of its own.

Reads `<folder>/job.json`; writes `<folder>/result/` (see `ganvae.results`). On SIGINT, SIGTERM or
the end of its parent it saves its state before the next step, and a later call goes on from there.
"""

import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from ganvae import processes, progress, results, runtime, storage, task, training
from ganvae.data import load
from ganvae.errors import UserError, run

SAVE_SECONDS = 30.0


def main() -> None:
    """Entry point: `python -m stages.train_one <folder>`."""
    folder = Path(sys.argv[1])
    stopped = _watch_for_stop()
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
    images, labels = load(Path(job["data"]), runtime.device())
    return task.build(job["model"], job["params"], images, labels, seed=job["seed"], folder=folder)


def _save_seconds() -> float:
    asked = os.environ.get("GANVAE_SAVE_SECONDS", str(SAVE_SECONDS))
    try:
        return float(asked)
    except ValueError:
        raise UserError(f"GANVAE_SAVE_SECONDS={asked}: a number of seconds is expected") from None


def _watch_for_stop() -> Callable[[], bool]:
    """True after SIGINT, SIGTERM or the end of the parent: an orphan would go on writing.

    The parent can have ended before this process could look who it was, so `GANVAE_PARENT` says it.
    Between that one and several processes of a training there is `torchrun`.
    """
    named = os.environ.get("GANVAE_PARENT")
    parent = os.getppid() if processes.launched() > 1 or not named else int(named)
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: signals.append(number))

    def stopped() -> bool:
        orphan = os.getppid() != parent
        if processes.launched() > 1 and named and os.name == "posix":
            orphan = orphan or not _is_alive(int(named))
        return bool(signals) or orphan

    return stopped


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    run(main)
