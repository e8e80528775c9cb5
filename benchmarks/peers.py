"""Trainings of widely used repositories as they publish them, and ours of the same networks.

- `pytorch/examples`, `vae/main.py` (77f55b9): VAE 784-400-20, batch 128.
- `eriklindernoren/PyTorch-GAN` (36d3c77), `implementations/gan/gan.py` and `wgan/wgan.py`, 64.

Rewritten, not copied. Left out of all three: `print` and `save_image`, which are no training. Kept:
`torchvision.datasets.MNIST` read image by image through a `DataLoader`, numpy's noise in float64,
`.item()` for the log, the discriminator's gradients in the generator's backward pass.
"""

# mypy: disable-error-code="no-untyped-call"
# (torch does not annotate `Tensor.backward`)

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from ganvae.core.machine import Precision
from ganvae.core.matmul import Linear
from ganvae.models.base import build
from ganvae.models.base.contract import Optimizer, TrainParams
from ganvae.training import task

LATENT = {"examples_vae": 20, "pytorch_gan_gan": 100, "pytorch_gan_wgan": 100}
BATCH = {"examples_vae": 128, "pytorch_gan_gan": 64, "pytorch_gan_wgan": 64}
Losses = dict[str, float]


class VAE(nn.Module):
    """The network of `vae/main.py`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = F.relu(self.fc1(x.view(-1, 784)))
        mean, log_var = self.fc21(hidden), self.fc22(hidden)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_var)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mean, log_var


def generator(layer: type[nn.Linear] = nn.Linear) -> nn.Module:
    """The generator of both GANs: batch normalisation with eps 0.8, as published."""
    layers: list[nn.Module] = [layer(100, 128), nn.LeakyReLU(0.2, inplace=True)]
    for a, b in pairwise((128, 256, 512, 1024)):
        layers += [layer(a, b), nn.BatchNorm1d(b, 0.8), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, layer(1024, 784))


def discriminator(layer: type[nn.Linear] = nn.Linear) -> nn.Module:
    """The discriminator, or critic, of both, without the sigmoid of the first."""
    return nn.Sequential(
        nn.Flatten(),
        layer(784, 512),
        nn.LeakyReLU(0.2, inplace=True),
        layer(512, 256),
        nn.LeakyReLU(0.2, inplace=True),
        layer(256, 1),
    )


def examples_vae(root: Path, network: VAE | None = None) -> Iterator[Losses]:
    """`vae/main.py`, one batch per `next`; `root` holds MNIST as torchvision stores it."""
    data = datasets.MNIST(str(root), transform=transforms.ToTensor())
    network = network or VAE()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    while True:
        for images, _ in DataLoader(data, batch_size=BATCH["examples_vae"], shuffle=True):
            optimizer.zero_grad()
            reconstruction, mean, log_var = network(images)
            bce = F.binary_cross_entropy(reconstruction, images.view(-1, 784), reduction="sum")
            kld = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
            loss = bce + kld
            loss.backward()
            logged = {"autoencoder": loss.item()}
            optimizer.step()
            yield logged


def pytorch_gan_gan(root: Path) -> Iterator[Losses]:
    """`gan.py`: the generator first; its images are the discriminator's fakes."""
    draw, judge = (
        nn.Sequential(generator(), nn.Tanh()),
        nn.Sequential(discriminator(), nn.Sigmoid()),
    )
    loss = nn.BCELoss()
    rates = {"lr": 2e-4, "betas": (0.5, 0.999)}
    of_generator = torch.optim.Adam(draw.parameters(), **rates)  # type: ignore[arg-type]
    of_discriminator = torch.optim.Adam(judge.parameters(), **rates)  # type: ignore[arg-type]
    while True:
        for images, _ in _normalized(root, "pytorch_gan_gan"):
            valid, fake = torch.ones(len(images), 1), torch.zeros(len(images), 1)
            of_generator.zero_grad()
            generated = draw(_noise(images))
            g_loss = loss(judge(generated), valid)
            g_loss.backward()
            of_generator.step()
            of_discriminator.zero_grad()
            d_loss = (loss(judge(images), valid) + loss(judge(generated.detach()), fake)) / 2
            d_loss.backward()
            of_discriminator.step()
            yield {"generator": g_loss.item(), "discriminator": d_loss.item()}


