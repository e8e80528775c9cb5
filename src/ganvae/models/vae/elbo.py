"""The negative evidence lower bound in nats per image (Kingma & Welling 2014; mi2018 eq. 6).

-ELBO = -E_q[log p(x | z)] + KL(q(z | x) || N(0, I)), minimised. Everything is per image: summed
over pixels or latent dimensions, not yet averaged over the batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def bernoulli_nats(logits: Tensor, images: Tensor) -> Tensor:
    """Cross-entropy of pixels x in [0, 1] against sigmoid(logits), summed over pixels.

    On grey pixels this is no likelihood, only the usual objective: its minimum is above zero.

    Args:
        logits: decoder output [N, 1, 28, 28].
        images: images in [-1, 1] [N, 1, 28, 28].

    Returns:
        Nats per image [N]; 784 ln 2 at zero logits.
    """
    pixels = (images + 1) / 2
    nats = binary_cross_entropy_with_logits(logits, pixels, reduction="none")
    return nats.flatten(1).sum(dim=1)


def gaussian_nats(logits: Tensor, images: Tensor) -> Tensor:
    """Half the squared error on the images' own range [-1, 1], summed over pixels.

    -log N(x; x_hat, I) without its constant 392 ln(2 pi) (mi2018 eq. 6, "mean squared error").

    Args:
        logits: decoder output [N, 1, 28, 28]; x_hat = tanh(logits / 2).
        images: images in [-1, 1] [N, 1, 28, 28].

    Returns:
        Nats per image [N], >= 0.
    """
    return 0.5 * (torch.tanh(logits / 2) - images).square().flatten(1).sum(dim=1)


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_var)) || N(0, I)) (Kingma & Welling 2014, App. B).

    Args:
        mean: [N, D].
        log_var: [N, D].

    Returns:
        Nats per image [N], >= 0.
    """
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(dim=1)


LIKELIHOODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bernoulli": bernoulli_nats,
    "gaussian": gaussian_nats,
}
