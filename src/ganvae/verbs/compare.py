"""Two studies beside each other: which models draw better in the one than in the other.

As in the main comparison, by the project's one statistical standard (docs/metrics.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ganvae.comparison.columns import column, ordered
from ganvae.comparison.compared import COMPARISON, Compared, Comparison
from ganvae.comparison.differences import differences
from ganvae.comparison.markdown import text as rendered
from ganvae.comparison.verdicts import OF_A_LIKELIHOOD, metric_tables, verdict
from ganvae.core import config, storage
from ganvae.core.config import PARAMS_FILE, leaves
from ganvae.errors import UserError
from ganvae.verbs.trained import folder_of

COLUMNS = (
    "metric", "model", "first", "second", "difference", "low", "high", "seeds", "verdict",
)  # fmt: skip
SHOWN = ("fid_classifier", "class_entropy", "coverage", "negative_elbo")


def compare(first: str | Path, second: str | Path = ".") -> pd.DataFrame:
    """Every model that both studies have, in every metric that has a better direction.

    Args:
        first: a folder with a study, such as `.conv`, or one with what is kept of a study:
            comparison.json and params.yaml, such as `metrics/conv`.
        second: the same, of the study that it is held against.

    Returns:
        `COLUMNS`, a row for a metric of a model: the means, first minus second, the ends of
        Welch's interval at the level of Holm's procedure (a family is a metric's models), the
        smaller number of seeds, and the verdict on the first. Left out: where one of both has less
        than two seeds, and -ELBO of unlike likelihoods.

    Raises:
        UserError: a study is missing or has not been compared, or both were not measured alike.
    """
    ours, theirs = _read(folder_of(first)), _read(folder_of(second))
    if unlike := _unlike(ours.settings, theirs.settings):
        raise UserError(f"{first} and {second} were not measured alike: {', '.join(unlike)}")
    records = []
    for name in ordered(_metrics(ours) & _metrics(theirs)):
        better = column(name).better
        one, other = _values(ours, name), _values(theirs, name)
        pairs = {model: (one[model], other[model]) for model in one
                 if model in other and _same_scale(ours, theirs, name, model)}  # fmt: skip
        for model, found in differences(pairs).items():
            means = (sum(values) / len(values) for values in pairs[model])
            numbers = (found.value, found.low, found.high, found.seeds)
            records.append((name, model, *means, *numbers, verdict(found, better)))
    return pd.DataFrame(records, columns=COLUMNS)


def markdown(found: pd.DataFrame, first: str | Path, second: str | Path) -> str:
    """The metrics of `SHOWN` as Markdown tables, what both studies are called in their heads."""
    names = ("here" if Path(study) == Path() else str(study) for study in (first, second))
    parts = metric_tables(
        found, SHOWN, ["", *names],
        lambda row, shown: [row["model"], shown.show(row["first"]), shown.show(row["second"])],
    )  # fmt: skip
    return rendered(parts or ["No model has two seeds in both."]) + "\n"


@dataclass(frozen=True)
class _Study:
    """What is compared of a study: settings, rows and the likelihoods of its models."""

    settings: dict[str, Any]
    rows: Mapping[str, Compared]
    likelihoods: Mapping[str, str | None]


def _read(study: Path) -> _Study:
    kept = study / COMPARISON.name
    file = kept if kept.exists() else study / COMPARISON
    if not file.exists():
        raise UserError(f"{study}: no comparison; run `dvc repro` there")
    found = storage.read_as(file, Comparison)
    params = dict(leaves(config.load(study / PARAMS_FILE)))
    likelihoods = {name: params.get(f"models.{name}.likelihood") for name in found.rows}
    return _Study(dict(leaves(found.settings.model_dump())), found.rows, likelihoods)


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """The settings that differ, each with both values."""
    keys = [key for key in dict.fromkeys([*first, *second]) if first.get(key) != second.get(key)]
    return [f"{key} {first.get(key)} and {second.get(key)}" for key in keys]


def _metrics(study: _Study) -> set[str]:
    """Those of its models that have a better direction."""
    names = {name for row in study.rows.values() for name in row.metrics}
    return {name for name in names if column(name).better}


def _values(study: _Study, metric: str) -> dict[str, list[float]]:
    """A metric's values of every model, and of its mixture, with two seeds or more."""
    found = {model: list(row.metrics[metric].seeds.values())
             for model, row in study.rows.items() if metric in row.metrics}  # fmt: skip
    return {model: values for model, values in found.items() if len(values) > 1}


def _same_scale(first: _Study, second: _Study, metric: str, model: str) -> bool:
    """False for a sum over other densities, which is another number."""
    used = {study.likelihoods.get(model) for study in (first, second)}
    return metric not in OF_A_LIKELIHOOD or len(used) == 1
