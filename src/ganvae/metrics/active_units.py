"""How many latent dimensions carry information about the image."""

from torch import Tensor

from ganvae.metrics.inputs import finite

THRESHOLD = 0.01


def active_units(means: Tensor) -> int:
    """The number of dimensions u with Var_x(E_q(u | x)[u]) > 0.01 (Burda et al. 2016, section 5.2).

    The variance divides by N - 1.

    Args:
        means: posterior means [N, D], N >= 2.

    Returns:
        0 (posterior collapse: z says nothing of x) to D.

    Raises:
        ValueError: fewer than two images, NaN or infinity.
    """
    values = finite(means, "posterior means", dimensions=2, at_least=2)
    return int((values.var(dim=0) > THRESHOLD).sum())
