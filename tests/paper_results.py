"""The papers' systems trained for a few steps on the bundled digits, for tests of the reports."""

import importlib
import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from matplotlib.figure import Figure

from ganvae.comparison.compared import COMPARISON
from ganvae.core import config, imageset, storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.data import idx, sources
from ganvae.evaluation import evaluate, parts, status
from ganvae.judging import classifier, judged
from ganvae.models.base import build, systems
from ganvae.papers.ghosh2020 import codes
from ganvae.papers.mi2018 import quantities as of_mi2018
from ganvae.papers.parakatta2023 import sets
from ganvae.papers.shared import claims, page, values, verdicts
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Values
from ganvae.papers.shared.results import Report, Results
from ganvae.training import loop, record, task
from tests import inside, made_experiments
from tests.idx_files import CONVERSION
from tests.project import ROOT

SEEDS = 2  # of a system at most
EPOCHS = 0.1  # five steps of 32 digits
TINY: dict[str, Any] = {
    "budget": 1.0,
    "train": {"batch_size": 32, "checkpoints": [EPOCHS / 2, EPOCHS], "precision": "fp32"},
    "evaluate": {
        "images": 200, "importance_samples": 2, "inversion_images": 10, "inversion_steps": 2,
    },
}  # fmt: skip
SETS = [PAPERS / "data" / name for name in ("mnist", "fashion_mnist")]
JUDGE = classifier.ClassifierParams(architecture="mlp", lr=0.003, batch_size=64, epochs=3, seed=0)
EXPERIMENTS: Mapping[str, Callable[[Path], None]] = {
    "mi2018": made_experiments.mi2018,
    "ghosh2020": made_experiments.ghosh2020,
    "parakatta2023": made_experiments.parakatta2023,
}


@dataclass(frozen=True)
class Drawn:
    """What a report writes, made once for all tests."""

    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, Figure]

    @classmethod
    def of(cls, report: Report) -> "Drawn":
        """Makes it all."""
        tables = {**report.systems, **report.tables}
        return cls(
            {stem: make() for stem, make in tables.items()},
            {stem: draw() for stem, draw in report.figures.items()},
        )


@dataclass(frozen=True)
class Made:
    """A paper's report.

    Attributes:
        folder: the project that it was made in; working directory of whoever reads `results`.
        results: its systems.
        claims: the committed ones.
        values: all that they are judged by.
        report: its tables and figures.
    """

    folder: Path
    results: Results
    claims: Mapping[str, Claim]
    values: Values
    report: Drawn

    def verdicts(self) -> Mapping[str, verdicts.Verdict]:
        """The claims as judged."""
        return verdicts.tell(self.results.paper, self.claims, self.values)


def reports(folder: Path) -> Callable[[str], Made]:
    """Paper -> its report, made in a project in `folder` when it is first asked for."""
    _prepare(folder)

    @cache
    def of(paper: str) -> Made:
        with pytest.MonkeyPatch.context() as patch, inside.little_drawn():
            patch.chdir(folder)
            for module in (of_mi2018, codes):
                patch.setattr(module, "IMAGES", 200)
            for name in systems.of_paper(paper):
                _train(name)
            own, rows = Results(paper), claims.read(paper)
            EXPERIMENTS.get(paper, lambda root: None)(folder)
            if paper == "parakatta2023":
                storage.write_json(COMPARISON, _comparison(own))
            found = values.collect(own, verdicts.needs(paper, rows))
            module = importlib.import_module(f"ganvae.papers.{paper}.report")
            return Made(folder, own, rows, found, Drawn.of(module.report(own, rows)))

    return of


def _prepare(folder: Path) -> None:
    """The papers' parameters and claims, the bundled digits and their judge for all sets."""
    content = config.load(ROOT / PAPERS_FILE)
    for block in content["systems"].values():
        seeds = block.get("train", {}).get(
            "seeds", content["papers"][block["paper"]]["train"]["seeds"]
        )
        block |= config.overlay(block, deepcopy(TINY))
        block["length"] = {"epochs": EPOCHS}
        block["train"]["seeds"] = seeds[:SEEDS]
        options = block.get("networks", {}).get("options", {})
        if options.get("channels") == 128 or options.get("dense_layers") == 2:
            options["channels"] = 8  # of 19 and 84 million weights
    storage.write_text(folder / PAPERS_FILE, yaml.safe_dump(content, sort_keys=False))
    for paper in page.TITLES:
        (folder / PAPERS / paper).mkdir()
        shutil.copy(claims.path(paper, ROOT / PAPERS), claims.path(paper, folder / PAPERS))
    digits, other = (folder / data for data in SETS)
    _digits(digits)
    shutil.copytree(digits, other)  # digits stand for every set of images


def _digits(folder: Path) -> None:
    """The bundled digits and their judge, as the stage `data` leaves them."""
    sources.write_raw(sources.DataParams(name="digits", folder=None, **CONVERSION), folder / "raw")
    read = {}
    for part, stem in (("train", "train"), ("test", "t10k")):
        grey = idx.read_images(folder / "raw" / f"{stem}-images-idx3-ubyte")
        labels = idx.read_labels(folder / "raw" / f"{stem}-labels-idx1-ubyte")
        read[part] = (imageset.dequantise(grey), labels.to(torch.int64))
        tensors = dict(zip(("images", "labels"), read[part], strict=True))
        storage.write_tensors(folder / "processed" / f"{part}.safetensors", tensors)
    judge = classifier.train(*read["train"], JUDGE, imageset.CPU, progress=False, classes=10)
    classifier.save(judge, folder / "classifier" / "weights.safetensors")
    views = {}
    for part, (images, _) in read.items():
        features, probabilities = classifier.classify(judge, images)
        views |= {f"{part}_features": features, f"{part}_probabilities": probabilities}
    storage.write_tensors(folder / "classifier" / "real.safetensors", views)


def _train(name: str) -> None:
    """Trains and measures one system in this process."""
    system = systems.read(name, PAPERS_FILE)
    images, labels = imageset.load(system.data / "processed" / "train.safetensors")
    for seed in system.train.seeds:
        work = system.folder.parent / f"seed_{seed}"
        given = task.build(system.model, system.values, images, labels, seed=seed, folder=work)
        trained = loop.train(
            given, save_seconds=1e9, report=lambda run: None, stopped=lambda: False
        )
        description = build.describe(
            system.model,
            system.networks,
            seed=seed,
            data=system.data_set,
            images_sha256="of the bundled digits",
        )
        record.write(work / "result", trained, description)
        for file in (work / "result").iterdir():
            kind = system.folder / file.stem
            kind.mkdir(parents=True, exist_ok=True)
            shutil.move(file, kind / f"seed_{seed}{file.suffix}")
        shutil.rmtree(work)
    bench = parts.read_bench(system, system.data)
    details, arrays = evaluate.evaluate(bench, system, status.read_statuses(system), progress=False)
    judged.write_results(system.evaluated, details, arrays)


def _comparison(results: Results) -> dict[str, Any]:
    """FashionMNIST's numbers in the place of the main study's."""
    rows = {
        model: {
            "images": 200,
            "against": 200,
            **{
                metric: {"mean": value.mean, "std": value.std, "seeds": value.seeds}
                for metric in sets.METRICS
                if (value := results[f"fashion_{model}"].metric(metric))
            },
        }
        for model in sets.MODELS
    }
    settings = {"data": "mnist", "protocol": {}, "classifier": {"test_accuracy": 0.9}}
    return {"settings": settings, "rows": rows}
