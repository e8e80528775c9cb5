"""Latent vectors, decoded: what is measured of a generator, and shown of it."""

import torch
from torch import Tensor, nn

from ganvae.core.imageset import CPU, dequantise, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation.encoding import finite
from ganvae.models.base.contract import to_images

BATCH = 1000


@torch.no_grad()
def decode(decoder: nn.Module, z: Tensor) -> Tensor:
    """Images of latent vectors [N, D] in the 256 grey levels of real ones, uint8 [N, 28, 28].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    device = next(decoder.parameters()).device
    return quantise(finite(to_images(decoder(z.to(device)))))


def sample(decoder: nn.Module, latent_dim: int, count: int, seed: int) -> Tensor:
    """Images of samples of the prior, float32 [count, 1, 28, 28] in 256 levels of [-1, 1].

    The same for one seed, whoever asks: those that are measured are those that are shown.

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    noise = Noise(seed_for(seed, "evaluate"), CPU)
    sizes = [min(BATCH, count - start) for start in range(0, count, BATCH)]
    return images_of(decoder, torch.cat([noise.normal(size, latent_dim) for size in sizes]))


def images_of(decoder: nn.Module, z: Tensor) -> Tensor:
    """Images of latent vectors [N, D], in batches: float32 [N, 1, 28, 28] in 256 levels of [-1, 1].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    return torch.cat([dequantise(decode(decoder, batch)) for batch in torch.split(z, BATCH)])
