"""The project's statistical standard: differences over seeds, with intervals that tell them apart.

Welch 1947 (unequal variances), Student's t against a fixed number; several comparisons at once by
Holm 1979. docs/metrics.md states it.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

ALPHA = 0.05
SEEDS_FOR_A_VERDICT = 5


@dataclass(frozen=True)
class Difference:
    """How much larger a metric's mean is in one model than in another.

    Attributes:
        value: mean of the first minus mean of the second.
        low: lower end of the Welch interval at the level that Holm's procedure reached.
        high: its upper end.
        seeds: the smaller number of seeds of the two; a fixed number has none.
    """

    value: float
    low: float
    high: float
    seeds: int

    @property
    def sign(self) -> int:
        """1 (larger) or -1 (smaller) where the interval excludes zero, else 0."""
        return 0 if self.low <= 0 <= self.high else 1 if self.value > 0 else -1

    @property
    def verdict(self) -> int:
        """The sign in the main comparison, which asks for more seeds."""
        return self.sign if self.seeds >= SEEDS_FOR_A_VERDICT else 0


Pair = tuple[Sequence[float], Sequence[float] | float]


def differences(pairs: Mapping[str, Pair]) -> dict[str, Difference]:
    """Compares the seeds of several pairs of models; one family of comparisons.

    Holm holds the i-th smallest of m p-values against alpha / (m - i + 1), up to the first that
    fails; its level stands for all that follow. Intervals at these levels exclude zero just where
    Holm rejects; they match his decisions and are no joint 95 % intervals.

    Args:
        pairs: name -> the values of both models, at least two each; the second may be a fixed
            number.

    Returns:
        By the same names.

    Raises:
        ValueError: fewer than two values, NaN or infinity.
    """
    for name, pair in pairs.items():
        seeds = [values for values in pair if not isinstance(values, float)]
        if any(len(values) < 2 for values in seeds) or not all(np.isfinite(v).all() for v in pair):
            raise ValueError(f"{name}: two or more finite values on each side expected")
    p_values = {name: _welch(pair, ALPHA)[0] for name, pair in pairs.items()}
    found, failed = {}, False
    level = ALPHA
    for i, name in enumerate(sorted(pairs, key=lambda name: p_values[name])):
        if not failed:
            level = ALPHA / (len(pairs) - i)
            failed = p_values[name] > level
        first, second = pairs[name]
        _, low, high = _welch(pairs[name], level)
        value = low if low == high else float(np.mean(first) - np.mean(second))
        counts = [len(values) for values in (first, second) if not isinstance(values, float)]
        found[name] = Difference(value, low, high, min(counts))
    return {name: found[name] for name in pairs}


def _welch(pair: Pair, level: float) -> tuple[float, float, float]:
    """The p-value and the ends of the interval at 1 - `level`."""
    first, second = (np.atleast_1d(np.asarray(values, dtype=float)) for values in pair)
    if np.ptp(first) == 0 == np.ptp(second):  # no spread at all: the difference is what it is
        value = float(first[0] - second[0])
        return float(value == 0), value, value
    with warnings.catch_warnings():
        # of one side without spread, such as ten modes in every seed, whose variance of 0 is exact
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        result: Any = (
            stats.ttest_1samp(first - pair[1], 0.0)
            if isinstance(pair[1], float)
            else stats.ttest_ind(first, second, equal_var=False)
        )
    interval = result.confidence_interval(1 - level)
    return float(result.pvalue), float(interval.low), float(interval.high)
