"""Which model is better than which, metric by metric, and how sure that is."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from ganvae.comparison.columns import HIGHER, Column, column, ordered
from ganvae.comparison.differences import SEEDS_FOR_A_VERDICT, Difference, differences
from ganvae.comparison.facts import likelihoods
from ganvae.comparison.measurements import Study
from ganvae.comparison.summary import Row
from ganvae.comparison.tables import Part, table

COLUMNS = ("metric", "first", "second", "difference", "low", "high", "seeds", "verdict")
SHOWN = ("fid_classifier", "class_entropy", "negative_elbo")
BETTER, WORSE = "better", "worse"
OF_A_LIKELIHOOD = {"negative_elbo"}  # a sum over other densities is another number
Pairs = dict[tuple[str, str], tuple[list[float], list[float]]]


def frame(study: Study, rows: Sequence[Row]) -> pd.DataFrame:
    """All pairs of models in all metrics that have a better direction; Holm's family is a metric.

    A model's mixture is no further model: it is held against its own model alone, in a family of
    the mixtures and after the models' pairs.

    Columns `COLUMNS`: `difference` is first minus second, `low` and `high` the ends of its interval
    (see differences.py), `seeds` the smaller number of the two, `verdict` on the first model.
    Models with fewer than two values are left out, and pairs of different likelihoods in -ELBO.
    """
    models = [row for row in rows if row.finished is not None]
    names = {name for row in models for name in row.metrics if column(name).better}
    records = []
    for name in ordered(names):
        families = {**_family(study, models, name), **_mixtures(rows, name)}
        for (first, second), found in families.items():
            numbers = (found.value, found.low, found.high, found.seeds)
            records.append((name, first, second, *numbers, verdict(found, column(name).better)))
    return pd.DataFrame(records, columns=COLUMNS)


def _family(study: Study, rows: Sequence[Row], name: str) -> Mapping[tuple[str, str], Difference]:
    values = {row.name: list(row.metrics[name].seeds.values()) for row in rows
              if name in row.metrics}  # fmt: skip
    used = likelihoods(study)
    pairs: Pairs = {
        (first, second): (values[first], values[second])
        for first, second in combinations([m for m in values if len(values[m]) > 1], 2)
        if name not in OF_A_LIKELIHOOD or used.get(first) == used.get(second)
    }
    found = differences({f"{first} - {second}": pairs[first, second] for first, second in pairs})
    return dict(zip(pairs, found.values(), strict=True))


def _mixtures(rows: Sequence[Row], name: str) -> Mapping[tuple[str, str], Difference]:
    """Each mixture beside its own model: one decoder, so their difference is taken seed by seed."""
    models = {row.name: row for row in rows}
    changes: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.mixture_of and name in row.metrics:
            prior, sampled = models[row.mixture_of].metrics[name].seeds, row.metrics[name].seeds
            changes[row.name, row.mixture_of] = [sampled[s] - prior[s] for s in sampled]
    several = {pair: change for pair, change in changes.items() if len(change) > 1}
    found = differences({" - ".join(pair): (change, 0.0) for pair, change in several.items()})
    return dict(zip(several, found.values(), strict=True))


def verdict(found: Difference, better: int) -> str:
    """ "better" or "worse", of the first model, where the interval excludes zero.

    Args:
        found: first minus second.
        better: the metric's direction, `HIGHER` or `LOWER`.
    """
    if found.seeds < SEEDS_FOR_A_VERDICT:
        return f"no verdict ({found.seeds} seeds)"
    if not found.verdict:
        return "no difference shown"
    return BETTER if found.verdict == better else WORSE


def best(found: pd.DataFrame, rows: Sequence[Row]) -> set[tuple[str, str]]:
    """Pairs (model, metric): the model is shown to be better than every other that has the metric.

    Args:
        found: what `frame` returned.
        rows: of the models alone.
    """
    marked = set()
    for metric, records in found.groupby("metric", sort=False):
        names = [row.name for row in rows if str(metric) in row.metrics]
        for name in names:
            if len(names) > 1 and beaten(records, name) >= {*names} - {name}:
                marked.add((name, str(metric)))
    return marked


def beaten(records: pd.DataFrame, name: str) -> set[str]:
    """The models than which `name` is shown to be better, by the rows of `frame` of one metric."""
    first = records[(records["first"] == name) & (records["verdict"] == BETTER)]["second"]
    second = records[(records["second"] == name) & (records["verdict"] == WORSE)]["first"]
    return {*first, *second}


def parts(rows: Sequence[Row], found: pd.DataFrame) -> list[Part]:
    """One table for each metric of `SHOWN`, and which models are in none."""
    said = metric_tables(found, SHOWN, [""], lambda r, _: [f"{r['first']} - {r['second']}"])
    few = [row.name for row in rows if row.finished is not None and row.finished < 2]
    if few:
        said.append(f"Fewer than two finished seeds, so left out: {', '.join(few)}.")
    return said or ["No two models to compare."]


def metric_tables(
    found: pd.DataFrame,
    metrics: Sequence[str],
    heads: Sequence[str],
    cells: Callable[[Mapping[Any, Any], Column], list[str]],
) -> list[Part]:
    """A table for each metric: what is compared, the difference, its interval, the verdict.

    Args:
        found: rows with `metric`, `difference`, `low`, `high` and `verdict`.
        metrics: which have a table, where `found` has rows of them.
        heads: of the columns before the difference; `cells` fills them for a row.
    """
    said: list[Part] = []
    for name in metrics:
        shown, records = column(name), found[found["metric"] == name].to_dict("records")
        if records:
            direction = "higher" if shown.better == HIGHER else "lower"
            lines = [[*cells(r, shown), *_difference(r, shown)] for r in records]
            spans = [(r["low"], r["difference"], r["high"]) for r in records]
            said += [
                f"**{shown.title}**, {direction} is better:",
                table([*heads, "difference", "interval", "verdict"], lines, spans=spans),
            ]
    return said


def _difference(record: Mapping[Any, Any], shown: Column) -> list[str]:
    def signed(value: float) -> str:
        text = shown.show(value)
        return text if value < 0 or not text.strip("0.,") else f"+{text}"

    low, high = signed(record["low"]), signed(record["high"])
    return [signed(record["difference"]), f"[{low}, {high}]", record["verdict"]]
