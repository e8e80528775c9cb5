"""Nearest neighbours among features or pixels, block by block so that memory stays bounded."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ganvae.core.matmul import product

BLOCK = 500


def squared_distances(a: Tensor, b: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Squared Euclidean distances from every row of `a` [N, F] to every row of `b` [M, F].

    Yields:
        The first row's index and the distances [n, M] >= 0 of up to `BLOCK` rows of `a`. Float64
        blocks share their memory: each is good until the next is asked for.
    """
    # moved to the centre, so that |a|^2 - 2 a.b + |b|^2 cancels as little as possible
    centre = b.mean(dim=0)
    a, b = a - centre, b - centre
    norms = b.square().sum(dim=1)
    b *= -2
    shared = b.new_empty(min(BLOCK, len(a)), len(b))
    for start in range(0, len(a), BLOCK):
        rows = a[start : start + BLOCK]
        if b.dtype == torch.float64:  # into memory in use: fresh pages cost half a product
            squared = torch.addmm(norms, rows, b.T, out=shared[: len(rows)])
        else:
            squared = product(rows, b, norms)
        squared += rows.square().sum(dim=1, keepdim=True)
        yield start, squared.clamp_(min=0)


def nearest_others(features: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` < N nearest other rows of every row [N, F], nearest first.

    Returns:
        Squared distances [N, count] and indices [N, count].
    """
    found = []
    for start, squared in squared_distances(features, features):
        own = torch.arange(len(squared))
        squared[own, own + start] = torch.inf  # not a neighbour of itself
        found.append(squared.topk(count, dim=1, largest=False))
    return torch.cat([top.values for top in found]), torch.cat([top.indices for top in found])


def nearest(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """For every row of `a` [N, F] the squared distance to its nearest row of `b` and its index."""
    index = torch.cat([squared.argmin(dim=1) for _, squared in squared_distances(a, b)])
    return (a - b[index]).square().sum(dim=1), index  # taken again: equal images give equal numbers
