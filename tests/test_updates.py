"""Every update of every model against its objective, written out by hand from the same noise."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import grad

from ganvae.core.machine import Noise
from tests.written_out import CLOSE, CPU, LATENT, SEED, Case, N, l_gan, l_vae

each_likelihood = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])


# Discriminators and critics


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["gan", "vaegan", "cvaegan"])
def test_discriminator(name: str) -> None:
    case = Case(name)
    fake = case.generate(Noise(SEED, CPU).normal(N, LATENT)).detach()
    d_real, d_fake = case.d(case.images), case.d(fake)
    case.agrees("discriminator", -(d_real.log().mean() + (1 - d_fake).log().mean()))
    right = ((d_real > 0.5).sum() + (d_fake < 0.5).sum()) / (2 * N)
    assert case.loss("discriminator").logged["accuracy"].item() == pytest.approx(right.item())


@pytest.mark.usefixtures("float64")
def test_critic_with_clipping() -> None:
    case = Case("wgan", clip=0.02, gradient_penalty=None)
    critic = case.networks["discriminator"]
    fake = case.generate(Noise(SEED, CPU).normal(N, LATENT)).detach()
    case.agrees("critic", critic(fake).mean() - critic(case.images).mean())
    generator = [p.clone() for p in case.parameters("decoder")]
    expected = [p.clamp(-0.02, 0.02) for p in case.parameters("discriminator")]
    project = case.updates["critic"].project
    assert project is not None
    project()
    assert all(map(torch.equal, case.parameters("discriminator"), expected))
    assert all(map(torch.equal, case.parameters("decoder"), generator)), "the critic's alone"
    assert case.updates["generator"].project is None


@pytest.mark.usefixtures("float64")
def test_critic_with_gradient_penalty() -> None:
    case = Case("wgan", clip=None, gradient_penalty=10.0)
    critic, noise = case.networks["discriminator"], Noise(SEED, CPU)
    fake = case.generate(noise.normal(N, LATENT)).detach()
    epsilon = noise.uniform(N, 1, 1, 1)
    norms = []
    for e, real_image, fake_image in zip(epsilon, case.images, fake, strict=True):
        x = (e * real_image + (1 - e) * fake_image)[None].requires_grad_()
        (gradient,) = grad(critic(x).sum(), x, create_graph=True)
        norms.append(gradient.square().sum().sqrt())
    penalty = ((torch.stack(norms) - 1) ** 2).mean()
    case.agrees("critic", critic(fake).mean() - critic(case.images).mean() + 10 * penalty)
    logged = case.loss("critic").logged
    torch.testing.assert_close(logged["penalty"], penalty.detach(), rtol=CLOSE, atol=CLOSE)
    project = case.updates["critic"].project
    if project is not None:
        before = [p.clone() for p in case.parameters("discriminator")]
        project()
        assert all(map(torch.equal, case.parameters("discriminator"), before)), "no clipping"


@pytest.mark.parametrize(
    ("name", "update"),
    [
        ("gan", "discriminator"),
        ("wgan", "critic"),
        ("vaegan", "discriminator"),
        ("cvaegan", "discriminator"),
    ],
)
def test_a_discriminator_has_no_graph_into_other_networks(name: str, update: str) -> None:
    case = Case(name)
    others = [network for network in case.networks if network != "discriminator"]
    gradients = grad(case.loss(update).total, case.parameters(*others), allow_unused=True)
    assert all(gradient is None for gradient in gradients)


# Generators


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("adversarial", ["non_saturating", "minimax"])
def test_generator(adversarial: str) -> None:
    case = Case("gan", adversarial=adversarial)
    d = case.d(case.generate(Noise(SEED, CPU).normal(N, LATENT)))
    by_hand = -d.log().mean() if adversarial == "non_saturating" else (1 - d).log().mean()
    case.agrees("generator", by_hand)


@pytest.mark.usefixtures("float64")
def test_wasserstein_generator() -> None:
    case = Case("wgan")
    fake = case.generate(Noise(SEED, CPU).normal(N, LATENT))
    case.agrees("generator", -case.networks["discriminator"](fake).mean())


def moved(case: Case, network: str, gradients: tuple[Tensor, ...]) -> None:
    """A small step of gradient descent, the largest weight change 1e-5."""
    step = 1e-5 / max(float(gradient.abs().max()) for gradient in gradients)
    for parameter, gradient in zip(case.parameters(network), gradients, strict=True):
        parameter.data.sub_(step * gradient)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gan", {"adversarial": "non_saturating"}),
        ("gan", {"adversarial": "minimax"}),
        ("wgan", {}),
        ("vaegan", {"adversarial_weight": 7.0}),
        ("cvaegan", {"lambda": 7.0, "d": -1.0}),
    ],
)
def test_the_adversarial_part_makes_the_decoder_fool_the_discriminator(
    name: str, changes: Mapping[str, Any]
) -> None:
    """Its step on the decoder raises the discriminator's logit of the generated images."""
    case = Case(name, **changes)
    noise = Noise(SEED, CPU)
    if name in ("vaegan", "cvaegan"):
        noise.normal(N, LATENT)  # the posterior's sample comes first
        weight = "adversarial_weight" if name == "vaegan" else "lambda"
        with_it = case.gradients("autoencoder", "decoder")
        without = Case(name, **{**changes, weight: 0.0})
        pairs = zip(with_it, without.gradients("autoencoder", "decoder"), strict=True)
        gradients = tuple(one - other for one, other in pairs)
    else:
        gradients = case.gradients("generator", "decoder")
    z, discriminator = noise.normal(N, LATENT), case.networks["discriminator"]
    before = discriminator(case.generate(z)).mean()
    moved(case, "decoder", gradients)
    assert discriminator(case.generate(z)).mean() > before


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("name", "update"), [("gan", "discriminator"), ("wgan", "critic")])
def test_a_discriminator_learns_to_tell_apart(name: str, update: str) -> None:
    case = Case(name)
    discriminator = case.networks["discriminator"]
    fake = case.generate(Noise(SEED, CPU).normal(N, LATENT)).detach()
    before = discriminator(case.images).mean() - discriminator(fake).mean()
    moved(case, "discriminator", case.gradients(update, "discriminator"))
    assert discriminator(case.images).mean() - discriminator(fake).mean() > before


