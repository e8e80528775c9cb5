"""Several seeds' curves as one mean with a band."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def band(seeds: Sequence[pd.DataFrame], x: str, y: str) -> pd.DataFrame:
    """Mean, min and max of column `y` over the seeds at each `x` (the index).

    Missing and non-finite values are left out: a value of an update that takes part in every n-th
    step is empty where a row saw none of them.
    """
    parts = [seed[[x, y]] for seed in seeds if y in seed]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=[x, y], dtype=float)
    finite = table[np.isfinite(table[y].astype(float))]
    return finite.groupby(x)[y].agg(["mean", "min", "max"])
