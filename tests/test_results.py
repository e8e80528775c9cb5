"""What a training cost."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ganvae.core import config
from ganvae.core.machine import Noise
from ganvae.models.base.contract import Loss, Update
from ganvae.training.costs import flops_per_image, sampling_speed
from ganvae.training.task import Task, build

LATENT = 5


def task(*layers: nn.Module, every: int = 1) -> Task:
    """A decoder of one linear layer, and of `layers`, trained towards its images."""
    images = Noise(7, torch.device("cpu")).uniform(64, 1, 28, 28) * 2 - 1
    base = build(
        "vae", config.load(), images, torch.zeros(64).long(), seed=0, folder=Path("unused")
    )
    networks = nn.ModuleDict({"decoder": nn.Sequential(nn.Linear(LATENT, 784), *layers)})

    def loss(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        drawn = networks["decoder"](noise.normal(len(images), LATENT))
        return Loss((drawn - images.flatten(1)).square().mean(), {})

    updates = (Update("fit", ("decoder",), loss, every=every),)
    train = base.train.model_copy(update={"batch_size": 16})
    return replace(base, networks=networks, updates=updates, latent_dim=LATENT, train=train)


def test_flops_of_one_linear_layer_counted_by_hand() -> None:
    """Two per weight forward, and two for the weight's gradient; none for that of the noise."""
    assert flops_per_image(task()) == 4 * LATENT * 784


def test_an_update_at_every_nth_step_counts_for_an_nth() -> None:
    assert flops_per_image(task(every=4)) == LATENT * 784


def test_the_networks_are_left_as_they_are() -> None:
    measured = task(nn.BatchNorm1d(784))
    before = {k: v.clone() for k, v in measured.networks.state_dict().items()}
    flops_per_image(measured)
    assert sampling_speed(measured) > 0
    assert all(p.grad is None for p in measured.networks.parameters())
    assert all(torch.equal(before[k], v) for k, v in measured.networks.state_dict().items())
    assert all(network.training for network in measured.networks.values())


def test_a_gradient_penalty_is_counted_too() -> None:
    """Its gradient within the loss makes a step of the critic cost more."""
    counted = {}
    for clip, penalty in ((0.1, None), (None, 10.0)):
        values = config.load()
        values["models"]["wgan"] |= {"clip": clip, "gradient_penalty": penalty}
        values["train"]["batch_size"] = 4
        images = Noise(7, torch.device("cpu")).uniform(4, 1, 28, 28) * 2 - 1
        labels = torch.zeros(4).long()
        made = build("wgan", values, images, labels, seed=0, folder=Path("unused"))
        counted[penalty] = flops_per_image(made)
    assert counted[None] < counted[10.0] < 3 * counted[None]
