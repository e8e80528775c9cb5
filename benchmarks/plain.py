"""The five trainings as plain PyTorch loops, the way they are commonly written.

`zero_grad`, `backward` and `step` per network, `.detach()` for the fakes, torch's default
optimizers, `.item()` of every loss. Nothing here comes from `ganvae.losses` or `ganvae.updates`, so
the loops also check those: with the same weights, batches and noise both give the same losses.

Every loop is a generator: one batch per `next`, without end, the losses of the batch by the name of
the network set that stepped.
"""

# mypy: disable-error-code="no-untyped-call"
# (torch does not annotate `Tensor.backward`)

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def optimizer(networks: Iterable[nn.Module], spec: Values, lr: float) -> torch.optim.Optimizer:
    """Torch's optimizer with its default implementation; the rate is lr x `lr_multiplier`."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    rate = lr * spec["lr_multiplier"]
    if spec["optimizer"] == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=(spec["betas"][0], spec["betas"][1]))
    if spec["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate)
    return torch.optim.SGD(parameters, lr=rate)


def loop(
    name: str, networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    """The endless training of a model.

    Args:
        name: a key of `LOOPS`.
        networks: trained in place, in train mode.
        loader: the batches of one epoch; read again for the next.
        params: the block `models.<name>`.
        lr: `train.lr`.
        latent_dim: size of the decoder's input.
    """
    return LOOPS[name](networks, loader, params, lr, latent_dim)


def _epochs(loader: Batches) -> Iterator[Tensor]:
    while True:
        for images, _ in loader:
            yield images


def gan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    generator, discriminator = networks["decoder"], networks["discriminator"]
    generator_optimizer = optimizer([generator], params["generator"], lr)
    discriminator_optimizer = optimizer([discriminator], params["discriminator"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        discriminator_optimizer.zero_grad()
        fake = torch.tanh(generator(torch.randn(len(images), latent_dim)) / 2)
        real_logits, fake_logits = discriminator(images), discriminator(fake.detach())
        real_loss = bce(real_logits, torch.ones_like(real_logits))
        fake_loss = bce(fake_logits, torch.zeros_like(fake_logits))
        discriminator_loss = real_loss + fake_loss
        discriminator_loss.backward()
        discriminator_optimizer.step()
        losses = {"discriminator": discriminator_loss.item()}

        if step % params["discriminator_steps"] == 0:
            generator_optimizer.zero_grad()
            fake = torch.tanh(generator(torch.randn(len(images), latent_dim)) / 2)
            fake_logits = discriminator(fake)
            generator_loss = bce(fake_logits, torch.ones_like(fake_logits))
            generator_loss.backward()
            generator_optimizer.step()
            losses["generator"] = generator_loss.item()
        yield losses


def wgan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    generator, critic = networks["decoder"], networks["discriminator"]
    generator_optimizer = optimizer([generator], params["generator"], lr)
    critic_optimizer = optimizer([critic], params["critic"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        critic_optimizer.zero_grad()
        fake = torch.tanh(generator(torch.randn(len(images), latent_dim)) / 2)
        critic_loss = torch.mean(critic(fake.detach())) - torch.mean(critic(images))
        critic_loss.backward()
        critic_optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-params["clip"], params["clip"])
        losses = {"critic": critic_loss.item()}

        if step % params["critic_steps"] == 0:
            generator_optimizer.zero_grad()
            fake = torch.tanh(generator(torch.randn(len(images), latent_dim)) / 2)
            generator_loss = -torch.mean(critic(fake))
            generator_loss.backward()
            generator_optimizer.step()
            losses["generator"] = generator_loss.item()
        yield losses


def vae(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    encoder, decoder = networks["encoder"], networks["decoder"]
    autoencoder_optimizer = optimizer([encoder, decoder], params["autoencoder"], lr)
    for images in _epochs(loader):
        autoencoder_optimizer.zero_grad()
        mean, log_var = encoder(images).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        reconstruction = bce(decoder(z), (images + 1) / 2, reduction="sum") / len(images)
        kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp()) / len(images)
        loss = reconstruction + params["beta"] * kl
        loss.backward()
        autoencoder_optimizer.step()
        yield {"autoencoder": loss.item()}


def vaegan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    encoder, decoder = networks["encoder"], networks["decoder"]
    discriminator = networks["discriminator"]
    autoencoder_optimizer = optimizer([encoder, decoder], params["autoencoder"], lr)
    discriminator_optimizer = optimizer([discriminator], params["discriminator"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        discriminator_optimizer.zero_grad()
        fake = torch.tanh(decoder(torch.randn(len(images), latent_dim)) / 2)
        real_logits, fake_logits = discriminator(images), discriminator(fake.detach())
        real_loss = bce(real_logits, torch.ones_like(real_logits))
        fake_loss = bce(fake_logits, torch.zeros_like(fake_logits))
        discriminator_loss = real_loss + fake_loss
        discriminator_loss.backward()
        discriminator_optimizer.step()
        losses = {"discriminator": discriminator_loss.item()}

        if step % params["discriminator_steps"] == 0:
            autoencoder_optimizer.zero_grad()
            mean, log_var = encoder(images).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
            reconstruction = bce(decoder(z), (images + 1) / 2, reduction="sum") / len(images)
            kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp()) / len(images)
            fake = torch.tanh(decoder(torch.randn(len(images), latent_dim)) / 2)
            fake_logits = discriminator(fake)
            l_gan = bce(fake_logits, torch.ones_like(fake_logits))
            loss = reconstruction + params["beta"] * kl + params["adversarial_weight"] * l_gan
            loss.backward()
            autoencoder_optimizer.step()
            losses["autoencoder"] = loss.item()
        yield losses


def cvaegan(
    networks: nn.ModuleDict, loader: Batches, params: Values, lr: float, latent_dim: int
) -> Iterator[Losses]:
    encoder, decoder = networks["encoder"], networks["decoder"]
    discriminator = networks["discriminator"]
    autoencoder_optimizer = optimizer([encoder, decoder], params["autoencoder"], lr)
    discriminator_optimizer = optimizer([discriminator], params["discriminator"], lr)
    for step, images in enumerate(_epochs(loader), start=1):
        discriminator_optimizer.zero_grad()
        fake = torch.tanh(decoder(torch.randn(len(images), latent_dim)) / 2)
        real_logits, fake_logits = discriminator(images), discriminator(fake.detach())
        real_loss = bce(real_logits, torch.ones_like(real_logits))
        fake_loss = bce(fake_logits, torch.zeros_like(fake_logits))
        discriminator_loss = real_loss + fake_loss
        discriminator_loss.backward()
        discriminator_optimizer.step()
        losses = {"discriminator": discriminator_loss.item()}

        if step % params["discriminator_steps"] == 0:
            autoencoder_optimizer.zero_grad()
            mean, log_var = encoder(images).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
            reconstruction = bce(decoder(z), (images + 1) / 2, reduction="sum") / len(images)
            kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp()) / len(images)
            fake = torch.tanh(decoder(torch.randn(len(images), latent_dim)) / 2)
            fake_logits = discriminator(fake)
            l_gan = bce(fake_logits, torch.ones_like(fake_logits))
            excess = torch.clamp(l_gan - params["d"], min=0)
            loss = reconstruction + params["beta"] * kl + params["lambda"] * excess
            loss.backward()
            autoencoder_optimizer.step()
            losses["autoencoder"] = loss.item()
        yield losses


LOOPS = {"gan": gan, "wgan": wgan, "vae": vae, "vaegan": vaegan, "cvaegan": cvaegan}