def pytorch_gan_wgan(root: Path) -> Iterator[Losses]:
    """`wgan.py`: five critic steps for one of the generator, which draws the last noise again."""
    draw, critic = nn.Sequential(generator(), nn.Tanh()), discriminator()
    of_generator = torch.optim.RMSprop(draw.parameters(), lr=5e-5)
    of_critic = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
    while True:
        for i, (images, _) in enumerate(_normalized(root, "pytorch_gan_wgan")):
            of_critic.zero_grad()
            z = _noise(images)
            fakes = draw(z).detach()
            d_loss = -torch.mean(critic(images)) + torch.mean(critic(fakes))
            d_loss.backward()
            of_critic.step()
            for parameter in critic.parameters():
                parameter.data.clamp_(-0.01, 0.01)
            logged: Losses = {}
            if i % 5 == 0:
                of_generator.zero_grad()
                g_loss = -torch.mean(critic(draw(z)))
                g_loss.backward()
                of_generator.step()
                logged = {"critic": d_loss.item(), "generator": g_loss.item()}
            yield logged


THEIRS: dict[str, Callable[[Path], Iterator[Losses]]] = {
    "examples_vae": examples_vae,
    "pytorch_gan_gan": pytorch_gan_gan,
    "pytorch_gan_wgan": pytorch_gan_wgan,
}


def _normalized(root: Path, name: str) -> DataLoader[Any]:
    scaled = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
    data = datasets.MNIST(str(root), transform=scaled)
    return DataLoader(data, batch_size=BATCH[name], shuffle=True)


def _noise(images: Tensor) -> Tensor:
    return torch.tensor(np.random.normal(0, 1, (len(images), 100)), dtype=torch.float32)


def ours(name: str, images: Tensor, labels: Tensor, precision: Precision) -> task.Task:
    """This project's training of a peer's networks, batch size, optimizers and rates.

    Args:
        name: a key of `THEIRS`.
        images: training images [N, 1, 28, 28] in [-1, 1].
        labels: their classes [N].
        precision: `fp32` or `bf16`.
    """
    kind = name.rsplit("_", 1)[1]
    networks, block, lr = {"vae": _vae, "gan": _gan, "wgan": _wgan}[kind]()
    train = {
        "lr": lr,
        "lr_decay": 0.0,
        "batch_size": BATCH[name],
        "epochs": 20,
        "checkpoints": [],
        "precision": precision,
        "seeds": [0],
    }
    return assembled(kind, networks, block, (images, labels), latent_dim=LATENT[name], train=train)


def assembled(
    kind: str,
    networks: nn.ModuleDict,
    block: Mapping[str, Any],
    data: tuple[Tensor, Tensor],
    *,
    latent_dim: int,
    train: Mapping[str, Any],
) -> task.Task:
    """A training of networks that are no architecture of this project's.

    Args:
        kind: the model.
        networks: trained in place; `latent_dim` is the size of the decoder's input.
        block: as `models.<kind>` in `params.yaml`, and `train` as the block of that name.
        data: images [N, 1, 28, 28] in [-1, 1], and their labels [N].
    """
    module = build.model(kind)
    params = module.Params.model_validate(block)
    updates = module.updates(params, networks, latent_dim)
    images, labels = data
    return task.Task(
        networks=networks,
        updates=updates,
        optimizers={update.name: getattr(params, update.name) for update in updates},
        images=images,
        labels=labels,
        latent_dim=latent_dim,
        train=TrainParams.model_validate(train),
        seed=0,
        folder=Path("unused"),  # a step writes nothing
    )


Described = tuple[nn.ModuleDict, dict[str, Any], float]


def _optimizer(name: str, betas: list[float] | None) -> Optimizer:
    return Optimizer(optimizer=name, lr_multiplier=1.0, betas=betas)  # type: ignore[arg-type]


def _vae() -> Described:
    networks = nn.ModuleDict(
        {
            "encoder": nn.Sequential(nn.Flatten(), Linear(784, 400), nn.ReLU(), Linear(400, 40)),
            "decoder": nn.Sequential(
                Linear(20, 400), nn.ReLU(), Linear(400, 784), nn.Unflatten(1, (1, 28, 28))
            ),
        }
    )
    adam = _optimizer("adam", [0.9, 0.999])
    return networks, {"likelihood": "bernoulli", "beta": 1.0, "autoencoder": adam}, 1e-3


def _adversaries() -> nn.ModuleDict:
    decoder = nn.Sequential(generator(Linear), nn.Unflatten(1, (1, 28, 28)))
    critic = nn.Sequential(discriminator(Linear), nn.Flatten(0))
    return nn.ModuleDict({"decoder": decoder, "discriminator": critic})


def _gan() -> Described:
    adam = _optimizer("adam", [0.5, 0.999])
    block = {"adversarial": "non_saturating", "discriminator_steps": 1, "generator_steps": 1}
    return _adversaries(), {**block, "generator": adam, "discriminator": adam}, 2e-4


def _wgan() -> Described:
    rmsprop = _optimizer("rmsprop", None)
    block = {"clip": 0.01, "gradient_penalty": None, "critic_steps": 5}
    return _adversaries(), {**block, "generator": rmsprop, "critic": rmsprop}, 5e-5
