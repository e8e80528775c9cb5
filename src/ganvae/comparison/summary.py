"""From single seeds to rows: mean and spread of every metric, and who collapsed or diverged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ganvae.comparison.columns import ordered
from ganvae.comparison.measurements import Interval, Model, Study


@dataclass(frozen=True)
class Spread:
    """One metric of one row.

    Attributes:
        mean: over the seeds that have a value.
        std: sample standard deviation (ddof = 1); None for fewer than two values.
        interval: ends of the 95 % interval of one seed's own sampling error, their mean over the
            seeds; None where the metric has none.
        seeds: seed -> value; empty for a row of real data.
    """

    mean: float
    std: float | None
    interval: Interval | None = None
    seeds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: the model, or what the real images are; see `mixture_of`.
        metrics: by their names.
        images: how many of them were measured; `against` how many test images.
        training: what trained its seeds (device, versions, commit): key -> values, empty if none.
        evaluation: what evaluated it.
        finished: number of seeds; it and the next two are None but for a model.
        collapsed: how many of the finished ones have too few classes.
        diverged: how many did not finish.
        mixture_of: the model from whose decoder these images are too, by samples of a mixture
            fitted to its codes (evaluation/mixture.py); None in all other rows.
    """

    name: str
    metrics: dict[str, Spread]
    images: int
    against: int
    training: dict[str, list[str]]
    evaluation: dict[str, list[str]]
    finished: int | None = None
    collapsed: int | None = None
    diverged: int | None = None
    mixture_of: str | None = None

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of rows that differ in these are of different protocols."""
        return self.images, self.against


def spread(seeds: dict[str, float], intervals: Sequence[Interval] = ()) -> Spread:
    """Mean and sample standard deviation of a metric over `seeds` (at least one)."""
    values = np.array(list(seeds.values()))
    std = float(values.std(ddof=1)) if len(values) > 1 else None
    ends = np.array(intervals).mean(axis=0).tolist() if intervals else None
    return Spread(float(values.mean()), std, (ends[0], ends[1]) if ends else None, seeds)


def rows(study: Study) -> list[Row]:
    """The models in the order of `params.yaml`, each with its mixture; then those of real data."""
    of_models = (row for model in study.models for row in _model_rows(study, model))
    return [*of_models, *_real_rows(study)]


def mixture_name(model: str) -> str:
    """What the row of a model's mixture is called."""
    return f"{model}, mixture"


def _model_rows(study: Study, model: Model) -> list[Row]:
    own = _model_row(study, model)
    metrics = _spreads({s.seed: (s.mixture, s.mixture_intervals) for s in model.finished})
    if not metrics:
        return [own]
    of_mixture = replace(
        own,
        name=mixture_name(model.name),
        metrics=metrics,
        finished=None,
        collapsed=None,
        diverged=None,
        mixture_of=model.name,
    )
    return [own, of_mixture]


def _spreads(
    seeds: Mapping[int, tuple[Mapping[str, float], Mapping[str, Interval]]],
) -> dict[str, Spread]:
    """Metric -> its spread, of the metrics and intervals of every seed."""
    return {
        name: spread(
            {str(seed): values[name] for seed, (values, _) in seeds.items() if name in values},
            [ends[name] for _, ends in seeds.values() if name in ends],
        )
        for name in ordered({name for values, _ in seeds.values() for name in values})
    }


def _model_row(study: Study, model: Model) -> Row:
    finished = model.finished
    return Row(
        model.name,
        _spreads({seed.seed: (seed.metrics, seed.intervals) for seed in model.seeds}),
        images=study.protocol["generated_images"],
        against=study.protocol["real_images"],
        training=merged(seed.runtime for seed in model.seeds),
        evaluation=merged([model.runtime]),
        finished=len(finished),
        collapsed=sum(seed.collapsed for seed in finished),
        diverged=len(model.seeds) - len(finished),
    )


def _real_rows(study: Study) -> list[Row]:
    found = []
    for name, row in study.real.items():
        ends = {metric: (low, high) for metric, (low, high) in row["intervals"].items()}
        metrics = {
            metric: Spread(float(row["metrics"][metric]), None, ends.get(metric))
            for metric in ordered(set(row["metrics"]))
        }
        evaluation = merged([study.real_runtime])
        found.append(Row(name, metrics, row["images"], row["against"], {}, evaluation))
    return found


def merged(runtimes: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    """Every value of every key, where several machines or versions took part."""
    values: dict[str, set[str]] = {}
    for runtime in runtimes:
        for key, value in runtime.items():
            values.setdefault(key, set()).add(value)
    return {key: sorted(found) for key, found in values.items()}


def frame(table: list[Row]) -> pd.DataFrame:
    """Columns `row`, `images`, `against`, then `<metric>` and `<metric>_std`; empty without one."""
    names = ordered({name for row in table for name in row.metrics})
    columns = ["row", "images", "against", *(c for name in names for c in (name, f"{name}_std"))]
    return pd.DataFrame([_record(row) for row in table], columns=columns)


def _record(row: Row) -> dict[str, str | float | None]:
    record: dict[str, str | float | None]
    record = {"row": row.name, "images": row.images, "against": row.against}
    for name, value in row.metrics.items():
        record |= {name: value.mean, f"{name}_std": value.std}
    return record


def document(study: Study, table: list[Row]) -> dict[str, Any]:
    """`settings` (protocol, classifier, seeds, machines) and `rows`, ready for JSON."""
    return {"settings": settings(study), "rows": {row.name: _json_row(row) for row in table}}


def settings(study: Study) -> dict[str, Any]:
    """What the numbers were made with, to print beside them."""
    return {
        "data": study.params["data"]["name"],
        "protocol": study.protocol,
        "protocol_real": study.real_protocol,
        "classifier": {
            "architecture": study.params["classifier"]["architecture"],
            "test_accuracy": study.classifier_accuracy,
        },
        "seeds": study.params["train"]["seeds"],
        "runtime": {
            "training": merged(seed.runtime for model in study.models for seed in model.seeds),
            "evaluation": merged([*(model.runtime for model in study.models), study.real_runtime]),
        },
    }


def _json_row(row: Row) -> dict[str, Any]:
    counts = {
        "seeds_finished": row.finished,
        "seeds_collapsed": row.collapsed,
        "seeds_diverged": row.diverged,
    }
    return {
        "images": row.images,
        "against": row.against,
        **{name: count for name, count in counts.items() if count is not None},
        **({"mixture_of": row.mixture_of} if row.mixture_of else {}),
        "runtime": {"training": row.training, "evaluation": row.evaluation},
        **{name: _json_metric(value) for name, value in row.metrics.items()},
    }


def _json_metric(value: Spread) -> dict[str, Any]:
    low, high = value.interval or (None, None)
    return {"mean": value.mean, "std": value.std, "low": low, "high": high, "seeds": value.seeds}
