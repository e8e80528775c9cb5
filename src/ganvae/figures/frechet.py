"""Figure of the Frechet distance against the number of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.figures import style
from ganvae.figures.bands import band

TICKS = 3


@dataclass(frozen=True)
class Curve:
    """One model's distances.

    Attributes:
        name: the model, or "real".
        note: which seeds, or why there are none.
        seeds: tables with columns one_by_images and fid_classifier; the row at 0 is extrapolated.
    """

    name: str
    note: str
    seeds: Sequence[pd.DataFrame]


def frechet_curve(shown: Sequence[Curve], colours: Mapping[str, str], dpi: int) -> Figure:
    """Distance over 1 / N, with the line that meets the axis at infinitely many images."""
    drawn, axes = style.panels(
        len(shown), 2.3, dpi, "FID, classifier, of N images, and extrapolated to infinitely many"
    )
    for ax, curve in zip(axes, shown, strict=True):
        colour = colours.get(curve.name, style.REAL_COLOUR)
        style.heading(ax, curve.name, curve.note if curve.seeds else "", colour)
        if curve.seeds:
            _line(ax, curve.seeds, colour)
        else:
            style.say(ax, curve.note)
    return drawn


def _line(ax: Axes, seeds: Sequence[pd.DataFrame], colour: str) -> None:
    table = band(seeds, "one_by_images", "fid_classifier")
    infinity, measured = table.loc[0.0], table[table.index > 0]
    x = measured.index.to_numpy(dtype=float)
    ax.fill_between(x, measured["min"], measured["max"], color=colour, alpha=0.22, linewidth=0)
    ax.plot(x, measured["mean"], color=colour, marker=".", markersize=4, linewidth=1.2)
    # a least-squares line goes through the mean point
    slope = (measured["mean"].mean() - infinity["mean"]) / x.mean()
    ends = np.array([0.0, x.max()])
    ax.plot(ends, infinity["mean"] + slope * ends, color=colour, linestyle="--", linewidth=0.9)
    error = [[infinity["mean"] - infinity["min"]], [infinity["max"] - infinity["mean"]]]
    ax.errorbar([0.0], [infinity["mean"]], error, color=colour, marker="o", markersize=5,
                capsize=2.5, markerfacecolor="white", clip_on=False)  # fmt: skip
    picked = x[style.spaced(len(x), TICKS)]
    labels = ["∞", *(f"{round(1 / value):,}" for value in picked)]
    ax.set_xticks([0.0, *picked], labels=labels)
    ax.set_xlim(-0.03 * x.max(), 1.04 * x.max())
    ax.set_xlabel("N, spaced as 1 / N", fontsize=style.SMALL)
    style.grid(ax)
