"""A paper's systems trained for a few steps on the bundled digits, for the tests of its report."""

import shutil
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml

from ganvae.core import config, imageset, storage
from ganvae.data import idx, sources
from ganvae.evaluation import evaluate, parts, status
from ganvae.judging import classifier, judged
from ganvae.models.base import snapshots
from ganvae.papers import systems
from ganvae.training import loop, record, task
from tests import project

SNAPSHOT_IMAGES = 50
EPOCHS = 0.1  # five steps of 32 digits
TINY: dict[str, Any] = {
    "budget": 1.0,
    "train": {"batch_size": 32, "checkpoints": [EPOCHS / 2, EPOCHS], "precision": "fp32"},
    "evaluate": {
        "images": 200, "importance_samples": 2, "inversion_images": 10, "inversion_steps": 2,
    },
}  # fmt: skip
SETS = [Path("data/papers") / name for name in ("mnist", "fashion_mnist")]
JUDGE = classifier.ClassifierParams(architecture="mlp", lr=0.003, batch_size=64, epochs=3, seed=0)


def make(folder: Path, paper: str, seeds: int = 2) -> Path:
    """A project with everything below data/papers/<paper>/ that its systems leave.

    Args:
        folder: for the project; run the report with it as working directory.
        paper: a key of `papers`.
        seeds: at most so many of each system.
    """
    made = project.make(folder, {})
    digits, other = (made / folder for folder in SETS)
    _prepare(digits)
    shutil.copytree(digits, other)  # digits stand for every set of images
    content = config.load(project.ROOT / systems.FILE)
    for block in content["systems"].values():
        own = block.get("train", {}).get(
            "seeds", content["papers"][block["paper"]]["train"]["seeds"]
        )
        block |= config.overlay(block, deepcopy(TINY))
        block["length"] = {"epochs": EPOCHS}
        block["train"]["seeds"] = own[:seeds]
        options = block.get("networks", {}).get("options", {})
        if options.get("channels") == 128 or options.get("dense_layers") == 2:
            options["channels"] = 8  # of 19 and 84 million weights
    storage.write_text(made / systems.FILE, yaml.safe_dump(content, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:  # images that no report shows
        patch.setattr(snapshots, "IMAGES", SNAPSHOT_IMAGES)
        patch.setattr(results, "SAMPLED", 10)
        patch.setattr(results, "SAMPLING_SECONDS", 1e-9)
        for name in systems.of_paper(paper, made / systems.FILE):
            _train(made, name)
    return made


def names(paper: str) -> list[str]:
    """The paper's systems as committed."""
    return systems.of_paper(paper, project.ROOT / systems.FILE)


def _prepare(folder: Path) -> None:
    """The bundled digits and their judge, as the stage `data` leaves them."""
    sources.write_raw(sources.DataParams(name="digits", folder=None), folder / "raw")
    read = {}
    for part, stem in (("train", "train"), ("test", "t10k")):
        grey = idx.read_images(folder / "raw" / f"{stem}-images-idx3-ubyte")
        labels = idx.read_labels(folder / "raw" / f"{stem}-labels-idx1-ubyte")
        read[part] = (imageset.dequantise(grey), labels.to(torch.int64))
        tensors = dict(zip(("images", "labels"), read[part], strict=True))
        storage.write_tensors(folder / "processed" / f"{part}.safetensors", tensors)
    judge = classifier.train(*read["train"], JUDGE, imageset.CPU, progress=False)
    classifier.save(judge, folder / "classifier" / "weights.safetensors")
    views = {}
    for part, (images, _) in read.items():
        features, probabilities = classifier.classify(judge, images)
        views |= {f"{part}_features": features, f"{part}_probabilities": probabilities}
    storage.write_tensors(folder / "classifier" / "real.safetensors", views)


def _train(made: Path, name: str) -> None:
    """Trains and measures one system in this process."""
    system, values = systems.read(name, made / systems.FILE)
    folder = made / systems.folder(system, name)
    images, labels = imageset.load(made / system.root / "processed" / "train.safetensors")
    for seed in values["train"]["seeds"]:
        work = folder / f"seed_{seed}"
        given = task.build(system.model, values, images, labels, seed=seed, folder=work)
        outcome = loop.train(
            given, save_seconds=1e9, report=lambda run: None, stopped=lambda: False
        )
        record.write(work / "result", given, outcome)
        for file in (work / "result").iterdir():
            kind = folder / "trained" / file.stem
            kind.mkdir(parents=True, exist_ok=True)
            shutil.move(file, kind / f"seed_{seed}{file.suffix}")
        shutil.rmtree(work)
    bench = parts.read_bench(system.model, values, made / system.root)
    statuses = status.read_statuses(folder / "trained", values["train"]["seeds"])
    details, arrays = evaluate.evaluate(bench, folder / "trained", statuses, progress=False)
    judged.write_results(folder / "evaluated", details, arrays)


def of_length(budget: float) -> Any:
    """Stands for a `Result` of which a rule sees the trained share of the published length."""
    return SimpleNamespace(system=SimpleNamespace(budget=budget))
