"""Trains one classifier: a job of `ganvae.experiments.shared.classifiers`, in a process of its own.

Reads `<folder>/job.json`; writes `<folder>/result/weights.safetensors`. It takes seconds, so on
SIGINT, SIGTERM or the end of its parent it ends without a state to go on from.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ganvae.core import machine
from ganvae.core.config import PAPERS_FILE
from ganvae.errors import parameters_of, run
from ganvae.experiments.shared import classifiers
from ganvae.jobs.arguments import arguments
from ganvae.jobs.attend import POLL_SECONDS
from ganvae.jobs.stop import watch_for_stop


def main() -> None:
    """Entry point: `python -m stages.train_classifier_one <folder>`."""
    (folder,) = arguments(__file__, __doc__, "<folder>")
    stopped = watch_for_stop()
    threading.Thread(target=_end_when, args=[stopped], daemon=True).start()
    machine.use_one_thread()
    with parameters_of(PAPERS_FILE, "an experiment's "):
        classifiers.train_one(Path(folder))


def _end_when(stopped: Callable[[], bool]) -> None:
    """An orphan would go on beside the next one that trains the same."""
    while not stopped():
        time.sleep(POLL_SECONDS)
    os._exit(128 + signal.SIGINT)


if __name__ == "__main__":
    run(main)
