"""What a model makes of colour images, shown: samples of the prior, and reconstructions.

Beside `ganvae.figures`, whose grids are of grey images of 28 x 28 pixels.
"""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, nn

from ganvae.core.imageset import quantise
from ganvae.evaluation import showcase
from ganvae.figures import style
from ganvae.figures.style import Array, Panel
from ganvae.models.base.contract import posterior, to_images

COLUMNS = 10
DPI = 150  # at which a grid of ten images of 64 pixels keeps about every pixel


@torch.no_grad()
def samples(networks: nn.ModuleDict, latent_dim: int) -> Array:
    """uint8 [100, C, H, W] of the latent vectors of all sample grids (`showcase.sample_grid`).

    Args:
        networks: "decoder", in evaluation mode.
        latent_dim: D.
    """
    z = showcase.sample_grid(latent_dim).to(next(networks.parameters()).device)
    drawn: Array = quantise(to_images(networks["decoder"](z))).numpy()
    return drawn


@torch.no_grad()
def reconstructions(networks: nn.ModuleDict, images: Tensor) -> Array:
    """uint8 [N, C, H, W] of the posterior means.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [N, C, H, W] in [-1, 1], on the device of the networks.
    """
    mean, _ = posterior(networks["encoder"](images))
    drawn: Array = quantise(to_images(networks["decoder"](mean))).numpy()
    return drawn


def sample_figure(shown: Sequence[Panel], colours: Mapping[str, str]) -> Figure:
    """Ten by ten images a panel: uint8 [100, 3, H, W] each."""
    title = "Generated images, every model from the same noise"
    drawn, axes = style.panels(len(shown), 4.5, DPI, title, columns=2)
    for ax, panel in zip(axes, shown, strict=True):
        style.heading(ax, panel.name, panel.note, colours[panel.name])
        _fill(ax, panel)
    return drawn


def reconstruction_figure(
    originals: Array, shown: Sequence[Panel], colours: Mapping[str, str]
) -> Figure:
    """Test images uint8 [N, 3, H, W], N <= 10, and below each every model's reconstruction."""
    rows = [Panel("original", originals, ""), *shown]
    drawn = style.figure(0.9 * len(rows) + 0.4, DPI, "Test images and their reconstructions")
    for ax, panel in zip(drawn.subplots(len(rows), 1, squeeze=False).ravel(), rows, strict=True):
        _fill(ax, panel)
        colour = colours.get(panel.name, style.REAL_COLOUR)
        ax.set_ylabel(
            panel.name, rotation=0, ha="right", va="center", fontsize=style.SMALL, color=colour
        )
    return drawn


def to_png(drawn: Figure) -> bytes:
    """The figure as PNG bytes, in all its colours: those of `style.to_png` are too few for faces.

    Equal figures give equal bytes.
    """
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG")
    return buffer.getvalue()


def grid(images: Array, columns: int) -> Array:
    """Images uint8 [N, 3, H, W] as one picture [H', W', 3] with `columns` a row."""
    return np.stack([style.shown(channel, columns) for channel in images.swapaxes(0, 1)], axis=-1)


def _fill(ax: Axes, panel: Panel) -> None:
    assert panel.values is not None
    ax.imshow(grid(panel.values, min(COLUMNS, len(panel.values))))
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
