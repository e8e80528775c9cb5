"""What weights a GAN begins with: torch's or Keras's, all else as its paper's system has it.

mi2018 and battineedi2023 used TensorFlow, whose layers begin with Glorot-uniform weights and biases
of 0 (`networks.initialisation`), and neither says more. Writes

- `seeds.csv`, a row per start and seed, and `course.csv`, one per snapshot of 2,000 images:
  `initialisation`, `seed`, `step`, `class_entropy` (nats), `digit` that most images are read as and
  its `share` of them, `deviation`: the standard deviation over the images, root mean square over
  the pixels, on [0, 1] (0: every image is the same);
- in `seeds.csv` also `state` (finished | diverged), `collapsed` and `fid_classifier`, of as many
  images as the block `evaluate` says;
- `samples.png`: the first images of every seed.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from pydantic import Field
from torch import Tensor

from ganvae.core.config import PAPERS, PAPERS_FILE, Block, overlay
from ganvae.core.imageset import dequantise, quantise
from ganvae.errors import ParameterError
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
from ganvae.models.base.snapshots import read_snapshots
from ganvae.models.base.systems import System
from ganvae.networks.layers.initialisation import ADAM_EPSILON

STARTS = tuple(ADAM_EPSILON)
DRAWN = ["class_entropy", "digit", "share", "deviation"]
COURSE = ["initialisation", "seed", "step", *DRAWN]
SEEDS = ["initialisation", "seed", "state", "step", "collapsed", *DRAWN, "fid_classifier"]
SHOWN, COLUMNS = 20, 10  # images of a seed, and of them in a row
DPI = 110

Row = dict[str, Any]


class Params(Block):
    """One paper's block.

    Attributes:
        system: a key of `systems`.
        train: laid over its block `train`, with the length in `epochs`.
    """

    system: str
    train: dict[str, Any] = Field(default_factory=dict)


def folder(paper: str) -> Path:
    """Where the tables and the figure of a paper lie, kept by Git."""
    return PAPERS / paper / "initial_weights"


def plans(params: Params) -> dict[str, System]:
    """The system by its start. Raises `UserError` for a block that does not fit its schema."""
    system = systems.read(params.system, PAPERS_FILE)
    if "epochs" not in params.train:
        raise ParameterError("train.epochs: missing")
    values = overlay(dict(system.values), {"train": params.train})
    return {
        start: replace(system, values=overlay(values, {"networks": {"initialisation": start}}))
        for start in STARTS
    }


def run(params: Params, written: Path) -> None:
    """Trains every seed with both starts, and measures them.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged.
    """
    by_start = plans(params)
    bench = parts.read_bench(by_start[STARTS[0]], by_start[STARTS[0]].data)
    _ = bench.real.frechet  # once, not in every thread
    with trainings.trained(by_start) as jobs:
        found = side_by_side(
            [
                partial(_measured, bench, by_start[start], job, start, seed)
                for start, of_start in jobs.items()
                for seed, job in of_start.items()
            ],
            "measure",
            progress=False,
        )
    write_table(written / "seeds.csv", [row for row, _, _ in found], SEEDS)
    write_table(written / "course.csv", [row for _, rows, _ in found for row in rows], COURSE)
    shown = {f"{row['initialisation']}, seed {row['seed']}": images for row, _, images in found}
    (written / "samples.png").write_bytes(style.to_png(_figure(params.system, shown)))


def _measured(
    bench: Bench, plan: System, job: Job, start: str, seed: int
) -> tuple[Row, list[Row], Tensor | None]:
    """A seed's row, the rows of its course, and its first images; none if it diverged."""
    own = {"initialisation": start, "seed": seed}
    snapshots = read_snapshots(job.result / "snapshots.safetensors")
    pairs = zip(snapshots["steps"].tolist(), snapshots["images"], strict=True)
    course = [
        {**own, "step": step, **drawn(bench, dequantise(images))[0]} for step, images in pairs
    ]
    status = trainings.status(job)
    row = {**own, "state": status.state, "step": status.step}
    networks = trainings.load(plan, job, seed)
    if networks is None:
        return row, course, None
    images = sample(networks["decoder"], plan.networks.latent_dim, bench.params.images, seed)
    ends, features = drawn(bench, images)
    fewest = fewest_classes(bench.real, bench.params.collapse_share)
    row |= ends | {
        "collapsed": is_collapsed(ends["class_entropy"], fewest),
        "fid_classifier": bench.real.frechet.distance(features),
    }
    return row, course, quantise(images[:SHOWN])


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


def _figure(system: str, shown: Mapping[str, Tensor | None]) -> Figure:
    """A panel per start and seed: a column for each start."""
    names = list(shown)
    beside = [name for row in zip(*_columns(names), strict=True) for name in row]
    title = f"{system}: weights that begin as torch draws them, and as Keras does"
    figure, axes = style.panels(len(beside), 1.25, DPI, title, len(STARTS))
    for ax, name in zip(axes, beside, strict=True):
        images = shown[name]
        style.heading(ax, name, "", style.REAL_COLOUR)
        if images is None:
            style.say(ax, "diverged")
            continue
        ax.imshow(style.shown(images.numpy(), COLUMNS), cmap="gray", vmin=0, vmax=255)
        ax.set_axis_off()
    return figure


def _columns(names: list[str]) -> list[list[str]]:
    seeds = len(names) // len(STARTS)
    return [names[i * seeds : (i + 1) * seeds] for i in range(len(STARTS))]
