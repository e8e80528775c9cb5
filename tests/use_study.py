"""A small repository in which every verb of the command line has something to work on."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dvc.repo import Repo

from ganvae.core import storage
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from tests import demo_run, own_files, project
from tests.architectures import params
from tests.demo_run import Demo
from tests.pipelines import MODELS
from tests.project import ROOT

SEEDS = range(5)
REAL_FID = 1.0  # by the study's judge
LETTERS = 14


def make(folder: Path, demo: Demo) -> Path:
    """The finished digits' study, a papers' conditional GAN, pictures and three experiments."""
    folder.mkdir()
    for name in ("data", "plots"):
        (folder / name).symlink_to(demo.folder / name)
    (folder / "metrics").mkdir()
    shutil.copy2(demo.folder / "metrics/classifier.json", folder / "metrics")
    shutil.copy2(demo.folder / "params.yaml", folder)
    write_weights(
        folder / "papers/data/ghosh2020/ghosh2020_cgan/trained/weights/seed_0.safetensors",
        "cgan",
        params("wide"),
    )
    shutil.copy2(ROOT / "papers/params.yaml", folder / "papers")
    shutil.copytree(ROOT / "papers/mi2018", folder / "papers/mi2018")
    stream = np.random.default_rng(0)
    (folder / "letters").mkdir()
    for i in range(LETTERS):
        shape = own_files.shape(own_files.SHAPES[i % 3], stream)
        shape.save(folder / "letters" / f"{i}.png")
    (folder / ".gitignore").write_text("data\nplots\n.conv\n")
    _with_experiments(folder)
    beside = folder / ".conv"
    (beside / "metrics").mkdir(parents=True)
    shutil.copy2(folder / "params.yaml", beside)
    measured(beside, 90.0, 2.0)
    return folder


def write_weights(file: Path, model: str, networks: NetworksParams, **about: Any) -> None:
    """What a training leaves, without the training."""
    about = {"seed": 0, "data": "mnist", "images_sha256": "0123", **about}
    torch.manual_seed(0)
    built = build.create(model, networks, seed=0)
    description = build.describe(model, networks, **about)
    storage.write_tensors(file, built.state_dict(), description.metadata())


def _with_experiments(folder: Path) -> None:
    """In one the models are better, in one worse but for one, and one is of two seeds alone."""
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache"))
    (folder / ".dvc/config.local").unlink(missing_ok=True)
    metrics = "".join(f"- metrics/{model}.json\n" for model in MODELS)
    (folder / "dvc.yaml").write_text(f"metrics:\n{metrics}")
    measured(folder, 100.0, 2.0)
    demo_run.commit(folder, "A study")
    for name, change, fid, entropy, real in (
        ("better", {"train": {"lr": 0.001, "epochs": 0.5}}, 90.0, 2.1, REAL_FID),
        ("worse-and-with-a-long-name", {"models": {"wgan": {"clip": 0.03}}}, 120.0, 2.0, REAL_FID),
        ("by-another-judge", {}, 90.0, 2.1, 2 * REAL_FID),
    ):
        project.set_params(folder, change)
        measured(folder, fid, entropy, real)
        with contextlib.chdir(folder), Repo() as repo:
            repo.experiments.save(name=name)
        project.succeed(project.command(folder, "git", "checkout", "-q", "."))


def measured(folder: Path, fid: float, entropy: float, real: float = REAL_FID) -> None:
    """Metrics of all models, the seeds around the means; the WGAN's are always the same."""
    rows: dict[str, dict[str, Any]] = {}
    for model in MODELS:
        means = {"fid_classifier": fid, "class_entropy": entropy}
        if model == "wgan":
            means = {"fid_classifier": 200.0, "class_entropy": 2.0}
        storage.write_json(folder / f"metrics/{model}.json", means)
        spread = 1.0 if model == "gan" else 30.0  # against which the change of the others is small
        rows[model] = {"images": 200, "against": 200}
        for name, mean in means.items():
            seeds = {str(s): mean * (1 + 0.01 * spread * (s - 2)) for s in SEEDS}
            rows[model][name] = {"mean": mean, "std": None, "seeds": seeds}
    of_real = {"fid_classifier": {"mean": real, "std": None, "seeds": {}}}
    rows["real"] = {"images": 200, "against": 200, **of_real}
    settings = {
        "data": "digits",
        "protocol": {"neighbours": 3},
        "classifier": {"test_accuracy": 0.9},
    }
    storage.write_json(folder / "metrics/comparison.json", {"settings": settings, "rows": rows})
