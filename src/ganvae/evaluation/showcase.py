"""What the figures show of a model's networks: the same latent vectors for every model."""

import torch
from torch import Tensor

from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for

SAMPLES = 100
INTERPOLATIONS = 8
INTERPOLATION_POINTS = 10
SNAPSHOT_SAMPLES = 10
RECONSTRUCTIONS = 20
LATENT_POINTS = 2000


def sample_grid(latent_dim: int) -> Tensor:
    """The latent vectors of the sample grids [SAMPLES, D], the same for every model and seed."""
    return Noise(seed_for(0, "grid"), CPU).normal(SAMPLES, latent_dim)


def interpolations(latent_dim: int) -> Tensor:
    """`walks` between fixed pairs of samples of N(0, I).

    Returns:
        [INTERPOLATIONS x INTERPOLATION_POINTS, D], row by row.
    """
    start, end = Noise(seed_for(0, "interpolations"), CPU).normal(2, INTERPOLATIONS, latent_dim)
    return walks(start, end, INTERPOLATION_POINTS).flatten(0, 1)


def walks(start: Tensor, end: Tensor, points: int) -> Tensor:
    """Latent vectors along great circles, both ends included.

    Directions turn at a constant rate and norms change linearly, because the middle of a straight
    line is shorter than nearly all samples of the prior (White 2016, "Sampling generative
    networks").
    Straight where a pair has no circle of its own (parallel, as always with D = 1).

    Args:
        start: [N, D].
        end: [N, D], of each walk.
        points: P, two or more.

    Returns:
        float32 [N, P, D].
    """
    ends = torch.stack([start, end]).double().unsqueeze(2)
    start, end = ends
    start_norm, end_norm = ends.norm(dim=3, keepdim=True)
    t = torch.linspace(0, 1, points, dtype=torch.float64).unsqueeze(1)
    cosine = (start * end).sum(dim=2, keepdim=True) / (start_norm * end_norm)
    angle = cosine.clamp(-1, 1).acos()
    directions = ((1 - t) * angle).sin() * start / start_norm + (t * angle).sin() * end / end_norm
    norms = (1 - t) * start_norm + t * end_norm
    circle = directions / angle.sin() * norms
    return torch.where(angle.sin() > 1e-4, circle, (1 - t) * start + t * end).float()


def principal_axes(means: Tensor) -> tuple[Tensor, Tensor]:
    """The first two principal axes of posterior means, and the standard deviations along them.

    An axis's sign is arbitrary; here its largest component is positive, so that it is the same on
    every run.

    Args:
        means: [N, D].

    Returns:
        float64 [D, 2] and [2]; with D = 1 only one of each.
    """
    centred = means.double() - means.double().mean(dim=0)
    squares, vectors = torch.linalg.eigh(centred.T @ centred)  # ascending eigenvalues
    axes = vectors.flip(1)[:, :2]
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
    variances = squares.flip(0)[:2].clamp(min=0) / max(1, len(means) - 1)
    return axes * largest.sign(), variances.sqrt()


def latent_plane(means: Tensor) -> Tensor:
    """The posterior means on their first two principal axes.

    Args:
        means: [N, D]; with D = 1 the second coordinate is 0.

    Returns:
        float32 [N, 2].
    """
    axes, _ = principal_axes(means)
    plane = (means.double() - means.double().mean(dim=0)) @ axes
    return torch.nn.functional.pad(plane, (0, 2 - plane.shape[1])).float()
