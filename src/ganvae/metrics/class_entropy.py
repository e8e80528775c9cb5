"""Entropy of the classes a generator draws (mi2018, section 3.2): 0 where it draws only one."""

import torch
from torch import Tensor

from ganvae.metrics.inputs import class_probabilities


def class_histogram(probabilities: Tensor) -> Tensor:
    """How many images the judge takes for each class.

    Args:
        probabilities: the judge's softmax [N, C].

    Returns:
        Counts int64 [C]; they sum to N.

    Raises:
        ValueError: no probabilities, or no image.
    """
    values = class_probabilities(probabilities)
    return torch.bincount(values.argmax(dim=1), minlength=values.shape[1])


def class_entropy(histogram: Tensor) -> float:
    """H = -sum_i p_i log p_i with p_i the share of images taken for class i (mi2018, section 3.2).

    The logarithm is natural, as the published values up to 2.28 tell, and 0 log 0 = 0.

    Args:
        histogram: counts per class [C].

    Returns:
        Nats, from 0 (one class) to ln C (all alike; 2.3026 for ten).

    Raises:
        ValueError: not one-dimensional, negative counts, or no image at all.
    """
    return float(torch.special.entr(shares(histogram)).sum())


def shares(histogram: Tensor) -> Tensor:
    """Counts per class [C] as shares that sum to 1, float64 [C].

    Raises:
        ValueError: not one-dimensional, negative counts, or no image at all.
    """
    usable = histogram.dim() == 1 and bool(histogram.isfinite().all())
    if not usable or (histogram < 0).any() or not histogram.any():
        raise ValueError(f"histogram: counts of at least one image expected, got {histogram}")
    return histogram.double() / histogram.sum()
