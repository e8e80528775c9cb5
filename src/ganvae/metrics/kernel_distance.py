"""Kernel distance: squared maximum mean discrepancy of features (Binkowski et al. 2018).

The reference is torch-fidelity's `kernel_mmd` with its defaults: polynomial kernel of degree 3,
unbiased estimate. Which features it is taken on belongs to the metric's name.
"""

import math

import torch
from scipy import stats
from torch import Tensor

from ganvae.metrics.inputs import finite
from ganvae.metrics.interval import CONFIDENCE, Estimate

SUBSET = 1000
LEAST = 5  # subsets; with fewer the interval says nothing


def squared_mmd(real: Tensor, generated: Tensor) -> float:
    """Unbiased MMD^2 under k(x, y) = (x . y / F + 1)^3 (Binkowski et al. 2018, eq. 4).

    Args:
        real: features [N, F], N >= 2.
        generated: features [M, F], M >= 2.

    Returns:
        About 0 for equal distributions, then as often below as above.
    """
    n, m = len(real), len(generated)
    within = [
        (kernel.sum() - kernel.diagonal().sum()) / (len(kernel) * (len(kernel) - 1))
        for kernel in (_kernel(real, real), _kernel(generated, generated))
    ]
    between = _kernel(real, generated).sum() / (n * m)
    return float(within[0] + within[1] - 2 * between)


def kernel_distance(
    real_features: Tensor, generated_features: Tensor, subset: int = SUBSET
) -> Estimate:
    """Mean of `squared_mmd` over disjoint subsets, with the t interval of that mean.

    Differs from the reference, which draws 100 overlapping subsets, because estimates on disjoint
    ones are independent: their mean has an interval that holds.

    Args:
        real_features: [N, F] in random order.
        generated_features: [M, F] in random order.
        subset: images per subset, as many subsets as the smaller side fills; what is left over on
            either side takes no part. With fewer images than `LEAST` subsets, they are smaller.

    Returns:
        MMD^2 in units of the kernel, with a 95 % interval.

    Raises:
        ValueError: fewer than ten images on a side, widths that differ, NaN or infinity, or
            features too large to be cubed.
    """
    real = finite(real_features, "real features", dimensions=2, at_least=2 * LEAST)
    generated = finite(generated_features, "generated features", dimensions=2, at_least=2 * LEAST)
    if real.shape[1] != generated.shape[1]:
        raise ValueError(f"features of width {real.shape[1]} and {generated.shape[1]}")
    size = min(subset, len(real) // LEAST, len(generated) // LEAST)
    pairs = zip(torch.split(real, size), torch.split(generated, size), strict=False)
    found = torch.tensor(
        [squared_mmd(a, b) for a, b in pairs if len(a) == len(b) == size], dtype=torch.float64
    )
    if not found.isfinite().all():
        raise ValueError("features: too large for the kernel")
    mean, error = float(found.mean()), float(found.std()) / math.sqrt(len(found))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(found) - 1)) * error
    return Estimate(mean, mean - reach, mean + reach)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T).div_(a.shape[1]).add_(1).pow_(3)  # in place: no fresh pages
