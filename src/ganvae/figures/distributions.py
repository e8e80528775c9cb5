"""Figures of distributions: classes, single-image entropy, latent space."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

from ganvae.core.imageset import Classes
from ganvae.figures import style
from ganvae.figures.style import Array, Panel


def class_histograms(
    shown: Sequence[Panel],
    real: Array | None,
    classes: Classes,
    colours: Mapping[str, str],
    dpi: int,
) -> Figure:
    """Share of each class [seeds, C]: bar = mean, dot = seed; `real` [C] as black steps."""
    what = classes.plural.capitalize()
    title = f"{what} among the generated images: bar mean, dot seed, line real"
    drawn, axes = style.panels(len(shown), 2.3, dpi, title)
    places = np.arange(len(classes.names))
    for ax, values, colour in _filled(axes, shown, colours):
        percent = 100 * values
        ax.bar(places, percent.mean(axis=0), color=colour, alpha=0.75, width=0.8)
        for seed in percent:
            ax.plot(places, seed, ".", color="black", markersize=3)
        if real is not None:
            ax.hlines(100 * real, places - 0.45, places + 0.45, color=style.REAL_COLOUR, lw=1.2)
        style.name_ticks(ax.xaxis, classes.names)
        ax.set_xlabel(f"{classes.word}, by the classifier", fontsize=style.SMALL)
        ax.set_ylabel("% of images", fontsize=style.SMALL)
    return drawn


def image_entropy(
    shown: Sequence[Panel],
    real: Array | None,
    classes: Classes,
    colours: Mapping[str, str],
    dpi: int,
) -> Figure:
    """Single-image entropies in nats, [images] of all finished seeds; `real` [images] as a line."""
    drawn, axes = style.panels(
        len(shown), 2.3, dpi, "Single-image entropy, share of images (log): filled model, line real"
    )
    edges = np.linspace(0, math.log(max(2, len(classes.names))), 24)
    for ax, values, colour in _filled(axes, shown, colours):
        ax.stairs(_shares(values, edges), edges, fill=True, color=colour, alpha=0.75)
        if real is not None:
            ax.stairs(_shares(real, edges), edges, color=style.REAL_COLOUR, linewidth=1.1)
        ax.set_yscale("log")
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set_ylim(1e-5, 1.5)
        ax.set_xlabel("entropy of one image (nats)", fontsize=style.SMALL)
        ax.set_ylabel("share of images", fontsize=style.SMALL)
    return drawn


def _shares(values: Array, edges: Array) -> Array:
    """Share of values per bin; the last bin includes what rounding puts above ln C."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return np.asarray(counts / max(len(values), 1))


def latent_space(
    shown: Sequence[Panel],
    labels: Array | None,
    classes: Classes,
    colours: Mapping[str, str],
    dpi: int,
) -> Figure:
    """Posterior means of test images on two axes [N, 2], coloured by `labels` int64 [N]."""
    shown = shown or [Panel("no model", None, "no model has an encoder")]
    drawn, axes = style.panels(
        len(shown),
        3.2,
        dpi,
        f"Latent space: posterior means of test images, the {classes.word} at its class's centre",
    )
    for ax, values, _ in _filled(axes, shown, colours):
        if labels is not None:
            _scatter(ax, values, labels, classes)
    return drawn


def _filled(
    axes: Sequence[Axes], shown: Sequence[Panel], colours: Mapping[str, str]
) -> Iterator[tuple[Axes, Array, str]]:
    """Heads every panel; yields those with values, with the model's colour. The others say why."""
    for ax, panel in zip(axes, shown, strict=True):
        colour = colours.get(panel.name, style.REAL_COLOUR)
        style.heading(ax, panel.name, panel.note if panel.values is not None else "", colour)
        if panel.values is None:
            style.say(ax, panel.note)
        else:
            yield ax, panel.values, colour


def _scatter(ax: Axes, points: Array, labels: Array, classes: Classes) -> None:
    palette = np.array(style.of_classes(len(classes.names)))
    ax.scatter(points[:, 0], points[:, 1], s=3, c=palette[labels], linewidths=0, alpha=0.8)
    outline = [withStroke(linewidth=2.5, foreground="white")]
    present = np.unique(labels)
    for number in present if len(present) <= style.MOST_NAMES else ():
        x, y = np.median(points[labels == number], axis=0)
        ax.text(
            x,
            y,
            style.plain(classes.names[number]),
            ha="center",
            va="center",
            fontsize=style.NORMAL + 2,
            fontweight="bold",
            path_effects=outline,
        )
    ax.set_xlabel("first principal axis", fontsize=style.SMALL)
    ax.set_ylabel("second principal axis", fontsize=style.SMALL)
    ax.set_aspect("equal", adjustable="datalim")
