"""Curves along training with their bands, and the figure of all losses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from matplotlib.transforms import ScaledTranslation

from ganvae.figures import style
from ganvae.figures.bands import band

NATS_PER_IMAGE = ("reconstruction_nats", "kl_nats")
GRADIENT = "_gradient"  # of `training.step.Stepper`
LEGEND_BELOW = 0.38  # inches
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)), (0, (8, 2)))


@dataclass(frozen=True)
class Curves:
    """One model's tables by seed, column images_seen and one per curve.

    Attributes:
        name: the model.
        finished: tables of the seeds that finished, a collapsed one among them.
        diverged: tables of the others.
        collapsed: of each collapsed seed the one row at which it was first seen to be.
    """

    name: str
    finished: Sequence[pd.DataFrame]
    diverged: Sequence[pd.DataFrame]
    collapsed: Sequence[pd.DataFrame] = ()


def losses(shown: Sequence[Curves], colours: Mapping[str, str], dpi: int) -> Figure:
    """Every series of every model's history; those in nats per image have a panel of their own."""
    wanted = [(model, title, names) for model in shown for title, names in groups(_series(model))]
    drawn, axes = style.panels(
        len(wanted),
        2.8,
        dpi,
        "Losses: mean over seeds, band from lowest to highest, cross diverged",
    )
    for ax, (model, title, names) in zip(axes, wanted, strict=True):
        style.heading(ax, model.name, title, colours[model.name])
        _panel(ax, model, names)
    return drawn


def groups(series: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Splits series by unit: nats per image (near a hundred), adversarial (near one), norms."""
    updates = {name.rpartition(".")[0] for name in series if name.endswith(NATS_PER_IMAGE)}
    nats = [
        name
        for name in series
        if name.endswith(NATS_PER_IMAGE) or name in {f"{update}.loss" for update in updates}
    ]
    norms = [name for name in series if name.endswith(GRADIENT)]
    rest = [name for name in series if name not in nats + norms]
    if not series:
        return [("no history", [])]
    parts = [
        ("nats per image", nats),
        ("adversarial", rest),
        ("gradient norms of the decoder", norms),
    ]
    return [(title, names) for title, names in parts if names]


def _series(model: Curves) -> list[str]:
    columns = (column for table in [*model.finished, *model.diverged] for column in table.columns)
    return [column for column in dict.fromkeys(columns) if "." in column]


def _panel(ax: Axes, model: Curves, names: Sequence[str]) -> None:
    if not names:
        style.say(ax, "no history")
        return
    for i, name in enumerate(names):
        colour = style.PALETTE[i % len(style.PALETTE)]
        dashes = DASHES[i % len(DASHES)]
        with_band(ax, model.finished, name, colour, dashes, name)
        label = None if model.finished else name
        for table in model.diverged:
            diverged(ax, table, name, colour, label)
            label = None
    _robust_limits(ax, model, names)
    images_seen(ax)
    # below the panel and its label: inside it would cover a piece of some curve
    whole = ax.get_figure(root=True)
    assert whole is not None
    below = ScaledTranslation(0, -LEGEND_BELOW, whole.dpi_scale_trans)
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=ax.transAxes + below,
        frameon=False,
        fontsize=style.SMALL - 1.5,
        handlelength=2.2,
        labelspacing=0.25,
    )


def with_band(
    ax: Axes,
    seeds: Sequence[pd.DataFrame],
    name: str,
    colour: str,
    dashes: str | tuple[int, tuple[int, ...]],
    label: str | None,
) -> None:
    """The mean over `seeds` of the column `name` as a line, and a band from lowest to highest."""
    table = band(seeds, "images_seen", name)
    if table.empty:
        return
    x = table.index.to_numpy(dtype=float)
    ax.fill_between(x, table["min"], table["max"], color=colour, alpha=0.22, linewidth=0)
    ax.plot(x, table["mean"], color=colour, linestyle=dashes, linewidth=1.3, label=label)


def diverged(ax: Axes, table: pd.DataFrame, name: str, colour: str, label: str | None) -> None:
    """A thin line that ends in a cross where the seed diverged."""
    curve = band([table], "images_seen", name)["mean"]
    if curve.empty:
        return
    x, y = curve.index.to_numpy(dtype=float), curve.to_numpy()
    ax.plot(x, y, color=colour, linewidth=0.7, label=label)
    ax.plot(x[-1:], y[-1:], color=colour, marker="x", markersize=5)


def _robust_limits(ax: Axes, model: Curves, names: Sequence[str]) -> None:
    """The first steps and a diverging seed's last ones would flatten all else: 1st to 99th %."""
    tables = model.finished or model.diverged
    bands = [band(tables, "images_seen", name) for name in names]
    values = np.concatenate([table.to_numpy().ravel() for table in bands])
    if len(values):
        low, high = np.quantile(values, [0.01, 0.99])
        margin = 0.08 * (high - low) or 0.1
        ax.set_ylim(low - margin, high + margin)


def images_seen(ax: Axes) -> None:
    """Labels the x axis, and a grid."""
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.set_xlabel("training images seen", fontsize=style.SMALL)
    ax.margins(x=0.02)
    style.grid(ax)
