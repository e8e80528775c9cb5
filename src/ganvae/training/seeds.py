"""The trainings of one model, a job for every seed, and what they leave as DVC's out."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from ganvae.core import machine, storage
from ganvae.errors import UserError
from ganvae.jobs import edits
from ganvae.jobs.executor import Job, fingerprint, runs_folder
from ganvae.models.base.systems import RECORD, Plan, Status, System


def jobs(plan: Plan) -> dict[int, Job]:
    """One job per seed of `train.seeds`.

    A folder is named by all that the result depends on: parameters, device, torch, images and what
    the training runs. So a stale resume state is never found, and an edit of what cannot change a
    result (`edits.FREE`) leaves every state where it is.

    Raises:
        UserError: no such model, architecture, images or file of parameters.
    """
    values = plan.values
    description = {
        "model": plan.model,
        "data": plan.data_set,
        "params": {
            "train": {**values["train"], "seeds": [0]},
            "networks": values["networks"],
            "models": {plan.model: values["models"][plan.model]},
        },
    }
    of_model = edits.of_model(plan.model, plan.networks.architecture)
    code = edits.digests(edits.sources(edits.STAGES / "train_one.py", *of_model))
    images = edits.digests([plan.images])
    origin = {
        "torch": torch.__version__,
        "device": machine.device().type,
        "code": list(code.values()),
        "images": list(images.values()),
    }
    read = code | images | edits.digests([*edits.sources(edits.STAGES / "train.py"), plan.file])
    edits.refuse_late(read)
    found = {}
    for seed in plan.train.seeds:
        folder = runs_folder() / fingerprint({**description, **origin, "seed": seed})
        command = [sys.executable, "-m", "stages.train_one", str(folder)]
        content = {
            **description,
            "seed": seed,
            "images": str(plan.images.absolute()),
            "images_sha256": origin["images"][0],
            "file": plan.file.as_posix(),
        }
        found[seed] = Job(f"{plan.model} seed {seed}", command, folder, read, content)
    return found


def collect(system: System, done: Mapping[int, Job]) -> None:
    """Copies the record into `<system.folder>/<kind>/seed_<s>`, complete or not at all.

    Raises:
        UserError: every seed diverged; there is nothing to evaluate.
    """
    with storage.whole_folder(system.folder) as collected:
        _copy(system.name, done, collected)


def _copy(name: str, done: Mapping[int, Job], collected: Path) -> None:
    finished = 0
    for seed, job in done.items():
        status = storage.read_as(job.result / "status.json", Status)
        if status.state == "finished":
            finished += 1
            print(f"{job.label}: finished after {status.steps} steps")
        else:
            at = f"step {status.step} of {status.steps}"
            print(f"{job.label}: diverged, the loss of {status.update} is not finite at {at}")
        for kind, suffix in RECORD.items():
            source = job.result / f"{kind}.{suffix}"
            if source.exists():
                (collected / kind).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, collected / kind / f"seed_{seed}.{suffix}")
    if not finished:
        raise UserError(f"{name}: every seed diverged; lower train.lr or an lr_multiplier")
