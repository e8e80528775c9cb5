"""The trainings of a study on every core at once, against one after another."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import rows
from benchmarks.rows import Measured
from benchmarks.worker import DATA, training_images
from ganvae.core import storage
from ganvae.jobs import edits, executor
from stages.study import of_params, train

NAME = "study/all_cores"
SEEDS = [0, 1, 2]
EPOCHS = 2
TARGET = 0.9  # of the cores: 1.8 times with two


def measured(values: Mapping[str, Any], seconds: float, only: str) -> Measured:
    """`rows.Group`: one row; `seconds` plays no part, and the seeds and epochs are this file's."""
    if not rows.wanted(NAME, only):
        return
    changed = {**values, "train": {**values["train"], "seeds": SEEDS, "epochs": EPOCHS}}
    with _project() as folder:
        storage.write_json(folder / "params.yaml", changed)
        ours, theirs = (_trained(workers) for workers in (executor.cores(), 1))
    row = rows.row(
        [ours],
        [theirs],
        unit="s",
        against=f"one worker; {len(values['models']) * len(SEEDS)} trainings of {EPOCHS} epochs",
        target=TARGET * executor.cores(),
        more_is_better=False,
    )
    yield NAME, row, 1.0


@contextlib.contextmanager
def _project() -> Iterator[Path]:
    """A folder with the training images, which trainings started in it take for their project."""
    code = os.pathsep.join(str(path) for path in (edits.PACKAGE.parent, edits.ROOT))
    with tempfile.TemporaryDirectory() as made, ExitStack() as context:
        images, labels = training_images()
        storage.write_tensors(Path(made) / DATA, {"images": images, "labels": labels})
        variables = {"DVC_ROOT": made, "PYTHONPATH": code, "GANVAE_DEVICE": "cpu"}
        context.enter_context(patch.dict(os.environ, variables))
        context.enter_context(contextlib.chdir(made))
        yield Path(made)


def _trained(workers: int) -> float:
    """Seconds of all trainings of the project on so many workers."""
    begun = time.perf_counter()
    with patch.dict(os.environ, {"GANVAE_WORKERS": str(workers)}):
        train(of_params().values())
    seconds = time.perf_counter() - begun
    shutil.rmtree(executor.runs_folder())
    return seconds
