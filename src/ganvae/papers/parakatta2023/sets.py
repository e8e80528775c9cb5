"""MNIST beside FashionMNIST: the five models' metrics on both, and how their orders compare.

MNIST's are the main pipeline's, with the settings of `fashion_*`, read from its comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy import stats

from ganvae.comparison.compared import COMPARISON, Comparison
from ganvae.comparison.summary import Spread
from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.papers.shared.results import Results

MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
METRICS = ("fid_classifier", "sharpness", "precision", "recall", "coverage", "class_entropy")

Scores = dict[str, dict[str, Spread | None]]


@dataclass(frozen=True)
class Sets:
    """Metric -> model -> its seeds, on both sets of images."""

    mnist: Scores
    fashion: Scores

    def named(self) -> dict[str, Scores]:
        """By the sets' names."""
        return {"MNIST": self.mnist, "FashionMNIST": self.fashion}


def read(results: Results, comparison: Path = COMPARISON) -> Sets:
    """Both sets' metrics of `MODELS`.

    Raises:
        UserError: the comparison is missing or damaged, of other images, or lacks a model.
    """
    found = storage.read_as(comparison, Comparison)
    if found.settings.data != "mnist":
        raise UserError(f"{comparison}: of {found.settings.data}; mnist expected")
    missing = [model for model in MODELS if model not in found.rows]
    if missing:
        raise UserError(f"{comparison}: no row {', '.join(missing)}")
    rows = {model: found.rows[model].metrics for model in MODELS}
    mnist = {
        metric: {
            model: own[metric].spread if metric in own else None for model, own in rows.items()
        }
        for metric in METRICS
    }
    fashion = {
        metric: {model: results[f"fashion_{model}"].metric(metric) for model in MODELS}
        for metric in METRICS
    }
    return Sets(mnist, fashion)


def order(scores: Scores, metric: str = "fid_classifier") -> list[str]:
    """The models from the lowest mean on; one without a finished seed is left out."""
    found = {model: value.mean for model, value in scores[metric].items() if value is not None}
    return sorted(found, key=lambda model: found[model])


def table(sets: Sets) -> pd.DataFrame:
    """One row per set and model: seeds, and `<metric>`, `<metric>_std` of `METRICS`; FID's rank."""
    rows = []
    for name, scores in sets.named().items():
        ranks = order(scores)
        for model in MODELS:
            fid = scores["fid_classifier"][model]
            row: dict[str, object] = {"data": name, "model": model}
            row["seeds"] = len(fid.seeds) if fid else 0
            row["rank"] = ranks.index(model) + 1 if fid else None
            for metric in METRICS:
                value = scores[metric][model]
                row[metric] = value.mean if value else None
                row[f"{metric}_std"] = value.std if value else None
            rows.append(row)
    return pd.DataFrame(rows).astype({"rank": "Int64"})


def agreement(sets: Mapping[str, Scores]) -> pd.DataFrame:
    """Spearman's rho of FID and sharpness over all seeds of all models, by set."""
    rows = []
    for name, scores in sets.items():
        points = [
            (fid.seeds[seed], sharp.seeds[seed])
            for model in MODELS
            if (fid := scores["fid_classifier"][model]) and (sharp := scores["sharpness"][model])
            for seed in fid.seeds
        ]
        fids, sharpnesses = [p[0] for p in points], [p[1] for p in points]
        found = stats.spearmanr(fids, sharpnesses) if len(points) > 2 else None
        rows.append(
            {
                "data": name,
                "seeds": len(points),
                "rho_fid_sharpness": found.statistic if found else None,
                "p": found.pvalue if found else None,
            }
        )
    return pd.DataFrame(rows)
