"""Figures made of images: samples, training, interpolations, reconstructions."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.figures import style
from ganvae.figures.style import Array, Panel

TRAINING_ROWS = 6


def samples(shown: Sequence[Panel], colours: Mapping[str, str], dpi: int) -> Figure:
    """Ten by ten images a panel: uint8 [100, 28, 28] each."""
    drawn, axes = style.panels(
        len(shown), 3.15, dpi, "Generated images, every model from the same noise"
    )
    for ax, panel in zip(axes, shown, strict=True):
        _grid(ax, panel, colours, columns=10)
    return drawn


def interpolations(shown: Sequence[Panel], colours: Mapping[str, str], dpi: int) -> Figure:
    """One walk through the latent space a row: uint8 [rows, 10, 28, 28] each."""
    drawn, axes = style.panels(
        len(shown), 2.6, dpi, "Interpolations: each row walks from one latent point to another"
    )
    for ax, panel in zip(axes, shown, strict=True):
        values = None if panel.values is None else panel.values.reshape(-1, 28, 28)
        columns = 10 if panel.values is None else panel.values.shape[1]
        _grid(ax, Panel(panel.name, values, panel.note), colours, columns)
    return drawn


def training(
    shown: Sequence[Panel], steps: Mapping[str, Array], colours: Mapping[str, str], dpi: int
) -> Figure:
    """One row per selected step: uint8 [K, 10, 28, 28] each, taken at `steps[name]` int64 [K]."""
    drawn, axes = style.panels(
        len(shown), 2.4, dpi, "Samples along training: the same noise in each column", columns=2
    )
    for ax, panel in zip(axes, shown, strict=True):
        if panel.values is None:
            _grid(ax, panel, colours, columns=10)
            continue
        picked = style.spaced(len(panel.values), TRAINING_ROWS)
        images = panel.values[picked]
        flat = Panel(panel.name, images.reshape(-1, 28, 28), panel.note)
        _grid(ax, flat, colours, columns=images.shape[1])
        labels = [f"step {step:,}" for step in steps[panel.name][picked]]
        _row_labels(ax, labels)
    return drawn


def nearest(shown: Sequence[Panel], colours: Mapping[str, str], dpi: int) -> Figure:
    """Images most like copies above their nearest real ones: uint8 [10, 3, 28, 28] each."""
    drawn, axes = style.panels(
        len(shown),
        1.35,
        dpi,
        "The images most like copies, above their nearest real ones",
        columns=2,
    )
    for ax, panel in zip(axes, shown, strict=True):
        if panel.values is None:
            _grid(ax, panel, colours, columns=10)
            continue
        rows = panel.values.swapaxes(0, 1).reshape(-1, 28, 28)
        _grid(ax, Panel(panel.name, rows, panel.note), colours, columns=len(panel.values))
        _row_labels(ax, ["image", "nearest training", "nearest test"])
    return drawn


def reconstructions(
    originals: Array | None, shown: Sequence[Panel], colours: Mapping[str, str], dpi: int
) -> Figure:
    """Test images uint8 [N, 28, 28], and below each its reconstruction by every model."""
    first = Panel("original", originals, "" if originals is not None else "no test images")
    rows = [first, *shown]
    drawn = style.figure(0.52 * len(rows) + 0.5, dpi, "Test images and their reconstructions")
    axes = drawn.subplots(len(rows), 1, squeeze=False).ravel()
    for ax, panel in zip(axes, rows, strict=True):
        label = f"{panel.name}\n{panel.note}" if panel.values is not None and panel.note else ""
        ax.set_ylabel(
            label or panel.name,
            rotation=0,
            ha="right",
            va="center",
            fontsize=style.SMALL,
            color=colours.get(panel.name, style.REAL_COLOUR),
        )
        if panel.values is None:
            style.say(ax, panel.note)
        else:
            _image(ax, style.shown(panel.values, columns=len(panel.values)))
    return drawn


def _grid(ax: Axes, panel: Panel, colours: Mapping[str, str], columns: int) -> None:
    colour = colours.get(panel.name, style.REAL_COLOUR)
    if panel.values is None:
        style.heading(ax, panel.name, "", colour)
        style.say(ax, panel.note)
        return
    style.heading(ax, panel.name, panel.note, colour)
    _image(ax, style.shown(panel.values, columns))


def _image(ax: Axes, image: Array) -> None:
    ax.imshow(image, cmap="gray", vmin=0, vmax=255)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)


def _row_labels(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(
        [29 * row + 15 for row in range(len(labels))], labels=labels, fontsize=style.SMALL
    )
    ax.tick_params(axis="y", length=0)
