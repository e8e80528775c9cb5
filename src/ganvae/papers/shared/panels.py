"""Panels of images with labels on their rows, for the papers' figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.figures import style
from ganvae.figures.style import Array
from ganvae.papers.shared.results import Result

DPI = 110
CELL = 29  # pixels of one image in a grid, its border included


@dataclass(frozen=True)
class Images:
    """One panel.

    Attributes:
        name: its heading.
        values: uint8 [N, 28, 28]; None draws `note` instead.
        note: behind the heading.
        columns: images a row.
        rows: label of each row; none by default.
        below: label of each column; none by default.
    """

    name: str
    values: Array | None
    note: str = ""
    columns: int = 10
    rows: Sequence[str] = ()
    below: Sequence[str] = ()
    xlabel: str = ""
    colour: str = field(default=style.REAL_COLOUR)


def figure(shown: Sequence[Images], title: str, columns: int = 2) -> Figure:
    """The panels in rows of `columns`, each as high as its images need."""
    ratios = [
        np.ceil(len(panel.values) / panel.columns) / panel.columns
        for panel in shown
        if panel.values is not None
    ]
    labels = 0.35 if any(panel.below or panel.xlabel for panel in shown) else 0.0
    height = max(ratios, default=0.3) * (style.WIDTH / columns - 0.3) + 0.3 + labels
    drawn, axes = style.panels(len(shown), height, DPI, title, columns)
    for ax, panel in zip(axes, shown, strict=True):
        _panel(ax, panel)
    return drawn


def _panel(ax: Axes, panel: Images) -> None:
    style.heading(ax, panel.name, panel.note if panel.values is not None else "", panel.colour)
    if panel.values is None:
        style.say(ax, panel.note)
        return
    ax.imshow(style.shown(panel.values, panel.columns), cmap="gray", vmin=0, vmax=255)
    _ticks(ax, panel)
    for side in ax.spines.values():
        side.set_visible(False)


def _ticks(ax: Axes, panel: Images) -> None:
    ax.set_yticks([CELL * i + 15 for i in range(len(panel.rows))], labels=panel.rows)
    ax.set_xticks([CELL * i + 15 for i in range(len(panel.below))], labels=panel.below)
    ax.tick_params(length=0, labelsize=style.SMALL)
    ax.set_xlabel(panel.xlabel, fontsize=style.SMALL)


def first(result: Result) -> int | None:
    """The seed that figures show: the first that finished."""
    return min(result.seeds, default=None)


def stored(
    result: Result, kind: str, name: str, *, columns: int = 10, limit: int | None = None
) -> Images:
    """A panel of what `arrays.safetensors` has of the first seed, uint8 [N, 28, 28]."""
    seed = first(result)
    if seed is None:
        return Images(name, None, "no seed finished")
    values = result.arrays[f"{kind}/{seed}"].numpy()[:limit]
    return Images(name, values, f"seed {seed}", columns)


def originals(result: Result, name: str = "test images", *, columns: int = 10) -> Images:
    """A panel of the test images that `stored(result, "reconstructions", ...)` reconstructs."""
    return Images(name, result.arrays["originals"].numpy(), "", columns)
