"""Frechet distance between two sets of features (Dowson & Landau 1982; Heusel et al. 2017, eq. 6).

The reference is `calculate_frechet_distance` of pytorch-fid 0.3.0. Which features it is taken on
belongs to the metric's name: distances on different features are different metrics.
"""

import torch
from torch import Tensor

from ganvae.metrics.inputs import finite


def frechet_distance(real_features: Tensor, generated_features: Tensor) -> float:
    """d^2 = |m_r - m_g|^2 + Tr(S_r + S_g - 2 (S_r S_g)^(1/2)) of the two fitted Gaussians.

    Covariances divide by N - 1, as pytorch-fid's do. Symmetric in its arguments.

    Differs from pytorch-fid in how it takes the trace of the root, because S_r S_g has the same
    eigenvalues as the symmetric S_r^(1/2) S_g S_r^(1/2), whose roots are real whatever the rank: a
    collapsed generator (S_g = 0) or features that are always zero need no offset, and no imaginary
    part is dropped.

    Args:
        real_features: [N, F].
        generated_features: [M, F]; M may differ from N.

    Returns:
        The squared distance, >= 0, in squared units of the features.

    Raises:
        ValueError: fewer than two images on a side, feature widths that differ, NaN or infinity.
    """
    real = finite(real_features, "real features", dimensions=2, at_least=2)
    generated = finite(generated_features, "generated features", dimensions=2, at_least=2)
    if real.shape[1] != generated.shape[1]:
        raise ValueError(f"features of width {real.shape[1]} and {generated.shape[1]}")
    real_mean, real_covariance = _gaussian(real)
    generated_mean, generated_covariance = _gaussian(generated)
    root = _square_root(real_covariance)
    eigenvalues = torch.linalg.eigvalsh(_symmetric(root @ generated_covariance @ root))
    distance = (
        (real_mean - generated_mean).square().sum()
        + real_covariance.trace()
        + generated_covariance.trace()
        - 2 * eigenvalues.clamp(min=0).sqrt().sum()
    )
    return max(0.0, float(distance))  # rounding can end just below zero


def _gaussian(features: Tensor) -> tuple[Tensor, Tensor]:
    mean = features.mean(dim=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def _square_root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(_symmetric(covariance))
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2
