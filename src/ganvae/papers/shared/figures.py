"""What the papers' figures share: grids of images by epoch, and lines with their bands."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.core.imageset import quantise
from ganvae.figures import style
from ganvae.figures.bands import band
from ganvae.figures.style import Panel
from ganvae.papers.shared import courses
from ganvae.papers.shared.results import Result

DPI = 110
DIVERGED = "every seed diverged"
SNAPSHOT_ROWS = 5
TEN = 10


def image_panels(
    shown: Sequence[Panel], per_row: int, title: str, *, columns: int = 3, height: float = 3.2
) -> Figure:
    """Grids of images.

    Args:
        shown: one panel each, with images uint8 [N, 28, 28].
        per_row: images in a row of a grid.
        title: of the figure.
        columns: panels in a row.
        height: of a row of panels, in inches.
    """
    drawn, axes = style.panels(len(shown), height, DPI, title, columns)
    for ax, panel in zip(axes, shown, strict=True):
        style.heading(ax, panel.name, panel.note if panel.values is not None else "", "black")
        if panel.values is None:
            style.say(ax, panel.note)
            continue
        ax.imshow(style.shown(panel.values, per_row), cmap="gray", vmin=0, vmax=255)
        ax.set_axis_off()
    return drawn


def at_end(result: Result, name: str, count: int) -> Panel:
    """`count` samples of the first seed's final networks, noted with the length trained."""
    if not result.seeds:
        return Panel(name, None, DIVERGED)
    images = quantise(result.images(result.seeds[0], count)).numpy()
    return Panel(name, images, f"epoch {courses.epochs(result):.3g}")


def at_epoch(result: Result, epoch: float, count: int) -> Panel:
    """Samples of the first seed after an epoch, from the same noise whichever epoch it is.

    From the weights where they were kept, else the images of the nearest snapshot; none where the
    epoch was not reached.
    """
    name = f"epoch {epoch:g}"
    if not result.seeds:
        return Panel(name, None, DIVERGED)
    seed, trained = result.seeds[0], courses.epochs(result)
    if epoch > trained:
        return Panel(name, None, f"not reached:\ntrained for {trained:.3g} epochs")
    if epoch in result.epochs() or epoch == trained:
        kept = None if epoch == trained else epoch
        return Panel(name, quantise(result.images(seed, count, kept)).numpy(), f"seed {seed}")
    course = courses.snapshots(result, seed)
    nearest = int((course["epoch"] - epoch).abs().to_numpy().argmin())
    images = result.arrays[f"snapshots/{seed}"][nearest, :count].numpy()
    return Panel(name, images, f"seed {seed}, snapshot at {course['epoch'].iloc[nearest]:.3g}")


def epoch_panels(result: Result, epochs: Iterable[float], count: int) -> list[Panel]:
    """`at_epoch` of each, and the end of the training where an epoch lies behind it."""
    wanted = list(epochs)
    shown = [at_epoch(result, epoch, count) for epoch in wanted]
    if not all(courses.is_reached(result, epoch) for epoch in wanted):
        shown.append(at_end(result, "end of the training", count))
    return shown


def along_training(results: Mapping[str, Result], title: str) -> Figure:
    """A row of ten images per snapshot of the first seed, the same noise in each column."""
    drawn, axes = style.panels(len(results), 2.2, DPI, title, columns=2)
    for ax, (name, result) in zip(axes, results.items(), strict=True):
        if not result.seeds:
            style.heading(ax, name, "", "black")
            style.say(ax, DIVERGED)
            continue
        seed = result.seeds[0]
        style.heading(ax, name, f"seed {seed}", "black")
        images = result.arrays[f"snapshots/{seed}"].numpy()[:, :TEN]
        reached = courses.snapshots(result, seed)["epoch"].to_numpy()
        picked = style.spaced(len(images), SNAPSHOT_ROWS)
        rows = images[picked].reshape(-1, *images.shape[2:])
        ax.imshow(style.shown(rows, TEN), cmap="gray", vmin=0, vmax=255)
        places = [29 * row + 15 for row in range(len(picked))]
        ax.set_yticks(places, [f"epoch {reached[i]:.2g}" for i in picked], fontsize=style.SMALL)
        ax.tick_params(axis="y", length=0)
        ax.set_xticks([])
    return drawn


def banded(
    ax: Axes, tables: Sequence[pd.DataFrame], x: str, y: str, colour: str, label: str
) -> None:
    """The mean of a column over the seeds as a line, and a band from lowest to highest."""
    course = band(tables, x, y)
    if course.empty:
        return
    at = course.index.to_numpy(dtype=float)
    ax.plot(at, course["mean"], color=colour, linewidth=1.3, label=label)
    ax.fill_between(at, course["min"], course["max"], color=colour, alpha=0.2, linewidth=0)


def finish(ax: Axes, x: str, y: str, *, legend: bool = True) -> None:
    """Labels, a grid and the legend."""
    ax.set_xlabel(x, fontsize=style.SMALL)
    ax.set_ylabel(y, fontsize=style.SMALL)
    style.grid(ax)
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=style.SMALL - 1, edgecolor="none")  # in front of the lines
