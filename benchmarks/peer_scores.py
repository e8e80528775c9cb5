"""What scripts of other projects draw, measured as this project's own models are.

Runs each script as it lies in its project's checkout, unchanged, on one thread and for as many
passes over MNIST as the study's models have; takes the generator from what it leaves in memory and
lets `ganvae score`'s function measure the images against the study's test images. Beside them stand
the study's own models of the same seeds, from `metrics/comparison.json`. A script whose row stands
in `benchmarks/results/peer_scores.json` is not run again. Writes that file and the table in
docs/peers.md.
"""

import argparse
import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import kept
from benchmarks.this_machine import described
from ganvae import use
from ganvae.comparison.columns import column
from ganvae.comparison.compared import COMPARISON, Comparison
from ganvae.comparison.summary import spread
from ganvae.comparison.tables import amount
from ganvae.core import config, storage
from ganvae.errors import UserError, run
from ganvae.jobs import executor

RESULT = Path("benchmarks/results/peer_scores.json")
PAGE = Path("docs/peers.md")
BEGIN, END = kept.begin(RESULT), kept.END
LOCK = Path(".cache/peer_scores.lock")
RAW = Path("data/raw")
METRICS = ("fid_classifier", "class_entropy", "coverage", "recall", "sharpness")
SEEDS = (0, 1, 2)
BATCH = 64  # in which PyTorch-GAN's scripts draw, whose generators take the batch's statistics
Made = Mapping[str, Any]  # what a script leaves: the names of its module


