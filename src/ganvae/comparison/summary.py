"""From single seeds to rows: mean and spread of every metric, and who collapsed or diverged."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ganvae.comparison.measurements import Model, Study

ORDER = (
    "class_entropy",
    "image_entropy",
    "fid_classifier",
    "reconstruction_mse",
    "negative_elbo",
    "reconstruction_nats",
    "kl_nats",
    "parameters",
    "generator_updates",
    "train_seconds",
    "train_images_per_second",
    "peak_memory_mib",
)


@dataclass(frozen=True)
class Spread:
    """One metric of one row.

    Attributes:
        mean: over the seeds that have a value.
        std: sample standard deviation (ddof = 1); None for fewer than two values.
        seeds: seed -> value; empty for a row of real data.
    """

    mean: float
    std: float | None
    seeds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of the table; the seed counts are None for real data."""

    name: str
    metrics: dict[str, Spread]
    finished: int | None = None
    collapsed: int | None = None
    diverged: int | None = None


def spread(seeds: dict[str, float]) -> Spread:
    """Mean and sample standard deviation of a metric over `seeds` (at least one)."""
    values = np.array(list(seeds.values()))
    std = float(values.std(ddof=1)) if len(values) > 1 else None
    return Spread(float(values.mean()), std, seeds)


def rows(study: Study) -> list[Row]:
    """The models in the order of `params.yaml`, then the rows of real data."""
    return [*map(_model_row, study.models), *_real_rows(study)]


def _model_row(model: Model) -> Row:
    names = _ordered({name for seed in model.seeds for name in seed.metrics})
    metrics = {
        name: spread({str(s.seed): s.metrics[name] for s in model.seeds if name in s.metrics})
        for name in names
    }
    finished = model.finished
    collapsed = sum(seed.collapsed for seed in finished)
    return Row(model.name, metrics, len(finished), collapsed, len(model.seeds) - len(finished))


def _real_rows(study: Study) -> list[Row]:
    return [
        Row(name, {m: Spread(float(row["metrics"][m]), None) for m in _ordered(row["metrics"])})
        for name, row in study.real.items()
    ]


def _ordered(names: Any) -> list[str]:
    """Known metrics in the table's order, any further ones behind them by name."""
    return sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else 999, name))


def frame(table: list[Row]) -> pd.DataFrame:
    """Columns `row`, then `<metric>` and `<metric>_std`; empty where a row has no such value."""
    names = _ordered({name for row in table for name in row.metrics})
    columns = ["row", *(column for name in names for column in (name, f"{name}_std"))]
    return pd.DataFrame([_record(row) for row in table], columns=columns)


def _record(row: Row) -> dict[str, str | float | None]:
    record: dict[str, str | float | None] = {"row": row.name}
    for name, value in row.metrics.items():
        record |= {name: value.mean, f"{name}_std": value.std}
    return record


def document(study: Study, table: list[Row]) -> dict[str, Any]:
    """`settings` (protocol, classifier, seeds, machines) and `rows`, ready for JSON."""
    return {"settings": settings(study), "rows": {row.name: _json_row(row) for row in table}}


def settings(study: Study) -> dict[str, Any]:
    """What the numbers were made with, to print beside them."""
    runtimes = [seed.runtime for model in study.models for seed in model.seeds]
    keys = list(dict.fromkeys(key for runtime in runtimes for key in runtime))
    return {
        "data": study.params["data"]["name"],
        "protocol": study.protocol,
        "protocol_real": study.real_protocol,
        "classifier": {
            "architecture": study.params["classifier"]["architecture"],
            "test_accuracy": study.classifier_accuracy,
        },
        "seeds": study.params["train"]["seeds"],
        "runtime": {key: sorted({r[key] for r in runtimes if key in r}) for key in keys},
    }


def _json_row(row: Row) -> dict[str, Any]:
    counts = {
        "seeds_finished": row.finished,
        "seeds_collapsed": row.collapsed,
        "seeds_diverged": row.diverged,
    }
    metrics = {
        name: {"mean": s.mean, "std": s.std, "seeds": s.seeds} for name, s in row.metrics.items()
    }
    return metrics | {name: count for name, count in counts.items() if count is not None}
