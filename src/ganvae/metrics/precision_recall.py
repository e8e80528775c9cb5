"""Precision, recall, density and coverage by nearest neighbours of features.

Precision and recall: Kynkaanniemi et al. 2019. Density and coverage: Naeem et al. 2020. The
reference for all four is the package prdc. The ball of an image reaches to its k-th nearest other
image of the same set.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from ganvae.metrics.inputs import finite
from ganvae.metrics.interval import CONFIDENCE, Estimate
from ganvae.metrics.neighbours import nearest_others, squared_distances

K = 5
GROUPS = 10


@dataclass(frozen=True)
class Neighbourhoods:
    """Who lies in whose ball.

    Attributes:
        precision: share of the generated images that lie in some real ball.
        recall: share of the real images that lie in some generated ball.
        density: mean number of real balls that a generated image lies in, over k; can pass 1.
        coverage: share of the real images in whose ball lies some generated image.
    """

    precision: float
    recall: float
    density: float
    coverage: float


class _Balls:
    """The nearest other images of every image of one set [N], to take radii from.

    More than k are kept, so that the radii without some of the images are known too.
    """

    def __init__(self, features: Tensor, k: int) -> None:
        self.k = k
        self.distances, self.indices = nearest_others(features, min(4 * k, len(features) - 1))
        self.widest = self.distances[:, -1]

    def radii(self, kept: Tensor) -> Tensor:
        """Squared radii [N] if only the images `kept` bool [N] existed."""
        if kept.all():
            return self.distances[:, self.k - 1]
        known = self.distances.masked_fill(~kept[self.indices], torch.inf).sort(dim=1).values
        # where more than 3 k of the 4 k nearest are gone, which chance does not bring about
        return known[:, self.k - 1].minimum(self.widest)


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
        self._balls = _Balls(self._real, k)

    def neighbourhoods(self, generated_features: Tensor) -> Neighbourhoods:
        """Compares both sets' balls, open as in the reference (a distance below the radius).

        Args:
            generated_features: [M, F], M > k.

        Raises:
            ValueError: not more than k images, another width, NaN or infinity.
        """
        pairs = _Pairs(self, self._checked(generated_features, at_least=self.k + 1))
        return pairs.neighbourhoods(*pairs.all)

    def estimates(self, generated_features: Tensor, seed: int) -> dict[str, Estimate]:
        """The four metrics of `neighbourhoods`, each with its interval.

        By the delete-a-group jackknife over `GROUPS` random groups of both sets (Shao & Tu 1995,
        section 2.3): real and generated images both are samples. (A bootstrap repeats images, whose
        nearest neighbour then is themselves.) Cut to the metric's range.

        Args:
            generated_features: [M, F]; both sets need 2 (k + 1) images.
            seed: of the groups.
        """
        generated = self._checked(generated_features, at_least=2 * (self.k + 1))
        finite(self._real, "real features", dimensions=2, at_least=2 * (self.k + 1))
        pairs = _Pairs(self, generated)
        value = pairs.neighbourhoods(*pairs.all)
        stream = torch.Generator().manual_seed(seed)
        groups = [torch.randperm(len(kept), generator=stream) % GROUPS for kept in pairs.all]
        found = [
            pairs.neighbourhoods(*(group != left_out for group in groups))
            for left_out in range(GROUPS)
        ]
        quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, GROUPS - 1))
        estimates = {}
        for name, mean in asdict(value).items():
            spread = np.var([getattr(without, name) for without in found])
            reach = quantile * math.sqrt((GROUPS - 1) * spread)
            most = math.inf if name == "density" else 1.0
            estimates[name] = Estimate(mean, max(0.0, mean - reach), min(most, mean + reach))
        return estimates

    def coverage(self, generated_features: Tensor) -> float:
        """The metric coverage alone, at a third of the work of `neighbourhoods`."""
        generated = self._checked(generated_features, at_least=1)
        radii = self._balls.distances[:, self.k - 1]
        found = [
            squared.min(dim=1).values < radii[start : start + len(squared)]
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


class _Pairs:
    """The pairs of a real and a generated image that are near: far fewer than all of them.

    Attributes:
        all: two masks, bool [N] and [M], that keep every image.
    """

    def __init__(self, manifold: Manifold, generated: Tensor) -> None:
        self.k = manifold.k
        self.real_balls, self.generated_balls = manifold._balls, _Balls(generated, self.k)
        self.all = (torch.ones(len(manifold._real)).bool(), torch.ones(len(generated)).bool())
        found = []
        for start, squared in squared_distances(manifold._real, generated):
            widest = self.real_balls.widest[start : start + len(squared), None]
            near = (squared < widest) | (squared < self.generated_balls.widest)
            i, j = near.nonzero(as_tuple=True)
            found.append((i + start, j, squared[i, j]))
        self.i, self.j, self.squared = (torch.cat(part) for part in zip(*found, strict=True))

    def neighbourhoods(self, real_kept: Tensor, generated_kept: Tensor) -> Neighbourhoods:
        """The metrics of the images that the masks keep."""
        real_radii = self.real_balls.radii(real_kept)
        generated_radii = self.generated_balls.radii(generated_kept)
        both = real_kept[self.i] & generated_kept[self.j]
        in_real = both & (self.squared < real_radii[self.i])
        in_generated = both & (self.squared < generated_radii[self.j])
        n, m = int(real_kept.sum()), int(generated_kept.sum())
        return Neighbourhoods(
            precision=_distinct(self.j[in_real]) / m,
            recall=_distinct(self.i[in_generated]) / n,
            density=int(in_real.sum()) / (self.k * m),
            coverage=_distinct(self.i[in_real]) / n,
        )


def _distinct(indices: Tensor) -> int:
    return int((torch.bincount(indices) > 0).sum())