def of_gan(made: Made, count: int) -> Tensor:
    """Images [count, 1, 28, 28] in [-1, 1] of a PyTorch-GAN script, drawn as it draws its own."""
    batches = [
        made["generator"](torch.randn(BATCH, made["opt"].latent_dim))
        for _ in range(-(-count // BATCH))
    ]
    return torch.cat(batches)[:count]


def of_vae(made: Made, count: int) -> Tensor:
    """The same of the VAE of pytorch/examples: its decoder's means, [0, 1] made [-1, 1]."""
    images: Tensor = made["model"].decode(torch.randn(count, made["model"].fc3.in_features))
    return images.view(count, 1, 28, 28) * 2 - 1


@dataclass(frozen=True)
class Recipe:
    """A script of another project.

    Attributes:
        project: the name of its checkout's folder.
        script: its path there.
        data: where it looks for MNIST, from the checkout.
        options: of the command; `{epochs}` and `{seed}` are filled in.
        draw: what it left and a number -> images.
        model: of this project, beside which it stands.
    """

    project: str
    script: str
    data: str
    options: tuple[str, ...]
    draw: Callable[[Made, int], Tensor]
    model: str


def _pytorch_gan(name: str, model: str) -> Recipe:
    script = f"implementations/{name}/{name}.py"
    return Recipe("PyTorch-GAN", script, "data/mnist", ("--n_epochs", "{epochs}"), of_gan, model)


RECIPES = {
    "gan": _pytorch_gan("gan", "gan"),
    "wgan": _pytorch_gan("wgan", "wgan"),
    "wgan_gp": _pytorch_gan("wgan_gp", "wgan"),
    "vae": Recipe(
        "examples",
        "vae/main.py",
        "data",
        ("--epochs", "{epochs}", "--seed", "{seed}", "--no-accel"),
        of_vae,
        "vae",
    ),
}


def main() -> None:
    """Entry point: `python -m benchmarks.peer_scores <folder with the checkouts>`."""
    asked = _arguments()
    epochs = max(1, round(config.load()["train"]["epochs"]))
    for name in asked.recipes:
        if name not in RECIPES:
            raise UserError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    if not RAW.is_dir():
        raise UserError(f"{RAW}: not there; make study makes it")
    todo = [n for n in asked.recipes or RECIPES if n not in kept.read(RESULT)]
    for name in todo:
        commit(asked.folder / RECIPES[name].project)  # or says so before anything is trained
    workers = min(executor.cores(), max(1, len(todo) * len(SEEDS)))
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        found = {
            name: {seed: pool.submit(scored, asked.folder, name, epochs, seed) for seed in SEEDS}
            for name in todo
        }
        for name, of_seeds in found.items():
            row = {
                "commit": commit(asked.folder / RECIPES[name].project),
                "epochs": epochs,
                "seeds": {str(seed): future.result() for seed, future in of_seeds.items()},
                "ours": ours(RECIPES[name].model),
                "machine": described(),
            }
            print("\n".join(lines(name, row)), flush=True)
            kept.add(name, row, result=RESULT, page=PAGE, lock=LOCK, shown=with_table)


def scored(folder: Path, name: str, epochs: int, seed: int) -> dict[str, float]:
    """Runs a recipe in this process, and measures as many of its images as the study's tables."""
    images = drawn(folder, RECIPES[name], epochs, seed, int(config.load()["evaluate"]["images"]))
    metrics = use.score(images).given.metrics
    return {metric: float(f"{metrics[metric]:.6g}") for metric in METRICS}


def drawn(folder: Path, recipe: Recipe, epochs: int, seed: int, count: int) -> Tensor:
    """Images that a recipe's script draws at its end.

    Args:
        folder: with the checkout of its project.
        recipe: the script; it runs in a scratch folder, where it finds MNIST and writes its images.
        epochs: passes over the training images.
        seed: of torch's and numpy's streams.
        count: of images.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    np.random.seed(seed)  # the stream that the scripts draw from
    script, raw = (folder / recipe.project / recipe.script).resolve(), RAW.resolve()
    options = [option.format(epochs=epochs, seed=seed) for option in recipe.options]
    with tempfile.TemporaryDirectory() as scratch, open(os.devnull, "w") as nowhere:
        work = (Path(scratch) / recipe.script).parent
        (work / "results").mkdir(parents=True)
        found = Path(scratch) / recipe.data / "MNIST"
        found.mkdir(parents=True)
        (found / "raw").symlink_to(raw)
        sys.argv = [str(script), *options]
        with contextlib.chdir(work), contextlib.redirect_stdout(nowhere):
            made = runpy.run_path(str(script), run_name="__main__")
            with torch.no_grad():
                return recipe.draw(made, count)


def commit(checkout: Path) -> str:
    """Of a checkout, with `-dirty` where a file was changed. Raises `UserError` without one."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{checkout}: no checkout of it; docs/peers.md has the commands")
    return done.stdout.strip()


def ours(model: str) -> dict[str, dict[str, float]]:
    """The metrics of the study's own trainings of these seeds."""
    row = storage.read_as(COMPARISON, Comparison).rows[model].metrics
    return {
        str(seed): {metric: float(f"{row[metric].seeds[str(seed)]:.6g}") for metric in METRICS}
        for seed in SEEDS
    }


def lines(name: str, row: Mapping[str, Any]) -> list[str]:
    """Two rows of the table: a script, and this project's model beside it."""
    recipe = RECIPES[name]
    heads = (f"{recipe.project}, `{recipe.script}`", f"this project, `{recipe.model}`")
    return [
        f"| {' | '.join([head, *(_spread(seeds, metric) for metric in METRICS)])} |"
        for head, seeds in zip(heads, (row["seeds"], row["ours"]), strict=True)
    ]


def _spread(seeds: Mapping[str, Mapping[str, float]], metric: str) -> str:
    values = {seed: found[metric] for seed, found in seeds.items()}
    return amount(spread(values), column(metric))


def with_table(page: str, made: Mapping[str, Any]) -> str:
    """The page with the table of these recipes in its own's place; each own model once."""
    rows = [each for name in RECIPES if name in made for each in lines(name, made[name])]
    if not rows:
        return kept.with_table(page, BEGIN, ["Not measured yet."])
    heads = ["", *(column(metric).head for metric in METRICS)]
    table = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * len(METRICS)}", *dict.fromkeys(rows)]
    return kept.with_table(page, BEGIN, table)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with the checkouts PyTorch-GAN and examples")
    parser.add_argument("recipes", nargs="*", help="all where none is given")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
