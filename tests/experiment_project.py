"""A small project with tiny experiments on the bundled digits."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ganvae.core import config, storage
from ganvae.experiments.shared.experiment import SECTIONS
from ganvae.models.base.systems import PAPERS, PAPERS_FILE
from stages import experiment, train_classifier
from tests import inside, project
from tests.project import ROOT

PARAMS = config.load(ROOT / PAPERS_FILE)
EXPERIMENTS: dict[str, dict[str, Any]] = {**PARAMS["experiments"], **PARAMS["maps"]}
TRAIN = {"batch_size": 64, "epochs": 0.5, "seeds": [0]}
TINY_MAP = {"latent_dim": 4, "train": TRAIN, "images": 200}
TINY: Mapping[str, dict[str, Any]] = {
    "mi2018_two_layer_classifier": {"epochs": 2, "seeds": [3, 1]},
    "mi2018_map": TINY_MAP,
    "mi2018_map_options": TINY_MAP,
    "mi2018_map_wide": TINY_MAP,
    "ghosh2020_augmentation": {
        "real_images": [64],
        "seeds": [2],
        "gan": {"latent_dim": 4, "generator_updates": 3},
        "classifier": {"updates": 10, "batch_size": 32},
    },
    "parakatta2023_anomaly": {
        "latent_dim": 4,
        "train": {**TRAIN, "epochs": 5.0},
        "left_out": [6],
        "posterior_samples": 2,
    },
    "parakatta2023_anomaly_other_set": {
        "latent_dim": 4,
        "train": {**TRAIN, "epochs": 5.0},
        "posterior_samples": 1,
    },
    "parakatta2023_compression": {"train": TRAIN, "code_sizes": [4], "qualities": [5, 95]},
    "parakatta2023_noise_removal": {
        "latent_dim": 4,
        "train": TRAIN,
        "train_noise": [0.5],
        "noise": [0.2, 1.0],
        "windows": [3],
    },
}


def make(folder: Path, classifier_epochs: int = 1) -> Path:
    """A project with its own and the papers' images and classifier, and another set of images."""
    made = project.make(folder, {"classifier": {"epochs": classifier_epochs}})
    inside.call(inside.prepared(made), train_classifier.main)
    for kind in ("processed", "classifier"):
        shutil.copytree(made / "data" / kind, made / PAPERS / "data" / "mnist" / kind)
    for split in ("train", "test"):
        tensors = storage.read_tensors(made / "data" / "processed" / f"{split}.safetensors")
        tensors["images"] = -tensors["images"]
        other = made / PAPERS / "data" / "other" / "processed" / f"{split}.safetensors"
        storage.write_tensors(other, tensors)
    write(made, {name: {} for name in TINY})
    return made


def write(folder: Path, changes: Mapping[str, dict[str, Any]]) -> None:
    """Writes papers/params.yaml with these experiments, `changes` laid over TINY's parameters."""
    content: dict[str, Any] = {"papers": {block["paper"]: {} for block in EXPERIMENTS.values()}}
    for name, change in changes.items():
        block = EXPERIMENTS[name]
        params = config.overlay(config.overlay(block["params"], TINY[name]), change)
        data = block["data"].replace("fashion_mnist", "other")
        section = next(s for s in SECTIONS if name in PARAMS[s])
        content.setdefault(section, {})[name] = {**block, "data": data, "params": params}
    storage.write_text(folder / PAPERS_FILE, yaml.safe_dump(content, sort_keys=False))


def result(folder: Path, name: str) -> Path:
    """Where an experiment's results lie."""
    paper = EXPERIMENTS[name]["paper"]
    kept_by_git = name in PARAMS["maps"]
    return folder / PAPERS / (f"{paper}/maps" if kept_by_git else f"data/{paper}") / name


def scratch(folder: Path) -> list[Path]:
    """What a command has left half-written."""
    return list((folder / PAPERS).rglob(".*.tmp"))


def run(folder: Path, name: str) -> Path:
    """Runs an experiment for real; its results."""
    with inside.little_drawn():
        inside.whole(folder, experiment.main, name)
    assert not list(folder.glob(".cache/runs/*/")), "collected jobs leave no folder"
    assert not scratch(folder), "nor anything else"
    return result(folder, name)