# Autoencoders


@pytest.mark.usefixtures("float64")
@each_likelihood
@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_vae(likelihood: str, beta: float) -> None:
    case = Case("vae", likelihood=likelihood, beta=beta)
    case.agrees("autoencoder", l_vae(case, Noise(SEED, CPU), likelihood, beta))
    logged = case.loss("autoencoder").logged
    kl, total = logged["kl_nats"], logged["loss"]
    reconstruction = l_vae(case, Noise(SEED, CPU), likelihood, 0.0).detach()
    torch.testing.assert_close(logged["reconstruction_nats"], reconstruction, rtol=1e-9, atol=0)
    torch.testing.assert_close(beta * kl, total - reconstruction, rtol=1e-6, atol=1e-9)


@pytest.mark.usefixtures("float64")
@each_likelihood
def test_vaegan(likelihood: str) -> None:
    changes = {"likelihood": likelihood, "beta": 0.5, "adversarial_weight": 7.0}
    case, noise = Case("vaegan", **changes), Noise(SEED, CPU)
    by_hand = l_vae(case, noise, likelihood, 0.5) + 7 * l_gan(case, noise)
    case.agrees("autoencoder", by_hand)


@pytest.mark.usefixtures("float64")
@each_likelihood
@pytest.mark.parametrize(("offset", "active"), [(-0.1, 1.0), (0.1, 0.0)])
def test_cvaegan(likelihood: str, offset: float, active: float) -> None:
    """The bound a little below L_gan, then a little above."""
    noise = Noise(SEED, CPU)
    noise.normal(N, LATENT)
    value = l_gan(Case("cvaegan"), noise).item()
    d = value + offset
    changes = {"likelihood": likelihood, "beta": 0.5, "lambda": 7.0, "d": d}
    case, noise = Case("cvaegan", **changes), Noise(SEED, CPU)
    vae_part = l_vae(case, noise, likelihood, 0.5)
    by_hand = vae_part + 7 * torch.clamp(l_gan(case, noise) - d, min=0)
    case.agrees("autoencoder", by_hand)
    logged = case.loss("autoencoder").logged
    assert logged["active"].item() == active
    assert logged["l_gan"].item() == pytest.approx(value, rel=1e-9)


@pytest.mark.usefixtures("float64")
def test_l_gan_has_no_gradient_for_the_encoder() -> None:
    """It samples the prior: however heavy, the encoder's gradient is the VAE's, bit for bit."""
    heavy = Case("vaegan", adversarial_weight=1000.0)
    vae = Case("vae")
    pairs = zip(
        heavy.gradients("autoencoder", "encoder"),
        vae.gradients("autoencoder", "encoder"),
        strict=True,
    )
    assert all(torch.equal(one, other) for one, other in pairs)
    l_gan_alone = l_gan(heavy, Noise(SEED, CPU))
    gradients = grad(l_gan_alone, heavy.parameters("encoder"), allow_unused=True)
    assert all(gradient is None for gradient in gradients)
