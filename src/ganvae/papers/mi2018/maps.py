"""The experiment `map` as a figure: results over lambda and d."""

import pandas as pd
from matplotlib.figure import Figure

from ganvae.figures import heatmaps


def draw(measured: pd.DataFrame, title: str, dpi: int) -> Figure:
    """Maps of the means over the seeds that finished, and of how many collapsed or diverged.

    Args:
        measured: rows of `map.csv` with one `hinge` and one `l_gan_on`, see `experiments.map`.
        title: the figure's.
        dpi: resolution in dots per inch.
    """
    ends = {
        "collapsed": measured["collapsed"].map({True: 1.0, False: 0.0}),
        "diverged": (measured["state"] == "diverged").astype(float),
    }
    cells = measured.assign(**ends).groupby(["d", "lambda"])
    counts = cells[list(ends)].sum(min_count=1)  # NaN where every seed diverged, not 0 collapsed
    quantities = [name for name in heatmaps.LOOKS if name not in ends]
    maps = cells[quantities].mean().join(counts).unstack("lambda")
    return heatmaps.sensitivity(
        {name: maps[name].to_numpy() for name in heatmaps.LOOKS},
        sorted(measured["lambda"].unique()),
        sorted(measured["d"].unique()),
        measured["seed"].nunique(),
        title,
        dpi,
    )
