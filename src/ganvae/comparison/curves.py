"""Tables behind the curves of `dvc plots`: one long table per plot, one value column each."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvae.comparison import budget
from ganvae.comparison.constraint import ACTIVE, excess
from ganvae.comparison.measurements import REAL, Model, Study
from ganvae.figures.bands import band


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """File stem -> table."""
    return {
        "class_entropy": timeline(study, "class_entropy"),
        "coverage": timeline(study, "coverage"),
        "fid_classifier": timeline(study, "fid_classifier"),
        "class_histogram_timeline": class_histogram_timeline(study),
        "losses": losses(study),
        "constraint": constraints(study),
        "class_histogram": class_histogram(study),
        "frechet_curve": frechet_curve(study),
        "budget": budget.course(study),
    }


def timeline(study: Study, metric: str) -> pd.DataFrame:
    """Columns model, seed, step, images_seen, `metric`; one row per snapshot of each seed."""
    columns = ["model", "seed", "step", "images_seen", metric]
    parts = [
        seed.timeline.assign(model=model.name, seed=seed.seed)[columns].dropna()
        for model in study.models
        for seed in model.seeds
        if len(seed.timeline)
    ]
    return _joined(parts, columns)


def class_histogram_timeline(study: Study) -> pd.DataFrame:
    """Columns model, images_seen, class, share (mean over finished seeds)."""
    rows = [
        (model.name, images_seen, name, share)
        for model in study.models
        for seed in model.finished
        for images_seen, histogram in zip(
            seed.timeline["images_seen"], seed.timeline["class_histogram"], strict=True
        )
        for name, share in zip(study.classes.names, to_shares(histogram), strict=True)
    ]
    keys = ["model", "images_seen", "class"]
    table = pd.DataFrame(rows, columns=[*keys, "share"])
    return table.groupby(keys, sort=False)["share"].mean().reset_index()


def frechet_curve(study: Study) -> pd.DataFrame:
    """Columns model, seed, images, one_by_images, fid_classifier; the real images come last.

    Random subsets of growing size; the row with one_by_images = 0 and no `images` is the value
    extrapolated to infinitely many (metrics/frechet_distance.py).
    """
    curves = [
        (model.name, seed.seed, seed.frechet_curve, seed.metrics["fid_classifier_infinity"])
        for model in study.models
        for seed in model.finished
    ]
    real = study.real[REAL]
    curves.append((REAL, 0, real["frechet_curve"], real["metrics"]["fid_classifier_infinity"]))
    rows = [
        (name, seed, *point)
        for name, seed, curve, infinity in curves
        for point in [(None, 0.0, infinity), *((n, 1 / n, d) for n, d in reversed(curve))]
    ]
    columns = ["model", "seed", "images", "one_by_images", "fid_classifier"]
    return pd.DataFrame(rows, columns=columns).astype({"images": "Int64"})


def constraints(study: Study) -> pd.DataFrame:
    """Columns model, seed, images_seen, l_gan_minus_d; empty if no model has a constraint."""
    columns = ["model", "seed", "images_seen", "l_gan_minus_d"]
    parts = [
        excess(seed.history, study.params["models"][model.name]["d"]).assign(
            model=model.name, seed=seed.seed
        )[columns]
        for model in study.models
        for seed in model.seeds
        if ACTIVE in seed.history
    ]
    return _joined(parts, columns)


def losses(study: Study) -> pd.DataFrame:
    """Columns series ("<model> <update>.<name>"), images_seen, value (mean of finished seeds)."""
    columns = ["series", "images_seen", "value"]
    parts = []
    for model in study.models:
        seeds = [seed.history for seed in model.finished]
        for name in series(model):
            mean = band(seeds, "images_seen", name)["mean"].reset_index(name="value")
            parts.append(mean.assign(series=f"{model.name} {name}")[columns])
    return _joined([part for part in parts if len(part)], columns)


def class_histogram(study: Study) -> pd.DataFrame:
    """Columns model, class, share (mean over finished seeds); the real images' row comes last."""
    histograms = {
        model.name: [seed.class_histogram for seed in model.finished] for model in study.models
    }
    histograms[REAL] = [study.real[REAL]["class_histogram"]]
    columns = ["model", "class", "share"]
    return pd.DataFrame(
        [
            (name, label, share)
            for name, seeds in histograms.items()
            if seeds
            for label, share in zip(
                study.classes.names,
                np.mean([to_shares(seed) for seed in seeds], axis=0),
                strict=True,
            )
        ],
        columns=columns,
    )


def series(model: Model) -> list[str]:
    """The columns `<update>.<name>` of a model's history, in the file's order."""
    columns = (column for seed in model.seeds for column in seed.history.columns)
    return [column for column in dict.fromkeys(columns) if "." in column]


def to_shares(histogram: list[float]) -> NDArray[Any]:
    """Counts (or shares) per class as shares that sum to 1."""
    counts = np.asarray(histogram, dtype=float)
    return np.asarray(counts / counts.sum())


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
