"""A number with the interval of its own sampling error, apart from the spread over seeds."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from torch import Tensor

from ganvae.metrics.inputs import finite

CONFIDENCE = 0.95
RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A metric's value with a 95 % interval.

    Attributes:
        value: the metric itself.
        low: the interval's lower end.
        high: its upper end, >= `low`; not always around `value`, where that is biased.
    """

    value: float
    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        return self.low, self.high


def mean_with_interval(values: Tensor, seed: int) -> Estimate:
    """The mean of per-image values with its percentile bootstrap interval (Efron 1979).

    Args:
        values: one number per image [N].
        seed: of the resampling.

    Raises:
        ValueError: no image, or a value that is not finite.
    """
    array = finite(values, "values", dimensions=1).numpy()
    mean = float(array.mean())
    if (array == array[0]).all():  # every resample is the same
        return Estimate(mean, mean, mean)
    found = stats.bootstrap(
        (array,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=50,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(mean, float(found.low), float(found.high))
