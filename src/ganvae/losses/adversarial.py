"""GAN objectives on logits l, D = sigmoid(l) (Goodfellow et al. 2014; mi2018 eq. 1, 2 and 7).

log D = -softplus(-l) and log(1 - D) = -softplus(l): the gradient never vanishes through rounding,
as that of log(sigmoid(l) + 1e-8) does.
"""

from torch import Tensor
from torch.nn.functional import softplus


def discriminator_loss(*, real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))], the negative of the value function V(D, G).

    Args:
        real: logits of real images [N].
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, >= 0; 2 ln 2 where the discriminator cannot tell.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def non_saturating(*, fake: Tensor) -> Tensor:
    """Generator: -E[log D(G(z))] (mi2018 eq. 2 and eq. 7), minimised.

    Args:
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, >= 0; its gradient is largest where the discriminator is sure.
    """
    return non_saturating_each(fake=fake).mean()


def non_saturating_each(*, fake: Tensor) -> Tensor:
    """-log D(G(z)) of every image: logits [N] -> nats [N], >= 0."""
    return softplus(-fake)


def minimax(*, fake: Tensor) -> Tensor:
    """Generator: E[log(1 - D(G(z)))] (mi2018 eq. 1), minimised; saturates where D is sure.

    Differs from the text of eq. 1, which prints 1 - log D(G(z)), because the derivation that
    follows it (eq. 3) holds for log(1 - D(G(z))).

    Args:
        fake: logits of generated images [N].

    Returns:
        Scalar in nats, <= 0.
    """
    return -softplus(fake).mean()
