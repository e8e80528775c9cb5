"""Inception Score on any classifier's opinions (Salimans et al. 2016, section 4).

The reference is torch-fidelity's `isc_features_to_metric`. Which classifier gives the opinions
belongs to the metric's name: scores of different classifiers are different metrics.
"""

from itertools import pairwise

from torch import Tensor
from torch.special import entr

from ganvae.metrics.inputs import class_probabilities

SPLITS = 10


def inception_score(probabilities: Tensor, splits: int = SPLITS) -> float:
    """exp(E_x KL(p(y | x) || p(y))), averaged over `splits` consecutive parts of the images.

    KL(p(y | x) || p(y)) averaged over x is H(y) - H(y | x), the mutual information of class and
    image.

    Args:
        probabilities: the classifier's softmax [N, C], N >= `splits`, in random order.
        splits: as in the reference; each part estimates p(y) by itself.

    Returns:
        1 (one class, or no opinion) to C (all classes alike and every image sure).

    Raises:
        ValueError: rows that are no distributions, or fewer images than parts.
    """
    values = class_probabilities(probabilities)
    if not 1 <= splits <= len(values):
        raise ValueError(f"{splits} splits of {len(values)} images")
    bounds = [i * len(values) // splits for i in range(splits + 1)]
    scores = []
    for start, end in pairwise(bounds):
        part = values[start:end]
        information = entr(part.mean(dim=0)).sum() - entr(part).sum(dim=1).mean()
        scores.append(float(information.exp()))
    return sum(scores) / splits
