"""What the figures show of a model's networks: the same latent vectors for every model."""

import torch
from torch import Tensor

from ganvae.core.machine import Noise, seed_for

SAMPLES = 100
INTERPOLATIONS = 8
INTERPOLATION_POINTS = 10
SNAPSHOT_SAMPLES = 10
RECONSTRUCTIONS = 20
LATENT_POINTS = 2000

CPU = torch.device("cpu")


def sample_grid(latent_dim: int) -> Tensor:
    """The latent vectors of the sample grids [SAMPLES, D], the same for every model and seed."""
    return Noise(seed_for(0, "grid"), CPU).normal(SAMPLES, latent_dim)


def interpolations(latent_dim: int) -> Tensor:
    """Latent vectors along great circles between fixed pairs of samples of N(0, I).

    Directions turn at a constant rate and norms change linearly, because the middle of a straight
    line is shorter than nearly all samples of the prior (White 2016, "Sampling generative
    networks").
    Straight where the pair has no circle of its own (parallel, as always with D = 1).

    Returns:
        [INTERPOLATIONS x INTERPOLATION_POINTS, D], row by row.
    """
    ends = Noise(seed_for(0, "interpolations"), CPU).normal(2, INTERPOLATIONS, 1, latent_dim)
    start, end = ends.double()
    start_norm, end_norm = ends.double().norm(dim=3, keepdim=True)
    t = torch.linspace(0, 1, INTERPOLATION_POINTS, dtype=torch.float64).unsqueeze(1)
    cosine = (start * end).sum(dim=2, keepdim=True) / (start_norm * end_norm)
    angle = cosine.clamp(-1, 1).acos()
    directions = ((1 - t) * angle).sin() * start / start_norm + (t * angle).sin() * end / end_norm
    norms = (1 - t) * start_norm + t * end_norm
    circle = directions / angle.sin() * norms
    between = torch.where(angle.sin() > 1e-4, circle, (1 - t) * start + t * end)
    return between.flatten(0, 1).float()


def latent_plane(means: Tensor) -> Tensor:
    """The posterior means on their first two principal axes.

    An axis's sign is arbitrary; here its largest component is positive, so that it is the same on
    every run.

    Args:
        means: [N, D]; with D = 1 the second coordinate is 0.

    Returns:
        float32 [N, 2].
    """
    centred = means.double() - means.double().mean(dim=0)
    _, vectors = torch.linalg.eigh(centred.T @ centred)  # ascending eigenvalues
    axes = vectors.flip(1)[:, :2]
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
    plane = centred @ (axes * largest.sign())
    return torch.nn.functional.pad(plane, (0, 2 - plane.shape[1])).float()
