"""Wasserstein objectives on unbounded critic scores f (Arjovsky et al. 2017; mi2018 eq. 5).

Differs from mi2018 eq. 5, which prints D(x) + 1 - D(G(z)): the critic has no sigmoid and the
constant has no gradient.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor


def critic_loss(*, real: Tensor, fake: Tensor) -> Tensor:
    """E[f(G(z))] - E[f(x)], minimised: the negative of the estimated Wasserstein distance.

    Args:
        real: scores of real images [N].
        fake: scores of generated images [N].

    Returns:
        Scalar, any sign.
    """
    return fake.mean() - real.mean()


def generator_loss(*, fake: Tensor) -> Tensor:
    """-E[f(G(z))], minimised.

    Args:
        fake: scores of generated images [N].

    Returns:
        Scalar, any sign.
    """
    return -fake.mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], *, real: Tensor, fake: Tensor, epsilon: Tensor
) -> Tensor:
    """E[(|| grad f(x) || - 1)^2] at x = epsilon real + (1 - epsilon) fake.

    Gulrajani et al. 2017, eq. 3.

    Args:
        critic: images [N, ...] -> scores [N], each score a function of its own image only.
        real: real images [N, ...].
        fake: generated images [N, ...].
        epsilon: U[0, 1) [N, 1, ...], one number per image.

    Returns:
        Scalar >= 0, unweighted, with a graph to the critic's parameters.
    """
    between = (epsilon * real + (1 - epsilon) * fake).detach().requires_grad_(True)
    # a view: the counter of floating-point operations cannot watch a leaf of the graph
    scores = critic(between.view_as(between))
    (gradient,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
    norms: Tensor = gradient.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


@torch.no_grad()
def clip_weights(parameters: Iterable[Tensor], clip: float) -> None:
    """Clamps every parameter to [-clip, clip] in place (Arjovsky et al. 2017, Algorithm 1)."""
    for parameter in parameters:
        parameter.clamp_(-clip, clip)
