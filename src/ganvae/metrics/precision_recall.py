"""Precision, recall, density and coverage by nearest neighbours of features.

Precision and recall: Kynkaanniemi et al. 2019. Density and coverage: Naeem et al. 2020. The
reference for all four is the package prdc. The ball of an image reaches to its k-th nearest other
image of the same set.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvae.metrics.inputs import finite
from ganvae.metrics.neighbours import kth_nearest, squared_distances

K = 5


@dataclass(frozen=True)
class Neighbourhoods:
    """Who lies in whose ball; the mean of each is the metric of its name.

    Attributes:
        precision: per generated image [M], 1 where it lies in some real ball.
        recall: per real image [N], 1 where it lies in some generated ball.
        density: per generated image [M], the real balls that it lies in over k; can pass 1.
        coverage: per real image [N], 1 where some generated image lies in its ball.
    """

    precision: Tensor
    recall: Tensor
    density: Tensor
    coverage: Tensor


class Manifold:
    """Real features with the balls around them, to compare several generated sets with.

    Args:
        real_features: [N, F], N > k.
        k: which neighbour sets the radius, in both sets.

    Raises:
        ValueError: not more than k images, NaN or infinity.
    """

    def __init__(self, real_features: Tensor, k: int = K) -> None:
        self.k = k
        self._real = finite(real_features, "real features", dimensions=2, at_least=k + 1)
        self._radii = kth_nearest(self._real, k)

    def neighbourhoods(self, generated_features: Tensor) -> Neighbourhoods:
        """Compares both sets' balls, open as in the reference (a distance below the radius).

        Args:
            generated_features: [M, F], M > k.

        Raises:
            ValueError: not more than k images, another width, NaN or infinity.
        """
        generated = self._checked(generated_features, at_least=self.k + 1)
        generated_radii = kth_nearest(generated, self.k)
        balls = torch.zeros(len(generated), dtype=torch.float64)
        recall, coverage = [], []
        for start, squared in squared_distances(self._real, generated):
            inside = squared < self._radii[start : start + len(squared), None]
            balls += inside.sum(dim=0)
            coverage.append(inside.any(dim=1))
            recall.append((squared < generated_radii).any(dim=1))
        return Neighbourhoods(
            precision=(balls > 0).double(),
            recall=torch.cat(recall).double(),
            density=balls / self.k,
            coverage=torch.cat(coverage).double(),
        )

    def coverage(self, generated_features: Tensor) -> float:
        """The metric coverage alone, at a third of the work of `neighbourhoods`."""
        generated = self._checked(generated_features, at_least=1)
        found = [
            squared.min(dim=1).values < self._radii[start : start + len(squared)]
            for start, squared in squared_distances(self._real, generated)
        ]
        return float(torch.cat(found).double().mean())

    def _checked(self, generated_features: Tensor, at_least: int) -> Tensor:
        generated = finite(
            generated_features, "generated features", dimensions=2, at_least=at_least
        )
        if generated.shape[1] != self._real.shape[1]:
            raise ValueError(f"features of width {self._real.shape[1]} and {generated.shape[1]}")
        return generated
