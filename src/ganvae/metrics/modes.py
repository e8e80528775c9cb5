"""How many of the classes a generator draws at all."""

from torch import Tensor

from ganvae.metrics.class_entropy import shares

PARTS = 10


def modes_covered(histogram: Tensor, real_histogram: Tensor) -> int:
    """The number of classes that get at least a tenth of their share among real images.

    Differs from counting classes with at least one image (Srivastava et al. 2017, VEEGAN), because
    among 10,000 images a few mistakes of the classifier fill every class of a collapsed generator.

    Args:
        histogram: generated images per class [C].
        real_histogram: real images per class [C].

    Returns:
        1 to C; a class without real images counts as covered.

    Raises:
        ValueError: another shape, negative counts, or no image.
    """
    if histogram.shape != real_histogram.shape:
        raise ValueError(f"shapes {tuple(histogram.shape)} and {tuple(real_histogram.shape)}")
    shares(histogram), shares(real_histogram)  # checked; compared as integers, without rounding
    least = real_histogram * histogram.sum()
    return int((PARTS * histogram * real_histogram.sum() >= least).sum())
