"""Sharpness: how strong an image's second derivatives are; "blurry" as a number.

The variance of the Laplacian is a measure of focus (Pech-Pacheco et al. 2000).
"""

from scipy import ndimage
from torch import Tensor, from_numpy

from ganvae.metrics.inputs import finite


def laplacian_variance(images: Tensor) -> Tensor:
    """Variance over the pixels of the discrete Laplacian, whose four neighbours weigh 1.

    Args:
        images: [N, 1, H, W].

    Returns:
        float64 [N], >= 0; 0 for a constant image, in squared units of the pixels.

    Raises:
        ValueError: another number of dimensions, no image, NaN or infinity.
    """
    pixels = finite(images, "images", dimensions=4).squeeze(1).numpy()
    return from_numpy(ndimage.laplace(pixels, axes=(1, 2))).flatten(1).var(dim=1, correction=0)


def sharpness(images: Tensor, real_images: Tensor) -> float:
    """Mean `laplacian_variance` of the images relative to that of real ones.

    Args:
        images: [N, 1, H, W].
        real_images: [M, 1, H, W], on the same scale.

    Returns:
        >= 0: 1 as sharp as the real images, below blurred, above noisy or too hard.

    Raises:
        ValueError: no image, NaN or infinity, or real images without any edge.
    """
    real = float(laplacian_variance(real_images).mean())
    if real == 0:
        raise ValueError("real images: all constant, no sharpness to compare with")
    return float(laplacian_variance(images).mean()) / real
