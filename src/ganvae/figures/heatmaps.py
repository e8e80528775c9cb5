"""Heat maps of the constrained VAE-GAN's results over its parameters lambda and d."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm, LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ganvae.figures import style
from ganvae.figures.style import Array

EMPTY = "0.94"
LABELS = 0.7  # inches of a panel's width left and right of its cells
CELL_HEIGHT = 0.36  # inches
WIDEST = 4.5  # em: "0.0123*" and a margin
LINEAR = 0.5  # nats around 0 in which colours change evenly
MANY = 6  # values of lambda, above which two panels stand side by side, not three
GUIDE = (
    "means over the seeds that finished;  * some seeds diverged;  hatched: every seed diverged;  "
    "blue: paler is better"
)


class Look(NamedTuple):
    """How one quantity is drawn; where one end of it is better, that end is the paler one."""

    title: str
    note: str
    colours: str
    scale: Literal["share", "around 0", "linear", "log", "seeds"]


LOOKS: Mapping[str, Look] = {
    "active_share": Look("active", r"% of updates with $L_{gan} > d$", "Greys", "share"),
    "l_gan_minus_d": Look(
        r"$\mathbf{L_{gan} - d}$", "nats, last 5 % of steps", "PuOr_r", "around 0"
    ),
    "class_entropy": Look("class entropy", "nats", "Blues_r", "linear"),
    "fid_classifier": Look("Fréchet distance", "by the classifier", "Blues", "log"),
    "negative_elbo": Look("-ELBO", "nats per image", "Blues", "log"),
    "reconstruction_mse": Look("reconstruction", "mean squared error", "Blues", "log"),
    "collapsed": Look("collapsed", "seeds, {seeds} trained", "Reds", "seeds"),
    "diverged": Look("diverged", "seeds, {seeds} trained", "Reds", "seeds"),
}


def sensitivity(
    maps: Mapping[str, Array],
    lambdas: Sequence[float],
    ds: Sequence[float],
    seeds: int,
    title: str,
    dpi: int,
) -> Figure:
    """One panel per quantity, lambda to the right and d upwards, each cell with its number.

    Args:
        maps: the keys of `LOOKS` -> values [len(ds), len(lambdas)], NaN where there is none;
            `collapsed` and `diverged` count seeds.
        lambdas: ascending.
        ds: ascending, in nats.
        seeds: trained per cell.
        title: the figure's.
        dpi: resolution in dots per inch.
    """
    height = 0.85 + CELL_HEIGHT * max(3, len(ds))
    columns = 2 if len(lambdas) > MANY else style.COLUMNS
    drawn, axes = style.panels(len(LOOKS), height, dpi, title, columns)
    drawn.supxlabel(GUIDE, fontsize=style.SMALL)
    inches = (style.WIDTH / columns - LABELS) / len(lambdas)
    size = min(style.SMALL, 72 * inches / WIDEST)
    diverged = maps["diverged"]
    for ax, (name, look) in zip(axes, LOOKS.items(), strict=True):
        style.heading(ax, look.title, look.note.replace("{seeds}", str(seeds)), "black")
        marked = (diverged > 0) & (look.scale != "seeds")
        _cells(ax, maps[name], look, seeds, marked, size)
        if name != "diverged":
            _hatch(ax, diverged == seeds)
        ax.set_xticks(range(len(lambdas)), [f"{value:g}" for value in lambdas])
        ax.set_yticks(range(len(ds)), [_minus(f"{value:g}") for value in ds])
        ax.tick_params(length=0, labelsize=size)
        ax.set_xlabel("λ", fontsize=style.SMALL)
        ax.set_ylabel("d (nats)", fontsize=style.SMALL)
    return drawn


def _cells(ax: Axes, values: Array, look: Look, seeds: int, marked: Array, size: float) -> None:
    """The cells in their colours, empty where the value is NaN, and their numbers."""
    shades = colormaps[look.colours](_norm(values, look.scale, seeds)(values))
    shades[np.isnan(values)] = to_rgba(EMPTY)
    ax.imshow(shades, origin="lower", aspect="auto")
    for row, column in np.argwhere(~np.isnan(values)):
        dark = shades[row, column, :3] @ (0.299, 0.587, 0.114) < 0.5  # ITU-R BT.601 luma
        ax.text(
            column,
            row,
            _number(values[row, column], look.scale) + "*" * int(marked[row, column]),
            ha="center",
            va="center",
            fontsize=size,
            color="white" if dark else "black",
        )


def _norm(values: Array, scale: str, seeds: int) -> Normalize:
    """From values to 0..1; a map of equal values is in the middle."""
    if scale == "share":
        return Normalize(0, 1)
    if scale == "seeds":
        return Normalize(0, seeds)
    known = values[~np.isnan(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    if scale == "around 0":
        reach = max(abs(low), abs(high)) or 1.0
        return AsinhNorm(LINEAR, -reach, reach)
    if low == high:
        return Normalize(low - 1, high + 1)
    return LogNorm(low, high) if scale == "log" and low > 0 else Normalize(low, high)


def _number(value: float, scale: str) -> str:
    if scale == "share":
        return f"{100 * value:.0f}"
    if scale == "seeds" or abs(value) >= 100:
        return _minus(f"{value:z.0f}")
    if scale == "around 0":
        return _minus(f"{value:z.2f}")
    return _minus(f"{value:z.3f}" if scale == "linear" else f"{value:#.3g}")


def _minus(number: str) -> str:
    return number.replace("-", "\N{MINUS SIGN}")


def _hatch(ax: Axes, cells: Array) -> None:
    for row, column in np.argwhere(cells):
        ax.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                facecolor=EMPTY,
                edgecolor="0.6",
                linewidth=0,
                hatch="////",
            )
        )
