"""Tables behind the curves of `dvc plots`: one long table per plot, one value column each."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvae.comparison.measurements import REAL, Model, Study
from ganvae.figures.bands import band


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """File stem -> table."""
    return {
        "class_entropy": class_entropy(study),
        "losses": losses(study),
        "class_histogram": class_histogram(study),
    }


def class_entropy(study: Study) -> pd.DataFrame:
    """Columns model, seed, step, images_seen, class_entropy; one row per snapshot of each seed."""
    columns = ["model", "seed", "step", "images_seen", "class_entropy"]
    parts = [
        seed.timeline.assign(model=model.name, seed=seed.seed)[columns].dropna()
        for model in study.models
        for seed in model.seeds
        if len(seed.timeline)
    ]
    return _joined(parts, columns)


def losses(study: Study) -> pd.DataFrame:
    """Columns series ("<model> <update>.<record>"), images_seen, value (mean of finished seeds)."""
    columns = ["series", "images_seen", "value"]
    parts = []
    for model in study.models:
        seeds = [seed.history for seed in model.finished]
        for record in records(model):
            mean = band(seeds, "images_seen", record)["mean"].reset_index(name="value")
            parts.append(mean.assign(series=f"{model.name} {record}")[columns])
    return _joined([part for part in parts if len(part)], columns)


def class_histogram(study: Study) -> pd.DataFrame:
    """Columns model, digit, share (mean over finished seeds); the real images' row comes last."""
    histograms = {
        model.name: [seed.class_histogram for seed in model.finished] for model in study.models
    }
    histograms[REAL] = [study.real[REAL]["class_histogram"]]
    columns = ["model", "digit", "share"]
    return pd.DataFrame(
        [
            (name, digit, share)
            for name, seeds in histograms.items()
            if seeds
            for digit, share in enumerate(np.mean([to_shares(seed) for seed in seeds], axis=0))
        ],
        columns=columns,
    )


def records(model: Model) -> list[str]:
    """The recorded columns `<update>.<record>` of a model's history, in the file's order."""
    columns = (column for seed in model.seeds for column in seed.history.columns)
    return [column for column in dict.fromkeys(columns) if "." in column]


def to_shares(histogram: list[float]) -> NDArray[Any]:
    """Counts (or shares) per digit as shares that sum to 1."""
    counts = np.asarray(histogram, dtype=float)
    return np.asarray(counts / counts.sum())


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
