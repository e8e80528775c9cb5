"""Figures of what a model drew along its training: how many classes, which, how well."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from ganvae.core.imageset import Classes
from ganvae.figures import style
from ganvae.figures.curves import Curves, diverged, images_seen, with_band
from ganvae.figures.style import Array

ZOOM = 0.3  # nats below ln C
MOST = 3.0  # times an even share, where the colours of the classes' shares end


def timeline(
    shown: Sequence[Curves],
    real_entropy: float | None,
    classes: Classes,
    colours: Mapping[str, str],
    dpi: int,
) -> Figure:
    """Class entropy, coverage and Frechet distance of the snapshots against training images seen.

    With one class the first has nothing to show and is left out.

    Args:
        shown: columns class_entropy (nats), coverage (0 to 1), fid_classifier.
        real_entropy: that of the real images.
        classes: of the data.
        colours: by model.
        dpi: resolution.
    """
    several = len(classes.names) > 1
    metrics = ["class_entropy"] * 2 * several + ["coverage", "fid_classifier"]
    drawn, axes = style.panels(
        len(metrics), 2.9, dpi, "Along training: mean over seeds, band from lowest to highest",
        columns=2,
    )  # fmt: skip
    for ax, metric in zip(axes, metrics, strict=True):
        for model in shown:
            _course(ax, model, metric, colours[model.name])
        images_seen(ax)
        _logarithmic(ax, shown)
    if several:
        _entropies(axes[0], axes[1], len(classes.names), real_entropy)
    entropy, coverage, distance = axes[0], axes[-2], axes[-1]
    coverage.set_ylim(-0.03, 1.03)
    coverage.set_title("coverage of the test images", fontsize=style.NORMAL)
    style.log_ticks(distance)
    distance.set_title("FID, classifier", fontsize=style.NORMAL)
    if any(model.collapsed for model in shown):
        entropy.plot([], [], "kv", markersize=5, label="a seed collapsed")
    if any(model.diverged for model in shown):
        entropy.plot([], [], "kx", markersize=5, label="a seed diverged")
    handles, labels = entropy.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=style.SMALL)
    return drawn


def _entropies(whole: Axes, upper: Axes, classes: int, real: float | None) -> None:
    """The axes of class entropy, whole and near its highest value."""
    most = math.log(classes)
    for ax in (whole, upper):
        label = f"ln {classes}, the most"
        ax.axhline(most, color="grey", linewidth=1, linestyle=":", label=label)
        if real is not None:
            ax.axhline(real, color=style.REAL_COLOUR, linewidth=1, linestyle="--", label="real")
    whole.set_ylim(-0.05, most + 0.1)
    whole.set_title("class entropy (nats)", fontsize=style.NORMAL)
    upper.set_ylim(most - ZOOM, most + 0.02)
    upper.set_title(f"its upper {ZOOM} nats", fontsize=style.NORMAL)


def _course(ax: Axes, model: Curves, metric: str, colour: str) -> None:
    label = model.name if model.finished else f"{model.name} (every seed diverged)"
    with_band(ax, model.finished, metric, colour, "-", label)
    for i, table in enumerate(model.diverged):
        unnamed = bool(model.finished) or i > 0
        diverged(ax, table, metric, colour, None if unnamed else label)
    for row in model.collapsed:
        ax.plot(
            row["images_seen"], row[metric], color=colour, marker="v", markersize=7,
            markeredgecolor="black", markeredgewidth=0.6, zorder=5,
        )  # fmt: skip


def _logarithmic(ax: Axes, shown: Sequence[Curves]) -> None:
    """Logarithmic x from the first snapshot to the last, where there are two."""
    tables = [table for model in shown for table in [*model.finished, *model.diverged]]
    seen = [value for table in tables for value in table["images_seen"]]
    if seen and max(seen) > min(seen) > 0:
        ax.set_xscale("log")
        ax.set_xlim(min(seen), max(seen))
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))


@dataclass(frozen=True)
class Histograms:
    """One seed's classes along its training.

    Attributes:
        name: the model.
        note: which seed, and how it ended.
        images_seen: by each snapshot [K].
        shares: of each class, 0 to 1 [K, C].
        collapsed: which snapshot is the first collapsed one; None if there is none.
    """

    name: str
    note: str
    images_seen: Array
    shares: Array
    collapsed: int | None


def class_histograms(
    shown: Sequence[Histograms], classes: Classes, colours: Mapping[str, str], dpi: int
) -> Figure:
    """One column per snapshot, one row per class, its share as colour."""
    most = min(100.0, MOST * 100 / len(classes.names))
    what = classes.plural.capitalize()
    drawn, axes = style.panels(
        len(shown),
        2.3,
        dpi,
        f"{what} along training: a collapsed seed where there is one, else the first",
    )
    image = None
    for ax, seed in zip(axes, shown, strict=True):
        style.heading(ax, seed.name, seed.note, colours[seed.name])
        if not len(seed.shares):
            style.say(ax, "no snapshot")
            continue
        image = ax.imshow(
            100 * seed.shares.T, vmin=0, vmax=most, cmap="viridis", aspect="auto", origin="lower"
        )
        if seed.collapsed is not None:
            ax.axvline(seed.collapsed - 0.5, color="red", linewidth=1.5)
        _snapshots(ax, seed.images_seen, classes)
    if image is not None:
        bar = drawn.colorbar(image, ax=axes, extend="max", shrink=0.8, pad=0.01)
        bar.set_label("% of images; red line: collapsed", fontsize=style.SMALL)
        bar.ax.tick_params(labelsize=style.SMALL)
    return drawn


def _snapshots(ax: Axes, seen: Array, classes: Classes) -> None:
    picked = style.spaced(len(seen), 4)
    form = EngFormatter(sep="", places=0)
    ax.set_xticks(picked, labels=[form(seen[i]) for i in picked])
    style.name_ticks(ax.yaxis, classes.names, most=4)
    ax.set_xlabel("training images seen", fontsize=style.SMALL)
    ax.set_ylabel(classes.word, fontsize=style.SMALL)
