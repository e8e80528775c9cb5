"""The importance-weighted bound on -log p(x), tighter than -ELBO (Burda et al. 2016, eq. 8)."""

import math

from torch import Tensor

from ganvae.metrics.inputs import finite


def importance_bound(log_weights: Tensor) -> Tensor:
    """-log (1 / K sum_k w_k) per image, with w_k = p(x | z_k) p(z_k) / q(z_k | x).

    A stochastic upper bound on -log p(x): -ELBO at K = 1, on average falling with K towards
    -log p(x). A bound on a likelihood only where p(x | z) is one: binarised pixels for Bernoulli.

    Args:
        log_weights: [N, K], z_k ~ q(z | x).

    Returns:
        Nats per image, float64 [N].

    Raises:
        ValueError: another number of dimensions, no image, NaN or infinity.
    """
    values = finite(log_weights, "log weights", dimensions=2)
    if not values.shape[1]:
        raise ValueError("log weights: no sample")
    return math.log(values.shape[1]) - values.logsumexp(dim=1)
