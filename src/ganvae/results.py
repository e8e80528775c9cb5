"""The files that one training leaves: what `stages/evaluate.py` and `stages/compare.py` read."""

import sys
from pathlib import Path

import pandas as pd
import torch

from ganvae.runtime import description
from ganvae.snapshots import pack
from ganvae.storage import write_json, write_tensors, write_text
from ganvae.task import Task
from ganvae.training import Outcome

FILES = {
    "weights": "safetensors",
    "snapshots": "safetensors",
    "status": "json",
    "history": "csv",
    "costs": "json",
}


def write(folder: Path, task: Task, outcome: Outcome) -> None:
    """Writes one file per kind of `FILES` into `folder`; a diverged run has no weights."""
    if not outcome.diverged:
        write_tensors(folder / "weights.safetensors", task.networks.state_dict())
    size = task.train.batch_size
    snapshots = pack(task.folder / "snapshots", outcome.step, size)
    write_tensors(folder / "snapshots.safetensors", snapshots)
    status = {
        "state": "diverged" if outcome.diverged else "finished",
        "step": outcome.step,
        "steps": task.total_steps,
        "update": outcome.diverged.update if outcome.diverged else None,
    }
    write_json(folder / "status.json", status)
    table = pd.DataFrame(outcome.history.rows, columns=["step", *_columns(outcome)])
    table.insert(1, "images_seen", table["step"] * size)
    table.insert(2, "epoch", table["step"] / task.steps_per_epoch)
    write_text(folder / "history.csv", table.to_csv(index=False, float_format="%.6g"))
    write_json(folder / "costs.json", _costs(task, outcome))


def _columns(outcome: Outcome) -> list[str]:
    names = {name: None for row in outcome.history.rows for name in row if name != "step"}
    return list(names)


def _costs(task: Task, outcome: Outcome) -> dict[str, object]:
    """What the training cost; run-dependent, so no other stage but `compare` depends on it."""
    counts = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in task.networks.items()
    }
    generator_every = next(u.every for u in task.updates if "decoder" in u.networks)
    return {
        "train_seconds": outcome.seconds,
        "train_images_per_second": outcome.step * task.train.batch_size / outcome.seconds,
        "parameters": sum(counts.values()),
        "parameters_by_network": counts,
        "steps": outcome.step,
        "generator_updates": outcome.step // generator_every,
        "peak_memory_mib": peak_memory_mib(task.images.device),
        "runtime": description(task.images.device),
    }


def peak_memory_mib(device: torch.device) -> float:
    """The most memory this process has held, on the GPU where it trained on one."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource  # only where there is one

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
