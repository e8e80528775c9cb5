"""Entropy of the judge's opinion of a single image (mi2018, section 3.3): low where it is sure."""

import torch
from torch import Tensor

from ganvae.metrics.inputs import class_probabilities


def image_entropy(probabilities: Tensor) -> Tensor:
    """-sum_i p_ki log p_ki of every image k (mi2018, section 3.3).

    Differs from the text, which drops the minus sign, because an entropy is not negative.

    Args:
        probabilities: the judge's softmax [N, C].

    Returns:
        Nats per image, float64 [N], from 0 to ln C.

    Raises:
        ValueError: no probabilities, or no image.
    """
    entropies: Tensor = torch.special.entr(class_probabilities(probabilities)).sum(dim=1)
    return entropies
