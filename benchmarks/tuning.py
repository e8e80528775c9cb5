"""How the five models' settings were chosen: trials of equal processor time on held-out images.

Reads MNIST's four IDX files from a folder, params.yaml and `benchmarks/tuning.yaml`, whose trials
are laid over params.yaml. Trains on the first 50,000 training images, with one seed and a learning
rate that falls at the end as params.yaml says, for as many steps as fit into the seconds; measures
against the last 10,000 by a judge that was trained on the 50,000. The test images play no part.
Adds each trial to `benchmarks/results/tuning.json` and to the table in docs/tuning.md; one that
stands there is not made again. Two of these commands with different trials may run side by side,
each on a core.
"""

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmarks import kept, mnist
from benchmarks.this_machine import described
from ganvae.comparison.tables import NONE
from ganvae.core import config, machine
from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise
from ganvae.errors import UserError, run
from ganvae.evaluation import encoding, mixture
from ganvae.evaluation.sampling import images_of, sample
from ganvae.judging import classifier
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.frechet_distance import frechet_distance
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness
from ganvae.training import loop, task

TRIALS = Path("benchmarks/tuning.yaml")
RESULT = Path("benchmarks/results/tuning.json")
PAGE = Path("docs/tuning.md")
BEGIN, END = kept.begin(RESULT), kept.END
# what a trial's row shows: a field of the file, its head, its format
COLUMNS = (
    ("epochs", "epochs", ".1f"),
    ("fid_classifier", "FID", ".0f"),
    ("fid_mixture", "FID, mixture", ".0f"),
    ("class_entropy", "class entropy", ".3f"),
    ("sharpness", "sharpness", ".2f"),
    ("negative_elbo", "-ELBO", ".2f"),
)
JUDGE = Path(".cache/tuning_judge.safetensors")
LOCK = Path(".cache/tuning.lock")
HELD_OUT = 10_000
COMPONENTS = 10  # of the mixture of codes
TIMED = 60  # steps, for how many fit


@dataclass(frozen=True)
class Setting:
    """What the trials share: images [N, 1, 28, 28], their labels [N], and the judge."""

    train: Tensor
    labels: Tensor
    held_out: Tensor
    features: Tensor
    judge: classifier.Classifier


def main() -> None:
    """Entry point: `python -m benchmarks.tuning <folder>`."""
    arguments = _arguments()
    machine.use_one_thread()
    trials = config.load(TRIALS)
    names = arguments.trials or list(trials)
    setting = read(arguments.folder)
    for name in names:
        if name not in trials:
            raise UserError(f"{TRIALS}: no trial {name!r}; there are: {', '.join(trials)}")
        if name not in kept.read(RESULT):
            found = trial(setting, trials[name], arguments.seconds)
            print(f"{name}: {found}", flush=True)
            row = {**trials[name], **found, "machine": described()}
            kept.add(name, row, result=RESULT, page=PAGE, lock=LOCK, shown=with_table)


def trial(setting: Setting, given: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Trains one model and measures it.

    Args:
        setting: what all trials share.
        given: `model`, and `over`, which is laid over params.yaml.
        seconds: of one core, for the training.
    """
    values = config.overlay(config.load(), given["over"])
    return trained(
        setting, given["model"], values, fitting(setting, given["model"], values, seconds)
    )


def trained(setting: Setting, model: str, values: dict[str, Any], epochs: float) -> dict[str, Any]:
    """What becomes of one model by these parameters in so many epochs; seconds are of a core."""
    values = config.overlay(values, {"train": {"epochs": epochs}})
    with tempfile.TemporaryDirectory() as folder:
        described = _task(setting, model, values, Path(folder))
        run = loop.train(
            described, save_seconds=1e9, report=lambda run: None, stopped=lambda: False
        )
    found = {"seconds": round(run.seconds, 3), "epochs": round(epochs, 2)}
    if run.diverged:
        return {**found, "diverged": run.diverged.step}
    networks = described.networks
    networks.load_state_dict(run.weights())
    networks.eval().requires_grad_(False)
    return {**found, **_measured(setting, networks, described.latent_dim, values, model)}


def _measured(
    setting: Setting, networks: Any, latent_dim: int, values: Mapping[str, Any], model: str
) -> dict[str, float]:
    images = sample(networks["decoder"], latent_dim, HELD_OUT, seed=0)
    features, probabilities = classifier.classify(setting.judge, images)
    found = {
        "fid_classifier": frechet_distance(setting.features, features),
        "class_entropy": class_entropy(class_histogram(probabilities)),
        "sharpness": float(sharpness(images, mean_laplacian_variance(setting.held_out)).mean()),
    }
    if "encoder" in networks:
        likelihood = values["models"][model]["likelihood"]
        coded = encoding.encode(networks, setting.held_out, likelihood, 0, importance=1)
        found["negative_elbo"] = coded.metrics["negative_elbo"]
        codes = mixture.codes(networks["encoder"], setting.train)
        z = mixture.fit(codes, COMPONENTS, 0).sample(HELD_OUT, Noise(0, CPU))
        drawn, _ = classifier.classify(setting.judge, images_of(networks["decoder"], z))
        found["fid_mixture"] = frechet_distance(setting.features, drawn)
    return {name: float(f"{value:.5g}") for name, value in found.items()}


def fitting(setting: Setting, model: str, values: Mapping[str, Any], seconds: float) -> float:
    """Epochs that take so many seconds, by the time of some steps."""
    timed = loop.Run(_task(setting, model, values, Path("unused")))
    timed.task.networks.train()
    for _ in range(TIMED // 3):  # warm
        timed.step()
    with timed.timed():
        for _ in range(TIMED):
            timed.step()
    return seconds / timed.seconds * TIMED / timed.task.steps_per_epoch


def _task(setting: Setting, model: str, values: Mapping[str, Any], folder: Path) -> task.Task:
    return task.build(model, values, setting.train, setting.labels, seed=0, folder=folder)


def read(folder: Path) -> Setting:
    """MNIST's images from a folder, and the judge, trained where there is none yet."""
    images, labels = mnist.read(folder)["train"]
    train, held_out = images[:-HELD_OUT], images[-HELD_OUT:]
    if not JUDGE.exists():
        judge = mnist.judge(train, labels[:-HELD_OUT])
        print(f"judge: {classifier.accuracy(judge, held_out, labels[-HELD_OUT:]):.4f}", flush=True)
        classifier.save(judge, JUDGE)
    judge = classifier.load(JUDGE, CPU)
    features, _ = classifier.classify(judge, held_out)
    return Setting(train, labels[:-HELD_OUT], held_out, features, judge)


def with_table(page: str, made: Mapping[str, Any]) -> str:
    """The page with the table of these trials, in the order of their file, in its own's place."""
    order = [name for name in config.load(TRIALS) if name in made]
    heads = ["trial", *(head for _, head, _ in COLUMNS)]
    rows = [heads, ["---", *["--:"] * len(COLUMNS)]]
    rows += [[name, *_cells(made[name])] for name in order]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return kept.with_table(page, BEGIN, lines)


def _cells(found: Mapping[str, Any]) -> list[str]:
    if "diverged" in found:
        return ["diverged", *[NONE] * (len(COLUMNS) - 1)]
    return [format(found[key], form) if key in found else NONE for key, _, form in COLUMNS]


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with MNIST's four IDX files")
    parser.add_argument("trials", nargs="*", help="names in the file; all where none is given")
    parser.add_argument("--seconds", type=float, default=120.0, help="of one core, for a training")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
