"""Figure of quality against what it costs: time, images, parameters, operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

from ganvae.figures import style

TICKS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h"}
EARLIEST = 0.001  # of the shortest training
Point = tuple[float, float]


@dataclass(frozen=True)
class Cost:
    """One model.

    Attributes:
        name: the model.
        course: one row per snapshot: columns train_seconds, images_seen and fid_classifier, the
            last as mean, low and high over the seeds.
        parameters: number of parameters.
        flops: floating-point operations of the whole training; None where they were not counted.
        final: (mean, standard deviation) of the distance of the final images.
    """

    name: str
    course: pd.DataFrame
    parameters: float
    flops: float | None
    final: Point


def budget(
    shown: Sequence[Cost], snapshot_images: int, images: int, colours: Mapping[str, str], dpi: int
) -> Figure:
    """Distance along training against time and images; at the end against size and operations.

    Args:
        shown: models with a finished seed.
        snapshot_images: behind each distance along training.
        images: behind each final distance.
        colours: by model.
        dpi: resolution.
    """
    drawn, axes = style.panels(4, 2.9, dpi, "What the same budget buys: FID, classifier", 2)
    if not shown:
        for ax in axes:
            style.say(ax, "every seed diverged")
        return drawn
    seconds, seen, size, flops = axes
    for model in shown:
        colour = colours[model.name]
        _course(seconds, model, "train_seconds", colour)
        _course(seen, model, "images_seen", colour)
        _final(size, model.parameters, model.final, colour)
        if model.flops is not None:
            _final(flops, model.flops, model.final, colour)
    _times(seconds, shown, colours)
    for ax in (seconds, seen):
        title = f"FID of {snapshot_images:,} images, along training"
        ax.set_title(title, fontsize=style.NORMAL)
        style.log_ticks(ax)
    seen.set_xscale("log")
    seen.xaxis.set_major_formatter(EngFormatter(sep=""))
    seen.set_xlabel("training images seen", fontsize=style.SMALL)
    for ax, label in ((size, "parameters"), (flops, "floating-point operations of the training")):
        ax.set_title(f"FID of {images:,} images, at the end", fontsize=style.NORMAL)
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
        ax.set_xlabel(label, fontsize=style.SMALL)
        ax.margins(0.12)
    for ax in axes:
        style.grid(ax)
    handles, labels = seconds.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=style.SMALL)
    return drawn


def _course(ax: Axes, model: Cost, x: str, colour: str) -> None:
    table = model.course
    ax.fill_between(table[x], table["low"], table["high"], color=colour, alpha=0.22, linewidth=0)
    ax.plot(table[x], table["mean"], color=colour, linewidth=1.4, label=model.name)
    ax.plot(table[x].iloc[-1:], table["mean"].iloc[-1:], "o", color=colour, markersize=4)


def _final(ax: Axes, x: float, final: Point, colour: str) -> None:
    ax.errorbar([x], [final[0]], [final[1]], color=colour, marker="o", markersize=6, capsize=2.5)


def _times(ax: Axes, shown: Sequence[Cost], colours: Mapping[str, str]) -> None:
    """Logarithmic time up to an hour at least; what ended before stays as it is, dotted."""
    ends = [float(model.course["train_seconds"].iloc[-1]) for model in shown]
    edge = 1.1 * max(*TICKS, *ends)
    for model, end in zip(shown, ends, strict=True):
        last = float(model.course["mean"].iloc[-1])
        ax.plot([end, edge], [last, last], ":", color=colours[model.name], linewidth=1)
    start = min(float(model.course["train_seconds"].iloc[0]) for model in shown)
    start = max(start, min(ends) * EARLIEST)
    ax.set_xscale("log")
    ax.set_xlim(start, edge)
    ticks = [second for second in TICKS if start <= second]
    ax.set_xticks(ticks, labels=[TICKS[second] for second in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("training time; dotted: training has ended", fontsize=style.SMALL)
