"""What weights a GAN begins with: as torch or as Keras begins, with the same length for both.

mi2018 and battineedi2023 used TensorFlow, whose layers begin with Glorot-uniform weights and biases
of 0, and neither says how its own began. With `networks.initialisation` Adam's epsilon is each
framework's too; all else is as the paper's system has it, but for its block here. Writes

- `seeds.csv`, a row per initialisation and seed, and `course.csv`, one per snapshot of 2,000
  images: `system`, `initialisation`, `seed`, `step`, `class_entropy` (nats), `digit` that most
  images are read as and its `share` of them, `deviation`: the standard deviation over the images,
  root mean square over the pixels, on [0, 1] (0: every image is the same);
- in `seeds.csv` also `state` (finished | diverged), `collapsed` and `fid_classifier`, of as many
  images as the block `evaluate` says; a seed whose images are not finite has diverged;
- `samples.png`: the first images of every seed's last snapshots.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from matplotlib.figure import Figure
from pydantic import Field
from torch import Tensor

from ganvae.core import config
from ganvae.core.config import PAPERS, PAPERS_FILE, Block, overlay
from ganvae.core.imageset import dequantise
from ganvae.errors import ParameterError, parameters_of
from ganvae.evaluation import parts
from ganvae.evaluation.parts import Bench
from ganvae.evaluation.sampling import sample
from ganvae.evaluation.timeline import fewest_classes, is_collapsed
from ganvae.experiments.shared import trainings
from ganvae.experiments.shared.experiment import write_table
from ganvae.figures import style
from ganvae.jobs.executor import Job
from ganvae.jobs.threads import side_by_side
from ganvae.judging.classifier import classify
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.models.base import systems
from ganvae.models.base.contract import PositiveFloat
from ganvae.models.base.snapshots import read_snapshots
from ganvae.models.base.systems import System
from ganvae.networks.layers.initialisation import Initialisation

INITIALISATIONS: tuple[Initialisation, ...] = get_args(Initialisation)
SETTING = ["system", "initialisation", "seed"]
DRAWN = ["class_entropy", "digit", "share", "deviation"]
COURSE = [*SETTING, "step", *DRAWN]
SEEDS = [*SETTING, "state", "step", "collapsed", *DRAWN, "fid_classifier"]
ROWS, COLUMNS = 5, 10  # of a seed's panel: snapshots, and images of each
DPI = 110

Row = dict[str, Any]
Measured = tuple[Row, list[Row], Mapping[str, Tensor]]  # of a seed, of its snapshots; these
Plans = Mapping[Initialisation, System]


class Params(Block):
    """One paper's block.

    Attributes:
        system: a key of `systems`.
        epochs: of every training; the system's own length may change without them.
        train: other keys of the system's block `train`, laid over it.
    """

    system: str
    epochs: PositiveFloat
    train: dict[str, Any] = Field(default_factory=dict)


def folder(paper: str) -> Path:
    """Where the tables and the figure of a paper lie, kept by Git."""
    return PAPERS / paper / "initial_weights"


def read(paper: str) -> Plans:
    """The paper's system by its initialisation.

    Raises:
        UserError: no such block, one that does not fit its schema, or a system of another paper or
            on other images than MNIST's, which the stage does not depend on.
    """
    where = f"initial weights of {paper}: "
    with parameters_of(PAPERS_FILE, where):
        params = config.block(Params, config.load(PAPERS_FILE), f"initial_weights.{paper}")
    system = systems.read(params.system, PAPERS_FILE)
    with parameters_of(PAPERS_FILE, where):
        if not system.block or (system.block.paper, system.block.data) != (paper, "mnist"):
            key = f"initial_weights.{paper}.system"
            raise ParameterError(f"{key} = {params.system!r}: allowed: one of {paper}, on mnist")
        train = {"train": {**params.train, "epochs": params.epochs}}
        values = overlay(dict(system.values), train)
        plans = {
            name: replace(system, values=overlay(values, {"networks": {"initialisation": name}}))
            for name in INITIALISATIONS
        }
        plans["torch"].check()
    return plans


def run(plans: Plans, written: Path) -> None:
    """Trains every seed with each initialisation, and measures them.

    Args:
        plans: of one system, as `read` returns them.
        written: the folder for the tables and the figure.

    Raises:
        UserError: a file is missing or damaged.
    """
    plan = plans["torch"]
    bench = parts.read_bench(plan, plan.data)
    _ = bench.real.frechet  # once, not in every thread
    with trainings.trained(plans) as jobs:
        found = side_by_side(
            [
                partial(_measured, bench, plans[name], job, {"initialisation": name, "seed": seed})
                for name, of_name in jobs.items()
                for seed, job in of_name.items()
            ],
            "measure",
            progress=False,
        )
    write_table(written / "seeds.csv", [row for row, _, _ in found], SEEDS)
    write_table(written / "course.csv", [row for _, rows, _ in found for row in rows], COURSE)
    (written / "samples.png").write_bytes(style.to_png(_figure(found)))


def _measured(bench: Bench, plan: System, job: Job, setting: Row) -> Measured:
    own = {"system": plan.name, **setting}
    snapshots = read_snapshots(job.result / "snapshots.safetensors")
    pairs = zip(snapshots["steps"].tolist(), snapshots["images"], strict=True)
    course = [
        {**own, "step": step, **drawn(bench, dequantise(images))[0]} for step, images in pairs
    ]
    row = {**own, "step": trainings.status(job).step}
    networks = trainings.load(plan, job, setting["seed"])
    if networks is None:
        return {**row, "state": "diverged"}, course, snapshots
    latent_dim, count = plan.networks.latent_dim, bench.params.images
    try:
        images = sample(networks["decoder"], latent_dim, count, setting["seed"])
    except FloatingPointError:  # it finished, but with networks whose images are not finite
        return {**row, "state": "diverged"}, course, snapshots
    ends, features = drawn(bench, images)
    fewest = fewest_classes(bench.real, bench.params.collapse_share)
    measured = {
        "state": "finished",
        "collapsed": is_collapsed(ends["class_entropy"], fewest),
        "fid_classifier": bench.real.frechet.distance(features),
    }
    return {**row, **ends, **measured}, course, snapshots


def drawn(bench: Bench, images: Tensor) -> tuple[Row, Tensor]:
    """What images [N, 1, 28, 28] in [-1, 1] show, `DRAWN`, and their features [N, D]."""
    features, probabilities = classify(bench.classifier, images)
    histogram = class_histogram(probabilities)
    variance = (images.double() / 2).var(dim=0, correction=0).mean()
    found = {
        "class_entropy": class_entropy(histogram),
        "digit": int(histogram.argmax()),
        "share": float(histogram.max() / histogram.sum()),
        "deviation": float(variance.sqrt()),
    }
    return found, features


def _figure(found: list[Measured]) -> Figure:
    """A row of panels per seed, a column for each initialisation; in a panel the same noise."""
    title = f"{found[0][0]['system']}: images after so many steps, by how the weights began"
    figure, axes = style.panels(len(found), 2.5, DPI, title, len(INITIALISATIONS))
    seeds = len(found) // len(INITIALISATIONS)
    beside = [found[i + k * seeds] for i in range(seeds) for k in range(len(INITIALISATIONS))]
    for ax, (row, _, snapshots) in zip(axes, beside, strict=True):
        ended = "" if row["state"] == "finished" else ", diverged"
        style.heading(ax, row["initialisation"], f"seed {row['seed']}{ended}", style.REAL_COLOUR)
        images, steps = (snapshots[name][-ROWS:].numpy() for name in ("images", "steps"))
        if not len(steps):
            style.say(ax, "no snapshot")
            continue
        rows = images[:, :COLUMNS].reshape(-1, *images.shape[2:])
        ax.imshow(style.shown(rows, COLUMNS), cmap="gray", vmin=0, vmax=255)
        places = [29 * i + 15 for i in range(len(steps))]
        ax.set_yticks(places, [f"{step:,}" for step in steps], fontsize=style.SMALL)
        ax.tick_params(axis="y", length=0)
        ax.set_xticks([])
    return figure
