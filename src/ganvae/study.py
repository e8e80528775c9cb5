"""The trainings of one model as jobs, and their results as DVC's out."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ganvae import edits, results, runtime, storage
from ganvae.errors import UserError
from ganvae.jobs import Job, fingerprint, processes, runs_folder

DATA = Path("data/processed/train.safetensors")


def sources(name: str, architecture: str) -> list[Path]:
    """The files of this project that make a training of this model on these networks."""
    stages = (edits.STAGES / "train.py", edits.STAGES / "train_one.py")
    return edits.sources(*stages, *edits.of_model(name, architecture))


def jobs(name: str, values: Mapping[str, Any], data: Path, params_file: Path) -> dict[int, Job]:
    """One job per seed of `train.seeds`.

    A folder is named by all that the result depends on (parameters, code, data, device, torch), so
    a stale resume state is never found.

    Args:
        name: the model.
        values: the blocks `train`, `networks` and `models.<name>`.
        data: the training images.
        params_file: where the parameters stand.

    Raises:
        UserError: no such model, architecture, images or file of parameters.
    """
    description = {
        "model": name,
        "params": {
            "train": {**values["train"], "seeds": [0]},
            "networks": values["networks"],
            "models": {name: values["models"][name]},
        },
    }
    code = edits.digests(sources(name, values["networks"]["architecture"]))
    images = edits.digests([data])
    origin = {
        "torch": torch.__version__,
        "device": runtime.device().type,
        "processes": processes(),
        "code": list(code.values()),
        "data": list(images.values()),
    }
    read = code | images | edits.digests([params_file])
    found = {}
    for seed in values["train"]["seeds"]:
        folder = runs_folder() / fingerprint({**description, **origin, "seed": seed})
        content = {**description, "seed": seed, "data": str(data.absolute())}
        found[seed] = Job(f"{name} seed {seed}", _command(folder), folder, read, content)
    return found


def _command(folder: Path) -> list[str]:
    training = ["-m", "stages.train_one", str(folder)]
    if processes() == 1:
        return [sys.executable, *training]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    return [sys.executable, *torchrun, str(processes()), *training]


def collect(name: str, done: Mapping[int, Job], folder: Path) -> None:
    """Copies the results into `<folder>/<kind>/seed_<s>`, complete or not at all.

    Raises:
        UserError: every seed diverged; there is nothing to evaluate.
    """
    collected = storage.temporary(Path(".cache") / name)
    try:
        _copy(name, done, collected)
        storage.replace_folder(collected, folder)
    finally:
        shutil.rmtree(collected, ignore_errors=True)


def _copy(name: str, done: Mapping[int, Job], collected: Path) -> None:
    finished = 0
    for seed, job in done.items():
        status = storage.read_json(job.result / "status.json")
        if status["state"] == "finished":
            finished += 1
            print(f"{job.label}: finished after {status['steps']} steps")
        else:
            at = f"step {status['step']} of {status['steps']}"
            print(f"{job.label}: diverged, the loss of {status['update']} is not finite at {at}")
        for kind, suffix in results.FILES.items():
            source = job.result / f"{kind}.{suffix}"
            if source.exists():
                (collected / kind).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, collected / kind / f"seed_{seed}.{suffix}")
    if not finished:
        raise UserError(f"{name}: every seed diverged; lower train.lr or an lr_multiplier")
