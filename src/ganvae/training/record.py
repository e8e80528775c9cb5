"""What one training leaves: the files that evaluation and comparison read."""

import csv
import io
from pathlib import Path

from torch import Tensor

from ganvae.core.storage import read_tensors, write_json, write_tensors, write_text
from ganvae.models.base.description import Description
from ganvae.models.base.snapshots import pack
from ganvae.models.base.systems import Status
from ganvae.training import costs
from ganvae.training.loop import Run


def write(folder: Path, run: Run, description: Description) -> None:
    """Writes one file per kind of `systems.RECORD` of a run at its end into `folder`.

    The weights have the description: `build.from_file` needs nothing else.
    A diverged run has no weights, and one without `train.checkpoints` no such file: it holds all of
    them, named `<step>.<tensor>`.
    """
    task = run.task
    if not run.diverged:
        write_tensors(folder / "weights.safetensors", run.weights(), description.metadata())
    if checkpoints := _checkpoints(task.folder / "checkpoints", run.last_step):
        write_tensors(folder / "checkpoints.safetensors", checkpoints)
    snapshots = pack(task.folder / "snapshots", run.last_step, task.train.batch_size)
    write_tensors(folder / "snapshots.safetensors", snapshots)
    status = Status(
        state="diverged" if run.diverged else "finished",
        step=run.last_step,
        steps=task.total_steps,
        update=run.diverged.update if run.diverged else None,
    )
    write_json(folder / "status.json", status.model_dump())
    write_text(folder / "history.csv", _history(run))
    write_json(folder / "costs.json", costs.measured(run))


def _checkpoints(folder: Path, last_step: int) -> dict[str, Tensor]:
    steps = sorted(int(path.stem) for path in folder.glob("*.safetensors"))
    return {
        f"{step}.{name}": tensor
        for step in steps
        if step <= last_step
        for name, tensor in read_tensors(folder / f"{step}.safetensors").items()
    }


def _history(run: Run) -> str:
    """CSV: `step`, `images_seen`, `epoch`, then every `<update>.<name>`; empty where none was."""
    rows = run.history.rows
    names = list({name: None for row in rows for name in row if name != "step"})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", "images_seen", "epoch", *names])
    for row in rows:
        seen = row["step"] * run.task.train.batch_size
        epoch = row["step"] / run.task.steps_per_epoch
        values = [f"{row[name]:.6g}" if name in row else "" for name in names]
        table.writerow([row["step"], seen, f"{epoch:.6g}", *values])
    return text.getvalue()
