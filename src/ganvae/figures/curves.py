"""Figures of curves along training: losses and class entropy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from ganvae.figures import style
from ganvae.figures.bands import band

MAX_ENTROPY = math.log(10)
NATS_PER_IMAGE = ("reconstruction_nats", "kl_nats")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)), (0, (8, 2)))
ZOOM = 0.3  # nats below ln 10


@dataclass(frozen=True)
class Curves:
    """One model's tables by seed, column images_seen and one per curve."""

    name: str
    finished: Sequence[pd.DataFrame]
    diverged: Sequence[pd.DataFrame]


def losses(shown: Sequence[Curves], colours: Mapping[str, str], dpi: int) -> Figure:
    """Every record of every model; those in nats per image have a panel of their own."""
    wanted = [(model, title, names) for model in shown for title, names in groups(_records(model))]
    drawn, axes = style.panels(
        len(wanted),
        2.5,
        dpi,
        "Losses: mean over seeds, band from lowest to highest, cross diverged",
    )
    for ax, (model, title, names) in zip(axes, wanted, strict=True):
        style.heading(ax, model.name, title, colours[model.name])
        _records_panel(ax, model, names)
    return drawn


def groups(records: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Splits records by unit: nats per image (near a hundred), the adversarial ones (near one)."""
    updates = {name.rpartition(".")[0] for name in records if name.endswith(NATS_PER_IMAGE)}
    nats = [
        name
        for name in records
        if name.endswith(NATS_PER_IMAGE) or name in {f"{update}.loss" for update in updates}
    ]
    rest = [name for name in records if name not in nats]
    if not nats and not rest:
        return [("no record", [])]
    parts = [("nats per image", nats), ("adversarial" if rest else "", rest)]
    return [(title, names) for title, names in parts if names]


def _records(model: Curves) -> list[str]:
    columns = (column for table in [*model.finished, *model.diverged] for column in table.columns)
    return [column for column in dict.fromkeys(columns) if "." in column]


def _records_panel(ax: Axes, model: Curves, names: Sequence[str]) -> None:
    if not names:
        style.say(ax, "no history")
        return
    for i, name in enumerate(names):
        colour = style.PALETTE[i % len(style.PALETTE)]
        dashes = DASHES[i % len(DASHES)]
        _with_band(ax, model.finished, name, colour, dashes, name)
        label = None if model.finished else name
        for table in model.diverged:
            _diverged(ax, table, name, colour, label)
            label = None
    _robust_limits(ax, model, names)
    _images_seen(ax)
    # below the panel: inside it would cover a piece of some curve
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.22),
        ncols=2,
        frameon=False,
        fontsize=style.SMALL - 1.5,
        handlelength=2.2,
        labelspacing=0.25,
    )


def _with_band(
    ax: Axes,
    seeds: Sequence[pd.DataFrame],
    name: str,
    colour: str,
    dashes: str | tuple[int, tuple[int, ...]],
    label: str | None,
) -> None:
    table = band(seeds, "images_seen", name)
    if table.empty:
        return
    x = table.index.to_numpy(dtype=float)
    ax.fill_between(x, table["min"], table["max"], color=colour, alpha=0.22, linewidth=0)
    ax.plot(x, table["mean"], color=colour, linestyle=dashes, linewidth=1.3, label=label)


def _diverged(ax: Axes, table: pd.DataFrame, name: str, colour: str, label: str | None) -> None:
    """A thin line that ends in a cross where the seed diverged."""
    curve = band([table], "images_seen", name)["mean"]
    if curve.empty:
        return
    x, y = curve.index.to_numpy(dtype=float), curve.to_numpy()
    ax.plot(x, y, color=colour, linewidth=0.7, label=label)
    ax.plot(x[-1:], y[-1:], color=colour, marker="x", markersize=5, clip_on=False)


def _robust_limits(ax: Axes, model: Curves, names: Sequence[str]) -> None:
    """The first steps and a diverging seed's last ones would flatten all else: 1st to 99th %."""
    tables = model.finished or model.diverged
    bands = [band(tables, "images_seen", name) for name in names]
    values = np.concatenate([table.to_numpy().ravel() for table in bands])
    if len(values):
        low, high = np.quantile(values, [0.01, 0.99])
        margin = 0.08 * (high - low) or 0.1
        ax.set_ylim(low - margin, high + margin)


def _images_seen(ax: Axes) -> None:
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.set_xlabel("training images seen", fontsize=style.SMALL)
    ax.margins(x=0.02)
    ax.grid(color="0.92", linewidth=0.6)
    ax.set_axisbelow(True)


def class_entropy(
    shown: Sequence[Curves], real: float | None, colours: Mapping[str, str], dpi: int
) -> Figure:
    """Class entropy in nats against training images seen; `real` is the real images' own."""
    drawn, axes = style.panels(
        2,
        3.6,
        dpi,
        "Class entropy: mean over seeds, band from lowest to highest, cross diverged",
        columns=2,
    )
    for ax in axes:
        for model in shown:
            label = model.name if model.finished else f"{model.name} (every seed diverged)"
            colour = colours[model.name]
            _with_band(ax, model.finished, "class_entropy", colour, "-", label)
            for i, table in enumerate(model.diverged):
                unnamed = bool(model.finished) or i > 0
                _diverged(ax, table, "class_entropy", colour, None if unnamed else label)
        ax.axhline(MAX_ENTROPY, color="grey", linewidth=1, linestyle=":", label="ln 10, the most")
        if real is not None:
            ax.axhline(real, color=style.REAL_COLOUR, linewidth=1, linestyle="--", label="real")
        _images_seen(ax)
    axes[0].set_ylabel("class entropy (nats)", fontsize=style.SMALL)
    axes[0].set_ylim(-0.05, MAX_ENTROPY + 0.1)
    axes[1].set_ylim(MAX_ENTROPY - ZOOM, MAX_ENTROPY + 0.02)
    axes[1].set_title(f"the upper {ZOOM} nats", fontsize=style.NORMAL)
    _positive_log(axes[0], shown)
    axes[0].set_title("whole range, logarithmic in images", fontsize=style.NORMAL)
    handles, labels = axes[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=style.SMALL)
    return drawn


def _positive_log(ax: Axes, shown: Sequence[Curves]) -> None:
    """Logarithmic x from the first snapshot after the start (the start itself, 0, drops out)."""
    seen = [
        value
        for model in shown
        for table in [*model.finished, *model.diverged]
        for value in table["images_seen"]
        if value > 0
    ]
    if seen and max(seen) > min(seen):
        ax.set_xscale("log")
        ax.set_xlim(min(seen), max(seen))
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
