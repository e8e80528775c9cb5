"""Whether each metric sees the faults that it exists to see, and stays where nothing changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganvae.errors import UserError

SEES = 2.0  # times as far as unchanged sets lie apart
RISES, FALLS = 1, -1

# What must be seen in any data set, and the direction. All other pairs are shown, not demanded.
EXPECTED: Mapping[str, Mapping[str, int]] = {
    "class_entropy": {"missing_digit": FALLS, "one_digit": FALLS},
    "class_kl": {"missing_digit": RISES, "one_digit": RISES},
    "modes": {"missing_digit": FALLS, "one_digit": FALLS},
    "image_entropy": {"noisy": RISES, "mixed": RISES},
    "inception_score_classifier": {"one_digit": FALLS, "mixed": FALLS},
    "fid_classifier": {"missing_digit": RISES, "one_digit": RISES, "mixed": RISES},
    "fid_classifier_infinity": {"missing_digit": RISES, "one_digit": RISES, "mixed": RISES},
    "kid_classifier": {"one_digit": RISES, "mixed": RISES},
    "precision": {"mixed": FALLS},
    "recall": {"one_digit": FALLS, "mixed": FALLS},
    "density": {"mixed": FALLS},
    "coverage": {"missing_digit": FALLS, "one_digit": FALLS, "copies": FALLS, "mixed": FALLS},
    "sharpness": {"blurred": FALLS, "noisy": RISES},
    "memorization": {"copies": RISES},
}

Metrics = Mapping[str, float]


def judge(
    unchanged: Mapping[str, Sequence[Metrics]], faults: Mapping[str, Metrics]
) -> list[dict[str, Any]]:
    """Compares every metric of every fault with its values on sets without one.

    Args:
        unchanged: metric -> the metrics of at least two sets that differ by chance alone.
        faults: fault -> the metrics of a set with it.

    Returns:
        One entry per metric and fault: `metric`, `fault`, `unchanged` (mean), `apart` (largest
        minus smallest unchanged value), `faulty`, `expected` (1, -1 or 0) and `seen` (1 or -1 where
        the fault lies more than `SEES` times `apart` above or below the mean; else 0).
    """
    entries = []
    for metric, sets in unchanged.items():
        values = [found[metric] for found in sets]
        mean, apart = sum(values) / len(values), max(values) - min(values)
        for fault, found in faults.items():
            moved = found[metric] - mean
            seen = 0 if abs(moved) <= SEES * apart else (RISES if moved > 0 else FALLS)
            entries.append(
                {
                    "metric": metric,
                    "fault": fault,
                    "unchanged": mean,
                    "apart": apart,
                    "faulty": found[metric],
                    "expected": EXPECTED.get(metric, {}).get(fault, 0),
                    "seen": seen,
                }
            )
    return entries


def demand(entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises `UserError` for the first fault that a metric had to see and did not."""
    for entry in entries:
        if entry["expected"] and entry["seen"] != entry["expected"]:
            direction = "rise" if entry["expected"] == RISES else "fall"
            raise UserError(
                f"self-test: {entry['metric']} does not see {entry['fault']}: it had to "
                f"{direction} from {entry['unchanged']:.6g} by more than "
                f"{SEES * entry['apart']:.3g} and is {entry['faulty']:.6g}; "
                "too few images in evaluate.images, or a defect"
            )


def demand_equal(first: Metrics, second: Metrics) -> None:
    """Raises `UserError` where the same images did not give the same numbers again."""
    for metric, value in first.items():
        if second[metric] != value:
            raise UserError(
                f"self-test: {metric} moves though nothing changed: "
                f"{value!r} and {second[metric]!r}"
            )
