"""Sharpness: how strong an image's second derivatives are; "blurry" as a number.

The variance of the Laplacian is a measure of focus (Pech-Pacheco et al. 2000).
"""

import torch
from scipy import ndimage
from torch import Tensor, from_numpy

from ganvae.metrics.inputs import pixels

PART = 1000  # images at a time: float64 copies of all of them would be large


def laplacian_variance(images: Tensor) -> Tensor:
    """Variance over the pixels of the discrete Laplacian, whose four neighbours weigh 1.

    Args:
        images: [N, 1, H, W] in [-1, 1].

    Returns:
        float64 [N], >= 0; 0 for a constant image, in squared units of the pixels.

    Raises:
        ValueError: another shape or range, no image, NaN or infinity.
    """
    found = []
    for part in torch.split(images, PART):
        grey = pixels(part, "images").squeeze(1).numpy()
        laplacian = from_numpy(ndimage.laplace(grey, axes=(1, 2)))
        found.append(laplacian.flatten(1).var(dim=1, correction=0))
    return torch.cat(found)


def mean_laplacian_variance(real_images: Tensor) -> Tensor:
    """What `sharpness` measures against: the mean of `laplacian_variance`, a float64 scalar > 0.

    Raises:
        ValueError: another shape or range, no image, NaN, or images without any edge.
    """
    mean = laplacian_variance(real_images).mean()
    if mean == 0:
        raise ValueError("real images: all constant, no sharpness to compare with")
    return mean


def sharpness(images: Tensor, real: Tensor) -> Tensor:
    """`laplacian_variance` of every image relative to the mean of the real ones.

    Args:
        images: [N, 1, H, W] in [-1, 1].
        real: `mean_laplacian_variance` of real images of the same size.

    Returns:
        float64 [N], >= 0; the mean is the metric: 1 as sharp as the real images, below it blurred,
        above it noisy or too hard.

    Raises:
        ValueError: another shape or range, no image, NaN.
    """
    return laplacian_variance(images) / real
