"""The trainings of one model as jobs, and their results as DVC's out."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from ganvae import edits, results, runtime, storage
from ganvae.errors import UserError
from ganvae.jobs import Job, fingerprint, processes, runs_folder

DATA = Path("data/processed/train.safetensors")


def sources(name: str, architecture: str) -> list[Path]:
    """The files of this project that make a training of this model on these networks."""
    stages = (edits.STAGES / "train.py", edits.STAGES / "train_one.py")
    return edits.sources(*stages, *edits.of_model(name, architecture))


@contextmanager
def prepared(
    name: str, values: Mapping[str, Any], data: Path, params_file: Path
) -> Iterator[dict[int, Job]]:
    """The jobs that `claimed` yields; at the end without an error their folders go."""
    with claimed(name, values, data, params_file) as found:
        yield found
        for job in found.values():
            shutil.rmtree(job.folder)


@contextmanager
def claimed(
    name: str, values: Mapping[str, Any], data: Path, params_file: Path
) -> Iterator[dict[int, Job]]:
    """Yields one job per seed of `train.seeds`; another process that wants the same job waits.

    A folder is named by all that the result depends on (parameters, code, data, device, torch), so
    a stale resume state is never found.

    Args:
        name: the model.
        values: the checked content of `params_file`.
        data: the training images.
        params_file: where the parameters stand.

    Raises:
        UserError: code, parameters or images were edited during the wait, so that what the other
            process has made is not what DVC would record.
    """
    description = {
        "model": name,
        "params": {
            "train": {**values["train"], "seeds": [0]},
            "networks": values["networks"],
            "models": {name: values["models"][name]},
        },
    }
    code = sources(name, values["networks"]["architecture"])
    with ExitStack() as locks:
        with edits.unedited([*code, params_file, data]) as digests:
            origin = {
                "torch": torch.__version__,
                "device": runtime.device().type,
                "processes": processes(),
                "code": [digests[str(file.resolve())] for file in code],
                "data": digests[str(data.resolve())],
            }
            folders = {
                seed: runs_folder() / fingerprint({**description, **origin, "seed": seed})
                for seed in values["train"]["seeds"]
            }
            for folder in sorted(folders.values()):  # in one order: else two wait for each other
                folder.mkdir(parents=True, exist_ok=True)
                locks.enter_context(FileLock(folder.with_suffix(".lock")))
        for seed, folder in folders.items():
            content = {**description, "seed": seed, "data": str(data.resolve())}
            storage.write_json(folder / "job.json", content)
        yield {
            seed: Job(f"{name} seed {seed}", _command(folder), folder, code)
            for seed, folder in folders.items()
        }


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
