"""The five trainings as plain PyTorch loops, the way they are commonly written.

`zero_grad`, `backward` and `step` per network, `.detach()` for the fakes, torch's default
optimizers, `.item()` of every loss. No loss or update here comes from `ganvae`, so the loops also
check those: with the same weights, batches and noise both give the same losses.

Every loop is a generator: one batch per `next`, without end, the losses of the batch by the name of
the network set that stepped. Its arguments: the networks, trained in place, in train mode; the
batches of one epoch, read again for the next; the block `models.<name>`; `train.lr`; and the size
of the decoder's input.
"""

# mypy: disable-error-code="no-untyped-call"
# (torch does not annotate `Tensor.backward`)

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from ganvae.errors import UserError

Batches = Iterable[Sequence[Tensor]]  # (images [N, 1, 28, 28] in [-1, 1], labels [N])
Values = Mapping[str, Any]
Losses = dict[str, float]


def check(models: Iterable[str], values: Values) -> None:
    """Raises `UserError` where `params.yaml` asks for a variant that is not written out here."""
    covered = {
        "adversarial": "non_saturating",
        "likelihood": "bernoulli",
        "generator_steps": 1,
        "gradient_penalty": None,
        "hinge": "batch",
        "l_gan_on": "prior",
    }
    for name in models:
        for key, value in values["models"][name].items():
            if key in covered and value != covered[key]:
                raise UserError(
                    f"params.yaml: models.{name}.{key} = {value!r}: "
                    f"the benchmark is written for {covered[key]!r} only"
                )
    if values["train"]["precision"] != "fp32":
        raise UserError("params.yaml: train.precision: the benchmark is written for 'fp32' only")


def gan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    generator, discriminator = networks["decoder"], networks["discriminator"]
    generator_optimizer = _optimizer([generator], params["generator"], lr)
    discriminator_optimizer = _optimizer([discriminator], params["discriminator"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        fake = _fake(generator, images, latent_dim)
        losses = {
            "discriminator": _discriminate(discriminator, discriminator_optimizer, images, fake)
        }
        if step % params["discriminator_steps"] == 0:
            generator_optimizer.zero_grad()
            fake_logits = discriminator(_fake(generator, images, latent_dim))
            generator_loss = bce(fake_logits, torch.ones_like(fake_logits))
            generator_loss.backward()
            generator_optimizer.step()
            losses["generator"] = generator_loss.item()
        yield losses


def wgan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    generator, critic = networks["decoder"], networks["discriminator"]
    generator_optimizer = _optimizer([generator], params["generator"], lr)
    critic_optimizer = _optimizer([critic], params["critic"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        critic_optimizer.zero_grad()
        fake = _fake(generator, images, latent_dim)
        critic_loss = torch.mean(critic(fake.detach())) - torch.mean(critic(images))
        critic_loss.backward()
        critic_optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-params["clip"], params["clip"])
        losses = {"critic": critic_loss.item()}
        if step % params["critic_steps"] == 0:
            generator_optimizer.zero_grad()
            generator_loss = -torch.mean(critic(_fake(generator, images, latent_dim)))
            generator_loss.backward()
            generator_optimizer.step()
            losses["generator"] = generator_loss.item()
        yield losses


def vae(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    encoder, decoder = networks["encoder"], networks["decoder"]
    autoencoder_optimizer = _optimizer([encoder, decoder], params["autoencoder"], lr)
    for images in _epochs(loader):
        autoencoder_optimizer.zero_grad()
        loss = _negative_elbo(encoder, decoder, images, params["beta"])
        loss.backward()
        autoencoder_optimizer.step()
        yield {"autoencoder": loss.item()}


def vaegan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    def adversarial(l_gan: Tensor) -> Tensor:
        weighted: Tensor = params["adversarial_weight"] * l_gan
        return weighted

    return _hybrid(networks, loader, params, lr, latent_dim, adversarial)


def cvaegan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    def adversarial(l_gan: Tensor) -> Tensor:
        weighted: Tensor = params["lambda"] * torch.clamp(l_gan - params["d"], min=0)
        return weighted

    return _hybrid(networks, loader, params, lr, latent_dim, adversarial)


LOOPS: dict[str, Callable[[nn.ModuleDict, Batches, Values, float, int], Iterator[Losses]]] = {
    "gan": gan,
    "wgan": wgan,
    "vae": vae,
    "vaegan": vaegan,
    "cvaegan": cvaegan,
}


def _hybrid(
    networks: nn.ModuleDict,
    loader: Batches,
    params: Values,
    lr: float,
    latent_dim: int,
    adversarial: Callable[[Tensor], Tensor],
) -> Iterator[Losses]:
    encoder, decoder = networks["encoder"], networks["decoder"]
    discriminator = networks["discriminator"]
    autoencoder_optimizer = _optimizer([encoder, decoder], params["autoencoder"], lr)
    discriminator_optimizer = _optimizer([discriminator], params["discriminator"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        fake = _fake(decoder, images, latent_dim)
        losses = {
            "discriminator": _discriminate(discriminator, discriminator_optimizer, images, fake)
        }
        if step % params["discriminator_steps"] == 0:
            autoencoder_optimizer.zero_grad()
            loss = _negative_elbo(encoder, decoder, images, params["beta"])
            fake_logits = discriminator(_fake(decoder, images, latent_dim))
            loss = loss + adversarial(bce(fake_logits, torch.ones_like(fake_logits)))
            loss.backward()
            autoencoder_optimizer.step()
            losses["autoencoder"] = loss.item()
        yield losses


def _epochs(loader: Batches) -> Iterator[Tensor]:
    while True:
        for images, _ in loader:
            yield images


def _optimizer(networks: Iterable[nn.Module], spec: Values, lr: float) -> torch.optim.Optimizer:
    """Torch's optimizer with its default implementation; the rate is lr x `lr_multiplier`."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    rate = lr * spec["lr_multiplier"]
    if spec["optimizer"] == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=(spec["betas"][0], spec["betas"][1]))
    if spec["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate)
    return torch.optim.SGD(parameters, lr=rate)


def _fake(generator: nn.Module, images: Tensor, latent_dim: int) -> Tensor:
    return torch.tanh(generator(torch.randn(len(images), latent_dim)) / 2)


def _discriminate(
    discriminator: nn.Module, optimizer: torch.optim.Optimizer, images: Tensor, fake: Tensor
) -> float:
    optimizer.zero_grad()
    real_logits, fake_logits = discriminator(images), discriminator(fake.detach())
    real_loss = bce(real_logits, torch.ones_like(real_logits))
    fake_loss = bce(fake_logits, torch.zeros_like(fake_logits))
    loss = real_loss + fake_loss
    loss.backward()
    optimizer.step()
    return loss.item()


def _negative_elbo(encoder: nn.Module, decoder: nn.Module, images: Tensor, beta: float) -> Tensor:
    mean, log_var = encoder(images).chunk(2, dim=1)
    z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
    reconstruction = bce(decoder(z), (images + 1) / 2, reduction="sum") / len(images)
    kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp()) / len(images)
    loss: Tensor = reconstruction + beta * kl
    return loss
