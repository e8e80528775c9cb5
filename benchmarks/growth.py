"""How a training's time and memory grow: images, batch size, width, trainings at once.

The GAN on the `wide` networks, one thread per process, in float32. Writes
`benchmarks/results/growth.csv` and `growth.png`; docs/performance.md reads them.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from torch import nn

from benchmarks.peers import assembled
from benchmarks.processes import (
    WARM_UP_SECONDS,
    asked,
    forget_peak,
    peak,
    received,
    started,
    window,
)
from benchmarks.this_machine import linux_only, positive
from benchmarks.worker import endless, random_images
from ganvae.core import config, machine, storage
from ganvae.core.matmul import Linear
from ganvae.errors import run
from ganvae.figures import style
from ganvae.jobs import executor
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams

CSV = Path("benchmarks/results/growth.csv")
PNG = CSV.with_suffix(".png")
LATENT = 32
AXES = {
    "images": (1000, 3000, 10000, 30000, 60000),
    "batch_size": (16, 32, 64, 128, 256, 512, 1024),
    "width": (0.25, 0.5, 1.0, 2.0, 4.0),
    "trainings": (1, 2, 3, 4),
}
TITLES = {
    "images": "training images",
    "batch_size": "batch size",
    "width": "hidden units, relative",
    "trainings": "trainings at once",
}
LABELS = {"epoch_seconds": "s / epoch", "images_per_second": "images / s", "mib": "MiB"}


@dataclass(frozen=True)
class Point:
    """What is trained.

    Attributes:
        images: in the training set.
        batch_size: images per step.
        width: hidden units relative to `wide`.
        trainings: as many at once, each in its own process.
    """

    images: int = 60000
    batch_size: int = 128
    width: float = 1.0
    trainings: int = 1


def main() -> None:
    """Entry point: `python -m benchmarks.growth`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a measurement")
    seconds = parser.parse_args().seconds
    positive(parser, seconds=seconds)
    linux_only("benchmarks.growth")
    found = []
    for axis, numbers in AXES.items():
        for number in numbers:
            point = replace(Point(), **{axis: number})  # type: ignore[arg-type]
            found.append({"axis": axis, **asdict(point), **measured(point, seconds)})
            print(found[-1], flush=True)
    table = pd.DataFrame(found)
    storage.write_text(CSV, table.to_csv(index=False, float_format="%.5g", lineterminator="\n"))
    with style.defaults():
        storage.write_bytes(PNG, style.to_png(figure(table)))


def measured(point: Point, seconds: float) -> dict[str, float]:
    """Images per second of all trainings, seconds of an epoch, and the MiB of all processes.

    Memory is what they take at most above what they have after the imports.
    """
    with started(_serve, [(point,)] * point.trainings) as pipes:
        for pipe in pipes:
            received(pipe)  # all are warm
        windows = asked(pipes, seconds)
    rate = sum(rate for rate, _ in windows)
    return {
        "images_per_second": rate,
        "epoch_seconds": point.images * point.trainings / rate,
        "mib": sum(mib for _, mib in windows),
    }


def _serve(point: Point, pipe: Connection) -> None:
    machine.use_one_thread()
    before = forget_peak()
    loop = steps(point)
    window(loop, point.batch_size, WARM_UP_SECONDS)
    pipe.send("ready")
    rate = window(loop, point.batch_size, pipe.recv()).rate
    pipe.send((rate, peak() - before))


def steps(point: Point) -> Iterator[None]:
    """The training, one batch per `next`, without end."""
    settings = config.load()
    train = {
        **settings["train"],
        "lr_decay": 0.0,
        "epochs": 100000,  # longer than any measurement
        "batch_size": point.batch_size,
    }
    described = assembled(
        "gan", scaled(point.width), settings["models"]["gan"], random_images(point.images),
        latent_dim=LATENT, train=train,
    )  # fmt: skip
    return endless("gan", described)


def scaled(width: float) -> nn.ModuleDict:
    """The networks of a GAN on `wide` with so many times its hidden units."""
    ends = {LATENT, 784, 1}

    def times(units: int) -> int:
        return units if units in ends else round(width * units)

    built = build.create("gan", NetworksParams(architecture="wide", latent_dim=LATENT), seed=0)
    for network in built.values():
        assert isinstance(network, nn.Sequential)
        for place, layer in enumerate(network):
            if isinstance(layer, Linear):
                network[place] = Linear(times(layer.in_features), times(layer.out_features))
            elif isinstance(layer, nn.BatchNorm1d):
                network[place] = nn.BatchNorm1d(times(layer.num_features))
    return built


def figure(table: pd.DataFrame) -> Figure:
    """Speed above memory, a column for each quantity; where it were linear, a dashed line."""
    drawn, axes = style.panels(
        2 * len(AXES),
        2.2,
        100,
        f"Growth of a GAN training on {executor.cores()} cores, one thread per process",
        columns=len(AXES),
    )
    for column, axis in enumerate(AXES):
        rows = table[table["axis"] == axis]
        speed = "epoch_seconds" if axis == "images" else "images_per_second"
        for ax, what in ((axes[column], speed), (axes[column + len(AXES)], "mib")):
            _panel(ax, rows[axis].tolist(), rows[what].tolist(), what)
        axes[column].set_title(TITLES[axis], fontsize=style.SMALL)
    return drawn


def _panel(ax: Axes, numbers: list[float], heights: list[float], what: str) -> None:
    ax.plot(numbers, heights, marker="o", markersize=4, color=style.PALETTE[0])
    if what == "epoch_seconds":
        linear = [heights[-1] * number / numbers[-1] for number in numbers]
        ax.plot(numbers, linear, "--", color="dimgrey", linewidth=1)
    if len(numbers) > 4 and numbers[-1] <= 1024:  # each twice the one before
        ax.set_xscale("log", base=2)
        numbers = numbers[::2]
    if numbers[-1] <= 1024:
        ax.set_xticks(numbers, [f"{number:g}" for number in numbers])
    else:
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.minorticks_off()
    ax.set_ylim(0, 1.08 * max(heights))
    ax.set_ylabel(LABELS[what], fontsize=style.SMALL)
    ax.grid(alpha=0.3)


if __name__ == "__main__":
    run(main)
