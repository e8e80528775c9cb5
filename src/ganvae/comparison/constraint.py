"""What a training's history says of the condition L_gan <= d of the constrained VAE-GAN.

A row of a history holds means over the updates since the row before, so rows count by their
updates: the last one may cover fewer steps than the others, and with `discriminator_steps` above 1
a row can cover more updates than the next, or none.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ACTIVE = "autoencoder.active"
L_GAN = "autoencoder.l_gan"
LAST = 0.05  # share of the training at its end: one batch's L_gan says little


def active_share(history: pd.DataFrame, every: int = 1) -> float | None:
    """Share of the autoencoder's updates at which L_gan > d.

    Args:
        history: columns `step` and `autoencoder.active`, one row per some steps, from the start.
        every: the autoencoder takes part in every n-th step (`discriminator_steps`).

    Returns:
        From 0 to 1; None for a history without the column or without an update.
    """
    return _mean(history, ACTIVE, every) if ACTIVE in history else None


def excess(history: pd.DataFrame, d: float) -> pd.DataFrame:
    """By how much the condition is violated along training: below 0 where it holds.

    Args:
        history: columns `images_seen`, `autoencoder.l_gan` and `autoencoder.active`.
        d: the bound on L_gan in nats.

    Returns:
        Columns `images_seen`, `l_gan_minus_d` in nats and `active`, one row per row with an update;
        empty for a history without the columns.
    """
    if L_GAN not in history:
        return pd.DataFrame(columns=["images_seen", "l_gan_minus_d", "active"], dtype=float)
    seen = history.loc[history[L_GAN].notna(), ["images_seen", L_GAN, ACTIVE]]
    seen = seen.rename(columns={L_GAN: "l_gan_minus_d", ACTIVE: "active"}).reset_index(drop=True)
    return seen.assign(l_gan_minus_d=seen["l_gan_minus_d"] - d)


def final_excess(history: pd.DataFrame, d: float, every: int = 1) -> float | None:
    """L_gan - d in nats, the mean over the updates of the rows in the last `LAST` of the training.

    Args:
        history: columns `step` and `autoencoder.l_gan`, one row per some steps, from the start.
        d: the bound on L_gan in nats.
        every: the autoencoder takes part in every n-th step (`discriminator_steps`).

    Returns:
        None for a history without the column or without an update there.
    """
    if L_GAN not in history:
        return None
    mean = _mean(history, L_GAN, every, after=(1 - LAST) * float(history["step"].max()))
    return None if mean is None else mean - d


def _mean(history: pd.DataFrame, column: str, every: int, after: float = 0.0) -> float | None:
    """The mean over the updates of the rows that end later than step `after`."""
    steps: NDArray[np.int64] = history["step"].to_numpy(dtype=np.int64)
    values: NDArray[np.float64] = history[column].to_numpy(dtype=np.float64)
    updates = np.diff(steps // every, prepend=0)
    counted = (steps > after) & ~np.isnan(values) & (updates > 0)
    if not counted.any():
        return None
    return float(np.average(values[counted], weights=updates[counted]))
