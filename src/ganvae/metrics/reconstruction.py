"""How far an image is from its reconstruction."""

import torch
from torch import Tensor

from ganvae.metrics.inputs import finite

PART = 1000  # images at a time: float64 copies of all of them would be large


def reconstruction_mse(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean squared error per pixel, with pixels on the scale from 0 to 1.

    A quarter of the error on the images' own range [-1, 1].

    Args:
        images: [N, 1, H, W] in [-1, 1].
        reconstructions: the same shape and range.

    Returns:
        float64 [N], from 0 to 1.

    Raises:
        ValueError: shapes that differ, no image, NaN or infinity.
    """
    if images.shape != reconstructions.shape:
        raise ValueError(f"shapes {tuple(images.shape)} and {tuple(reconstructions.shape)} differ")
    found = []
    for part, other in zip(
        torch.split(images, PART), torch.split(reconstructions, PART), strict=True
    ):
        difference = finite(part, "images", dimensions=4) - finite(
            other, "reconstructions", dimensions=4
        )
        found.append(difference.square().flatten(1).mean(dim=1) / 4)
    return torch.cat(found)
