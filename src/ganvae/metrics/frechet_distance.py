"""Frechet distance between two sets of features (Dowson & Landau 1982; Heusel et al. 2017, eq. 6).

The reference is `calculate_frechet_distance` of pytorch-fid 0.3.0. Which features it is taken on
belongs to the metric's name: distances on different features are different metrics.
"""

from collections.abc import Sequence

import torch
from scipy import stats
from scipy.linalg import blas
from torch import Tensor

from ganvae.metrics.inputs import finite
from ganvae.metrics.interval import CONFIDENCE, Estimate

RESAMPLES = 100
CURVE_POINTS = 8
SMALLEST_SHARE = 0.2  # of the images, at the curve's first point


class Reference:
    """The Gaussian fitted to real features [N, F], N >= 2, to measure distances from.

    Raises:
        ValueError: fewer than two images, NaN or infinity.
    """

    def __init__(self, real_features: Tensor) -> None:
        real = finite(real_features, "real features", dimensions=2, at_least=2)
        ones = torch.ones(len(real), dtype=torch.float64)
        self._mean, covariance = _gaussian(real, ones)
        self._trace = covariance.trace()
        self._root = _square_root(covariance)

    def distance(self, generated_features: Tensor, weights: Tensor | None = None) -> float:
        """d^2 = |m_r - m_g|^2 + Tr(S_r + S_g - 2 (S_r S_g)^(1/2)) of the two fitted Gaussians.

        Covariances divide by N - 1, as pytorch-fid's do.

        Differs from pytorch-fid in how it takes the trace of the root, because S_r S_g has the
        same eigenvalues as the symmetric S_r^(1/2) S_g S_r^(1/2), whose roots are real whatever the
        rank: a collapsed generator (S_g = 0) or features that are always zero need no offset, and
        no imaginary part is dropped.

        Args:
            generated_features: [M, F], M >= 2.
            weights: how often each image counts, integers [M]; once by default.

        Returns:
            The squared distance, >= 0, in squared units of the features.

        Raises:
            ValueError: fewer than two images, another width, NaN or infinity.
        """
        generated = self._checked(generated_features)
        counts = torch.ones(len(generated)) if weights is None else weights
        return self._to(*_gaussian(generated, counts.double()))

    def _checked(self, generated_features: Tensor) -> Tensor:
        generated = finite(generated_features, "generated features", dimensions=2, at_least=2)
        if generated.shape[1] != len(self._mean):
            raise ValueError(f"features of width {len(self._mean)} and {generated.shape[1]}")
        return generated

    def _to(self, mean: Tensor, covariance: Tensor) -> float:
        eigenvalues = torch.linalg.eigvalsh(_symmetric(self._root @ covariance @ self._root))
        distance = (
            (self._mean - mean).square().sum()
            + self._trace
            + covariance.trace()
            - 2 * eigenvalues.clamp(min=0).sqrt().sum()
        )
        return max(0.0, float(distance))  # rounding can end just below zero

    def interval(self, generated_features: Tensor, seed: int) -> Estimate:
        """The distance with its basic bootstrap interval over the generated images.

        Basic, [2 d - q_high, 2 d - q_low] of the resamples' quantiles (Davison & Hinkley 1997,
        section 5.2), because a resample's distance is too large: repeated images make the fitted
        Gaussian look as if it came from fewer. The real images are taken as given.

        Args:
            generated_features: [M, F].
            seed: of the resampling.
        """
        generated = self._checked(generated_features)
        distance = self.distance(generated)
        centre = generated.mean(dim=0)
        centred = generated - centre  # once: a resample's own mean is near it
        count = len(generated)
        stream = torch.Generator().manual_seed(seed)
        resamples = []
        for _ in range(RESAMPLES):
            drawn = torch.randint(count, (count,), generator=stream)
            weights = torch.bincount(drawn, minlength=count).double()
            shift = weights @ centred / count
            kept = weights.nonzero().squeeze(1)  # about two thirds
            rows = centred.index_select(0, kept)
            rows *= weights[kept, None].sqrt_()
            products = _squares(rows)
            covariance = (products - count * torch.outer(shift, shift)) / (count - 1)
            resamples.append(self._to(centre + shift, covariance))
        found = torch.tensor(resamples, dtype=torch.float64)
        tail = (1 - CONFIDENCE) / 2
        low, high = found.quantile(torch.tensor([tail, 1 - tail]).double()).tolist()
        return Estimate(distance, max(0.0, 2 * distance - high), max(0.0, 2 * distance - low))

    def curve(self, generated_features: Tensor, seed: int) -> list[tuple[int, float]]:
        """Distances of random subsets of growing size, the last of them all images.

        Args:
            generated_features: [M, F].
            seed: of the subsets.

        Returns:
            `CURVE_POINTS` pairs (images, distance), at even steps between a fifth of M and M.
        """
        count = len(generated_features)
        stream = torch.Generator().manual_seed(seed)
        sizes = torch.linspace(SMALLEST_SHARE * count, count, CURVE_POINTS).round().long().tolist()
        orders = [torch.randperm(count, generator=stream) for _ in sizes]
        return [
            (size, self.distance(generated_features[order[:size]]))
            for size, order in zip(sizes, orders, strict=True)
        ]


def frechet_distance(real_features: Tensor, generated_features: Tensor) -> float:
    """The distance of two sets of features [N, F] and [M, F]; symmetric. See `Reference`."""
    return Reference(real_features).distance(generated_features)


def at_infinity(curve: Sequence[tuple[int, float]]) -> float:
    """The distance that infinitely many images would have (Chong & Forsyth 2020, FID-infinity).

    The distance of N images is biased by about c / N, so a line through the points over 1 / N meets
    the axis there. Only the generated images grow: the bias of the finite real set stays.

    Args:
        curve: at least two pairs (images, distance) with different numbers of images.

    Returns:
        The line's intercept, in squared units of the features; noise can put it just below 0.
    """
    images, distances = zip(*curve, strict=True)
    return float(stats.linregress([1 / n for n in images], distances).intercept)


def _gaussian(features: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    total = weights.sum()
    mean = weights @ features / total
    centred = features - mean
    return mean, centred.T @ (weights[:, None] * centred) / (total - 1)


def _squares(rows: Tensor) -> Tensor:
    """rows^T rows, of which only one half is computed: the other is its mirror image."""
    half = torch.from_numpy(blas.dsyrk(1.0, rows.T.numpy()))
    return half + half.triu(1).T


def _square_root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(_symmetric(covariance))
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2
