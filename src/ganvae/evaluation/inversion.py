"""Reconstruction by models without an encoder: the latent vector whose image is nearest.

A stated budget of gradient steps, not an optimum: a model that is harder to invert looks worse here
than its range is.
"""

import torch
from torch import Tensor, nn

from ganvae.core.machine import Noise
from ganvae.models.base.contract import to_images

LEARNING_RATE = 0.1


def invert(decoder: nn.Module, images: Tensor, latent_dim: int, steps: int, noise: Noise) -> Tensor:
    """Latent vectors whose images have the least squared error (Creswell & Bharath 2018).

    Adam from one sample of the prior per image, all images at once. The decoder is used as it
    stands, in evaluation mode, and is not changed.

    Args:
        decoder: latent vectors [N, D] -> logits [N, 1, 28, 28].
        images: [N, 1, 28, 28] in [-1, 1], on the decoder's device.
        latent_dim: D.
        steps: gradient steps, the budget.
        noise: for the starting points.

    Returns:
        [N, D], the last step's.
    """
    z = noise.normal(len(images), latent_dim).to(images.device).requires_grad_(True)
    optimizer = torch.optim.Adam([z], LEARNING_RATE)
    for _ in range(steps):
        error = (to_images(decoder(z)) - images).square().sum()
        (z.grad,) = torch.autograd.grad(error, [z])
        optimizer.step()
    return z.detach()
