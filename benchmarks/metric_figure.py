"""The figure of the metrics' benchmark, from its result file."""

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, StrMethodFormatter

from benchmarks.metric_cases import OURS
from benchmarks.metric_tables import LEAST_MIB, at, measured_sizes
from ganvae.figures import style

UNITS = {"seconds": "s", "mib": "MiB"}
DASHES = ("-", "--", ":")  # of a package's calls: as it comes, then with options


def growth(report: Mapping[str, Any], dpi: int) -> Figure:
    """Seconds and memory over the number of images: two panels per metric, both axes log."""
    sides = dict.fromkeys(
        side for described in report["metrics"].values() for side in (OURS, *described["differs"])
    )
    looks = {side: _look(side, list(sides)) for side in sides}
    wanted = [(metric, what) for metric in report["metrics"] for what in UNITS]
    drawn, axes = style.panels(
        len(wanted), 1.8, dpi, "Time and memory of the metrics over the number of images", columns=4
    )
    for ax, (metric, what) in zip(axes, wanted, strict=True):
        _panel(ax, report, metric, what, looks)
    over = Line2D(
        [], [], color="dimgrey", marker="x", linestyle="none", label="no number: see the table"
    )
    handles = [Line2D([], [], label=side, **look) for side, look in looks.items()]
    drawn.legend(
        handles=[*handles, over], loc="outside lower center", ncols=4, fontsize=style.SMALL
    )
    return drawn


def _look(side: str, sides: list[str]) -> dict[str, Any]:
    package = side.split(",")[0]
    packages = list(dict.fromkeys(one.split(",")[0] for one in sides))
    variants = [one for one in sides if one.split(",")[0] == package]
    colour = style.PALETTE[packages.index(package) % len(style.PALETTE)]
    return {"color": colour, "linestyle": DASHES[variants.index(side) % len(DASHES)]}


def _panel(
    ax: Axes,
    report: Mapping[str, Any],
    metric: str,
    what: str,
    looks: Mapping[str, Mapping[str, Any]],
) -> None:
    sizes = measured_sizes(report)
    ax.set_xscale("log")
    ax.set_yscale("log")
    drawn: list[float] = []
    for place, side in enumerate((OURS, *report["metrics"][metric]["differs"])):
        found = [(images, at(report, images)[metric, side]) for images in sizes]
        costs = {images: one[what] for images, one in found if "reason" not in one}
        heights = [max(LEAST_MIB, cost) if what == "mib" else cost for cost in costs.values()]
        ax.plot(list(costs), heights, marker=".", linewidth=1.2, **looks[side])
        drawn += heights
        over = [images for images, one in found if "reason" in one]
        ax.plot(
            over,
            [0.94 - 0.1 * place] * len(over),  # of their own each, or one would hide another
            marker="x",
            color=looks[side]["color"],
            linestyle="none",
            transform=ax.get_xaxis_transform(),
        )
    if drawn:  # whole decades, so that steepness compares
        low, high = math.floor(math.log10(min(drawn))), math.ceil(math.log10(max(drawn)))
        ax.set_ylim(10.0**low, 10.0 ** max(high, low + 1))
    ax.set_xticks(sizes)
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.yaxis.set_major_locator(LogLocator(numticks=5))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    ax.grid(alpha=0.3)
    ax.set_ylabel(UNITS[what], fontsize=style.SMALL)
    if what == "seconds":
        ax.set_title(metric, fontsize=style.SMALL, fontweight="bold", loc="left")
