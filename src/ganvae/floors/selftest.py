"""Whether each metric sees the faults that it exists to see, and stays where nothing changed."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from ganvae.errors import UserError

FALSE_ALARM = 0.001  # probability that a metric counts as moved by chance, if values are normal
UNCHANGED = "unchanged"  # the fault that is none
RISES, FALLS = 1, -1

# What must be seen in any data set, and the direction. All other pairs are shown, not demanded.
EXPECTED: Mapping[str, Mapping[str, int]] = {
    "class_entropy": {"missing_class": FALLS, "one_class": FALLS},
    "class_kl": {"missing_class": RISES, "one_class": RISES},
    "modes": {"one_class": FALLS},  # a judge with 3 % mistakes fills a missing class
    "image_entropy": {"mixed": RISES},
    "inception_score_classifier": {"one_class": FALLS, "mixed": FALLS},
    "fid_classifier": {"missing_class": RISES, "one_class": RISES, "mixed": RISES},
    "fid_classifier_infinity": {"one_class": RISES, "mixed": RISES},
    "kid_classifier": {"one_class": RISES, "mixed": RISES},
    "precision": {"mixed": FALLS},  # see `expected`; blind to the blob, nearly so to noise
    "recall": {"one_class": FALLS, "noisy": FALLS, "blob": FALLS, "mixed": FALLS},
    "density": {"mixed": FALLS},
    "coverage": {
        "one_class": FALLS,
        "noisy": FALLS,
        "copies": FALLS,
        "blob": FALLS,
        "mixed": FALLS,
    },
    "sharpness": {"blurred": FALLS, "noisy": RISES},
    "memorization": {"copies": RISES},
    "memorization_neighbours": {},  # read beside memorization
}

OF_NOISE = (("recall", "noisy"), ("coverage", "noisy"))
# The features of mi2018's perceptron put mixed and noisy images among the real ones.
NOT_BY_A_PERCEPTRON = (("precision", "mixed"), *OF_NOISE)
# Among few images the neighbourhoods are so wide that noise does not lead out of them.
NOT_AMONG_FEW = OF_NOISE
FEW = 500
# What fewer images than these do not show for sure: subsets of MNIST, `benchmarks.selftest`. On the
# data that the test is made for it is seen, and demanded, with fewer.
SEEN_FROM = {
    ("fid_classifier", "missing_class"): 1000,
    ("precision", "mixed"): 2000,
    ("kid_classifier", "mixed"): 500,
}

Metrics = Mapping[str, float]


def expected(
    architecture: str,
    images: int,
    metrics: Collection[str],
    faults: Collection[str],
    *,
    strict: bool,
) -> dict[str, dict[str, int]]:
    """What a judge must see: metric -> fault -> direction.

    Args:
        architecture: the judge's, "cnn" or "mlp".
        images: of a set, or of the real ones that it is measured against, whichever are fewer.
        metrics: those that were measured; of one class alone some are not.
        faults: those that were planted.
        strict: whether these are the data that the test is made for.
    """
    blind = {
        *(NOT_BY_A_PERCEPTRON if architecture == "mlp" else ()),
        *(NOT_AMONG_FEW if images < FEW else ()),
        *(() if strict else (pair for pair, least in SEEN_FROM.items() if images < least)),
    }
    return {
        metric: {
            fault: way
            for fault, way in EXPECTED[metric].items()
            if fault in faults and (metric, fault) not in blind
        }
        for metric in EXPECTED
        if metric in metrics
    }


def compare(
    unchanged: Sequence[Metrics],
    faults: Mapping[str, Metrics],
    wanted: Mapping[str, Mapping[str, int]],
    alarm: float = FALSE_ALARM,
) -> list[dict[str, Any]]:
    """Compares every metric of every fault with its values on sets without one.

    A fault counts as seen where it lies outside the prediction interval for one more unchanged set,
    mean +- t(k - 1) s sqrt(1 + 1 / k) of k sets, at the level `FALSE_ALARM`.

    Args:
        unchanged: the metrics of at least two sets that differ by chance alone.
        faults: fault -> the metrics of a set with it.
        wanted: what `expected` returned.
        alarm: the level for the set in which nothing changed.

    Returns:
        One entry per metric and fault: `metric`, `fault`, `mean` and `reach` (at its level) of the
        unchanged sets, `faulty`, `expected` (1, -1 or 0), `seen` (1 above, -1 below the interval,
        0 within) and `told`: "seen" or "not seen" where the metric exists to see the fault, "moved"
        where it moved though nothing had changed, else empty.

    Raises:
        ValueError: fewer than two unchanged sets, NaN or infinity.
    """
    entries = []
    for metric in unchanged[0] if unchanged else wanted:
        values = np.array([found[metric] for found in unchanged])
        if len(values) < 2 or not np.isfinite(values).all():
            raise ValueError(f"{metric}: two or more finite unchanged values expected: {values}")
        for fault, found in faults.items():
            level = alarm if fault == UNCHANGED else FALSE_ALARM
            quantile = stats.t.ppf(1 - level / 2, len(values) - 1)
            reach = float(quantile * values.std(ddof=1) * math.sqrt(1 + 1 / len(values)))
            moved = found[metric] - float(values.mean())
            if not math.isfinite(moved):
                raise ValueError(f"{metric}: {found[metric]} for {fault}")
            entries.append(
                {
                    "metric": metric,
                    "fault": fault,
                    "mean": float(values.mean()),
                    "reach": reach,
                    "faulty": found[metric],
                    "expected": wanted.get(metric, {}).get(fault, 0),
                    "seen": 0 if abs(moved) <= reach else (RISES if moved > 0 else FALLS),
                }
            )
    return [{**entry, "told": _told(entry)} for entry in entries]


def _told(entry: Mapping[str, Any]) -> str:
    if entry["fault"] == UNCHANGED:
        return "moved" if entry["seen"] else ""
    if not entry["expected"]:
        return ""
    return "seen" if entry["seen"] == entry["expected"] else "not seen"


def failures(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a metric had to see and did not, or saw where nothing is, in words."""
    return [
        f"{e['metric']} moves though nothing changed"
        if e["told"] == "moved"
        else f"{e['metric']} does not see {e['fault'].replace('_', ' ')}"
        for e in entries
        if e["told"] in ("moved", "not seen")
    ]


def demand(entries: Sequence[Mapping[str, Any]], wanted: Mapping[str, Mapping[str, int]]) -> None:
    """Raises `UserError` for what a metric had to see and did not, or saw where nothing is."""
    found = {(entry["metric"], entry["fault"]): entry for entry in entries}
    for metric, faults in wanted.items():
        for fault, direction in {**faults, UNCHANGED: 0}.items():
            entry = found.get((metric, fault))
            if entry is None:
                raise UserError(f"self-test: {metric} was not measured on {fault}")
            if entry["seen"] != direction:
                way = {RISES: "rise above", FALLS: "fall below", 0: "stay in"}[direction]
                raise UserError(
                    f"self-test: {metric} on {fault}: had to {way} "
                    f"{entry['mean']:.6g} +- {entry['reach']:.3g}, is {entry['faulty']:.6g}: "
                    "too few images in evaluate.images, a poor classifier, or a defect"
                )


def demand_equal(first: Metrics, second: Metrics) -> None:
    """Raises `UserError` where the same images did not give the same numbers again."""
    for metric, value in first.items():
        if second[metric] != value:
            raise UserError(
                f"self-test: {metric} moves though nothing changed: "
                f"{value!r} and {second[metric]!r}"
            )
