"""InfoGAN's lower bound on the mutual information of codes and images (Chen et al. 2016, eq. 5)."""

import math

from torch import Tensor
from torch.nn.functional import cross_entropy


def code_nats(logits: Tensor, means: Tensor, *, labels: Tensor, codes: Tensor) -> Tensor:
    """-E[log Q(c | G(z, c))]: minimising it over generator and Q maximises the bound L_I.

    The entropy H(c) of eq. 5 is constant and left out. Q is a categorical distribution for the
    class and a Gaussian of variance 1 for every continuous code (section 5's factored form).

    Args:
        logits: Q's of the classes [N, 10].
        means: Q's of the continuous codes [N, K].
        labels: the classes that the images were made of [N].
        codes: the continuous codes [N, K].

    Returns:
        Scalar in nats per image, >= K ln(2 pi) / 2.
    """
    gaussian = 0.5 * ((codes - means).square() + math.log(2 * math.pi)).sum(dim=1)
    return cross_entropy(logits, labels) + gaussian.mean()
