"""What all figures share: colours, sizes, panels and bytes. Changes no global state for good."""

import io
import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]

WIDTH = 9.0  # inches; at 100 dpi the width of a README
TEXT_WIDTH = 6.5  # inches; of the text on a page of an article
COLUMNS = 3
REAL_COLOUR = "black"
NOTE_COLOUR = "dimgrey"
# Okabe & Ito 2008, readable with colour blindness, without black (real data) and yellow (too pale);
# then muted colours of Paul Tol's qualitative scheme for further models.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#882255",
    "#117733",
    "#999933",
    "#332288",
    "#661100",
    "#888888",
)
# Up to ten classes: Petroff 2021, chosen for colour vision deficiency.
CLASSES = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
SMALL, NORMAL = 8.0, 10.0
MOST_NAMES = 30  # of classes that an axis or a plane has room for
LONG_NAME = 3  # letters of a name that stands upright below an axis


@dataclass(frozen=True)
class Panel:
    """What one panel shows.

    Attributes:
        name: the model, or "real".
        values: an array whose shape the figure's function names; None draws `note` instead.
        note: seed and state, or why there is nothing to show.
    """

    name: str
    values: Array | None
    note: str


def colours(models: Iterable[str]) -> dict[str, str]:
    """A colour per model by its place in `params.yaml`, the same in every figure."""
    return {model: PALETTE[i % len(PALETTE)] for i, model in enumerate(models)}


def of_classes(count: int) -> list[Any]:
    """A colour for each of so many classes; of more than ten, along a scale."""
    if count <= len(CLASSES):
        return list(CLASSES[:count])
    return list(colormaps["turbo"](np.linspace(0, 1, count)))


def name_ticks(axis: Axis, names: Sequence[str], most: int = MOST_NAMES) -> None:
    """Ticks at 0, 1, ... with the names of classes, at most so many, evenly spaced."""
    places = spaced(len(names), most)
    shown = [plain(names[place]) for place in places]
    turned = 90 if isinstance(axis, XAxis) and max(map(len, shown)) > LONG_NAME else 0
    axis.set_ticks(places, labels=shown, rotation=turned)


def plain(name: str) -> str:
    """A user's word as it is: between two dollars matplotlib would see a formula."""
    return name.replace("$", r"\$")


def figure(height: float, dpi: int, title: str) -> Figure:
    """An empty figure of the common width; `height` in inches."""
    created = Figure(figsize=(WIDTH, height), dpi=dpi, facecolor="white")
    created.set_layout_engine("constrained", w_pad=0.06, h_pad=0.05)
    created.suptitle(title, fontsize=NORMAL + 1)
    return created


def panels(
    count: int, panel_height: float, dpi: int, title: str, columns: int = COLUMNS
) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in rows of `columns`, and its axes in reading order."""
    count = max(count, 1)
    num_rows = math.ceil(count / columns)
    created = figure(num_rows * panel_height + 0.4, dpi, title)
    axes = created.subplots(num_rows, columns, squeeze=False).ravel()
    for unused in axes[count:]:
        unused.set_axis_off()
    for ax in axes[:count]:
        ax.tick_params(labelsize=SMALL)
    return created, list(axes[:count])


def heading(ax: Axes, name: str, note: str, colour: str) -> None:
    """A panel's title: the model in its colour, and a note in grey behind it."""
    ax.set_title(name, fontsize=NORMAL, color=colour, fontweight="bold", loc="left")
    ax.set_title(note, fontsize=SMALL, color=NOTE_COLOUR, loc="right")


def say(ax: Axes, text: str) -> None:
    """Writes in an empty panel why it is empty."""
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_color("lightgrey")
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=NORMAL)


def spaced(count: int, wanted: int) -> Array:
    """At most `wanted` indices of `count` rows, evenly spaced, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def grid(ax: Axes) -> None:
    """A pale grid behind what is drawn."""
    ax.grid(color="0.92", linewidth=0.6)
    ax.set_axisbelow(True)


def log_ticks(ax: Axes) -> None:
    """A logarithmic y axis with plain numbers at 1, 2, 5, 10, ..."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())


def defaults() -> AbstractContextManager[None]:
    """Inside, figures are drawn by matplotlib's own settings, not by the user's `matplotlibrc`."""
    return matplotlib.style.context("default")


def to_png(drawn: Figure) -> bytes:
    """The figure as PNG bytes; equal figures give equal bytes (no date, no version inside).

    In 256 colours, which nobody sees and which halves the files that git keeps.
    """
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    few = pixels.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(buffer, "PNG")
    return buffer.getvalue()


def to_svg(drawn: Figure) -> bytes:
    """The figure as SVG bytes; equal figures give equal bytes."""
    return _vector(drawn, "svg", {"Date": None, "Creator": None})


def to_pdf(drawn: Figure) -> bytes:
    """The figure as PDF bytes, for a paper; equal figures give equal bytes.

    It gets the width of a page's text and loses its title, which a caption says: letters stay as
    large as they are, the panels' notes apart, and all else is laid out anew.
    """
    width, height = drawn.get_size_inches()
    drawn.set_size_inches(TEXT_WIDTH, height * TEXT_WIDTH / width)
    drawn.suptitle("")
    for ax in drawn.axes:
        if note := ax.get_title(loc="right"):
            ax.set_title(note, fontsize=SMALL - 2, color=NOTE_COLOUR, loc="right")
    return _vector(drawn, "pdf", {"CreationDate": None})


def _vector(drawn: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    # TrueType letters, which publishers ask for; names inside an SVG are not drawn by chance
    with rc_context({"pdf.fonttype": 42, "svg.hashsalt": "ganvae"}):
        drawn.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()


FORMATS = {"png": to_png, "svg": to_svg, "pdf": to_pdf}  # what changes the figure comes last


def shown(images: Array, columns: int) -> Array:
    """Images uint8 [N, 28, 28] as one grid with `columns` a row, on a dark ground."""
    rows = math.ceil(len(images) / columns)
    height, width = images.shape[1] + 1, images.shape[2] + 1
    grid = np.full((rows * height + 1, columns * width + 1), 90, np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * height + 1, i % columns * width + 1
        grid[top : top + height - 1, left : left + width - 1] = image
    return grid
