"""Two studies beside each other: which models draw better in the one than in the other.

As in the main comparison, by the project's one statistical standard (docs/metrics.md).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ganvae.comparison.columns import column, ordered
from ganvae.comparison.compared import COMPARISON, Compared, Comparison
from ganvae.comparison.differences import differences
from ganvae.comparison.markdown import text as rendered
from ganvae.comparison.measurements import REAL
from ganvae.comparison.verdicts import OF_A_LIKELIHOOD, metric_tables, verdict
from ganvae.core import config, storage
from ganvae.core.config import PARAMS_FILE, leaves
from ganvae.errors import UserError
from ganvae.verbs.trained import folder_of

COLUMNS = (
    "metric", "model", "first", "second", "difference", "low", "high", "seeds", "verdict",
)  # fmt: skip
FID = "fid_classifier"
REAL_AS_CLOSE = 0.01  # between machines; another classifier's FID is another by more
SHOWN = ("fid_classifier", "class_entropy", "coverage", "negative_elbo")


def compare(first: str | Path, second: str | Path = ".") -> pd.DataFrame:
    """Every model that both studies have, in every metric that has a better direction.

    Args:
        first: a folder with a study, such as `.conv`, or one with what is kept of a study:
            comparison.json and params.yaml, such as `metrics/conv`.
        second: the same, of the study that it is held against.

    Returns:
        `COLUMNS`, a row for a metric of a model: the means, first minus second, the ends of
        Welch's interval at the level of Holm's procedure (a family is a metric's models, another
        their mixtures), the smaller number of seeds, and the verdict on the first. Left out: where
        one of both has less than two seeds, and -ELBO of unlike likelihoods.

    Raises:
        UserError: a study is missing or has not been compared, or both were not measured alike.
    """
    ours, theirs = _read(folder_of(first)), _read(folder_of(second))
    if lines := unlike(ours.comparison, theirs.comparison):
        raise UserError(f"{first} and {second} were not measured alike: {', '.join(lines)}")
    records = []
    for name in ordered(_metrics(ours) & _metrics(theirs)):
        pairs = _pairs(ours, theirs, name)
        mixtures = {m: pair for m, pair in pairs.items() if ours.rows[m].mixture_of}
        models = {m: pair for m, pair in pairs.items() if m not in mixtures}
        found = differences(models) | differences(mixtures)
        for model, (one, other) in pairs.items():
            means, of = (sum(one) / len(one), sum(other) / len(other)), found[model]
            numbers = (of.value, of.low, of.high, of.seeds)
            records.append((name, model, *means, *numbers, verdict(of, column(name).better)))
    return pd.DataFrame(records, columns=COLUMNS)


def markdown(found: pd.DataFrame, first: str | Path, second: str | Path) -> str:
    """The metrics of `SHOWN` as Markdown tables, what both studies are called in their heads."""
    names = ("here" if Path(study) == Path() else str(study) for study in (first, second))
    parts = metric_tables(
        found, SHOWN, ["", *names],
        lambda row, shown: [row["model"], shown.show(row["first"]), shown.show(row["second"])],
    )  # fmt: skip
    return rendered(parts or ["No model has two seeds in both."]) + "\n"


def unlike(first: Comparison, second: Comparison) -> list[str]:
    """What was not measured alike in two studies, each with both values.

    The settings, and FID of real images, which another classifier or other images change.
    """
    both = [dict(leaves(study.settings.model_dump())) for study in (first, second)]
    pairs = {key: (both[0].get(key), both[1].get(key)) for key in {**both[0], **both[1]}}
    lines = [f"{key} {one} and {other}" for key, (one, other) in pairs.items() if one != other]
    real = [study.rows[REAL].metrics.get(FID) for study in (first, second) if REAL in study.rows]
    means = [metric.mean for metric in real if metric]
    if not lines and len(means) == 2 and not math.isclose(*means, rel_tol=REAL_AS_CLOSE):
        lines.append(f"FID of real images {means[0]:.4g} and {means[1]:.4g}: another classifier")
    return lines


@dataclass(frozen=True)
class _Study:
    """What is compared of a study: its comparison and the likelihoods of its models."""

    comparison: Comparison
    likelihoods: Mapping[str, str | None]

    @property
    def rows(self) -> Mapping[str, Compared]:
        """By their names."""
        return self.comparison.rows


def _read(study: Path) -> _Study:
    kept = study / COMPARISON.name
    file = kept if kept.exists() else study / COMPARISON
    if not file.exists():
        raise UserError(f"{study}: no comparison; run `dvc repro` there")
    found = storage.read_as(file, Comparison)
    params = dict(leaves(config.load(study / PARAMS_FILE)))
    likelihoods = {name: params.get(f"models.{name}.likelihood") for name in found.rows}
    return _Study(found, likelihoods)


def _metrics(study: _Study) -> set[str]:
    """Those of its models that have a better direction."""
    names = {name for row in study.rows.values() for name in row.metrics}
    return {name for name in names if column(name).better}


def _pairs(
    first: _Study, second: _Study, metric: str
) -> dict[str, tuple[list[float], list[float]]]:
    """Both studies' values of every model, and of its mixture, that has two seeds in each."""
    pairs = {}
    for model, row in first.rows.items():
        other = second.rows.get(model)
        if other and metric in row.metrics and metric in other.metrics:
            values = [list(found.metrics[metric].seeds.values()) for found in (row, other)]
            if min(map(len, values)) > 1 and _same_scale(first, second, metric, model):
                pairs[model] = (values[0], values[1])
    return pairs


def _same_scale(first: _Study, second: _Study, metric: str, model: str) -> bool:
    """False for a sum over other densities, which is another number."""
    used = {study.likelihoods.get(model) for study in (first, second)}
    return metric not in OF_A_LIKELIHOOD or len(used) == 1
