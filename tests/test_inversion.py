"""The search for the latent vector of an image."""

import torch
from torch import nn

from ganvae.core.machine import Noise
from ganvae.evaluation.inversion import invert
from ganvae.models.base.contract import to_images
from ganvae.networks import wide

CPU = torch.device("cpu")


def decoder() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return wide.decoder(4).eval().requires_grad_(False)


def test_it_finds_the_latent_vectors_of_the_decoders_own_images() -> None:
    built = decoder()
    images = to_images(built(Noise(1, CPU).normal(20, 4)))
    start = (to_images(built(Noise(2, CPU).normal(20, 4))) - images).square().mean()
    found = invert(built, images, 4, 200, Noise(2, CPU))
    error = (to_images(built(found)) - images).square().mean()
    assert found.shape == (20, 4)
    assert float(error) < 0.02 * float(start)


def test_every_image_has_a_search_of_its_own() -> None:
    """Whoever is beside it in the batch."""
    built = decoder()
    images = to_images(built(Noise(1, CPU).normal(8, 4)))
    together = invert(built, images, 4, 20, Noise(2, CPU))
    alone = invert(built, images[:4], 4, 20, Noise(2, CPU))
    torch.testing.assert_close(together[:4], alone, rtol=0, atol=1e-3)


def test_it_leaves_the_decoder_as_it_is() -> None:
    built = decoder()
    before = {name: value.clone() for name, value in built.state_dict().items()}
    invert(built, torch.zeros(3, 1, 28, 28), 4, 5, Noise(0, CPU))
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
    assert not built.training
