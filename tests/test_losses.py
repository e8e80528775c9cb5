"""Each objective against its written-out formula, its gradient and its signs, in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import grad
from torch.distributions import Independent, Normal, kl_divergence

from ganvae.models.cvaegan.loss import constrained_loss
from ganvae.models.gan import loss as adversarial
from ganvae.models.vae import elbo
from ganvae.models.vaegan.loss import vae_gan_loss
from ganvae.models.wgan import loss as wasserstein

ROUNDING = 1e-12  # float64, sums of at most 784 terms
LINEAR = 3e-9  # torch's softplus(x) is x above 20: at most exp(-20) too small
logit = st.floats(-30, 30)


def tensor(*values: float, requires_grad: bool = False) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=requires_grad)


def close(actual: Tensor, expected: Tensor | float, tolerance: float = ROUNDING) -> None:
    wanted = torch.as_tensor(expected, dtype=torch.float64).expand_as(actual)
    torch.testing.assert_close(actual, wanted, rtol=tolerance, atol=tolerance)


def images(n: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 1, 28, 28, generator=generator, dtype=torch.float64) * 2 - 1


# Adversarial


@given(st.lists(logit, min_size=1, max_size=5), st.lists(logit, min_size=1, max_size=5))
def test_adversarial_losses_are_the_written_out_formulas(
    real: list[float], fake: list[float]
) -> None:
    def log_sigmoid(x: float) -> float:
        return -math.log1p(math.exp(-x))

    log_d_real = sum(log_sigmoid(x) for x in real) / len(real)
    log_d_fake = sum(log_sigmoid(x) for x in fake) / len(fake)
    log_not_d_fake = sum(log_sigmoid(-x) for x in fake) / len(fake)
    r, f = tensor(*real), tensor(*fake)
    close(adversarial.discriminator_loss(real=r, fake=f), -log_d_real - log_not_d_fake, LINEAR)
    close(adversarial.non_saturating(fake=f), -log_d_fake, LINEAR)
    close(adversarial.minimax(fake=f), log_not_d_fake, LINEAR)


def test_adversarial_losses_at_zero_logits() -> None:
    zero = torch.zeros(6, dtype=torch.float64)
    close(adversarial.discriminator_loss(real=zero, fake=zero), 2 * math.log(2))
    close(adversarial.non_saturating(fake=zero), math.log(2))
    close(adversarial.minimax(fake=zero), -math.log(2))


def test_adversarial_gradients() -> None:
    """d/dl: -(1 - D)/N for real, D/N for fake; generator -(1 - D)/N or -D/N."""
    real = tensor(-40, -2, 0, 3, requires_grad=True)
    fake = tensor(-3, 0, 1, 40, requires_grad=True)
    d_real, d_fake = torch.sigmoid(real.detach()), torch.sigmoid(fake.detach())
    by_real, by_fake = grad(adversarial.discriminator_loss(real=real, fake=fake), (real, fake))
    close(by_real, -(1 - d_real) / 4)
    close(by_fake, d_fake / 4)
    assert (by_real < 0).all(), "the loss must fall where a real logit rises"
    assert (by_fake > 0).all(), "the loss must fall where a fake logit falls"
    (non_saturating,) = grad(adversarial.non_saturating(fake=fake), fake)
    close(non_saturating, -(1 - d_fake) / 4)
    (minimax,) = grad(adversarial.minimax(fake=fake), fake)
    close(minimax, -d_fake / 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_survives_where_the_naive_formula_breaks(dtype: torch.dtype) -> None:
    """At logit -40 log(sigmoid(l) + 1e-8) has gradient 1e-10; exact is 1/4 in a mean of 4."""
    sure = torch.full((4,), -40.0, dtype=dtype, requires_grad=True)
    exact = torch.full((4,), -0.25, dtype=dtype)
    (naive,) = grad(-(torch.sigmoid(sure) + 1e-8).log().mean(), sure)
    assert naive.abs().max() < 1e-9
    (real,) = grad(adversarial.discriminator_loss(real=sure, fake=sure.detach()), sure)
    (generator,) = grad(adversarial.non_saturating(fake=sure), sure)
    (fake,) = grad(adversarial.discriminator_loss(real=-sure.detach(), fake=-sure), sure)
    for gradient in (real, generator, fake):
        torch.testing.assert_close(gradient, exact, rtol=1e-6, atol=0)
    assert adversarial.non_saturating(fake=sure).item() == pytest.approx(40, rel=1e-6)
    (minimax,) = grad(adversarial.minimax(fake=sure), sure)
    assert minimax.abs().max() < 1e-17, "minimax saturates where D is sure"
    assert (minimax < 0).all(), "but must not lose its sign"


def test_real_and_fake_may_differ_in_number() -> None:
    both = adversarial.discriminator_loss(real=tensor(0, 0, 0), fake=tensor(0))
    close(both, 2 * math.log(2))


# Wasserstein


def test_wasserstein_values_and_signs() -> None:
    real, fake = tensor(3, 5, requires_grad=True), tensor(-1, 2, 5, requires_grad=True)
    loss = wasserstein.critic_loss(real=real, fake=fake)
    close(loss, 2 - 4)
    by_real, by_fake = grad(loss, (real, fake))
    close(by_real, -1 / 2)
    close(by_fake, 1 / 3)
    generator = wasserstein.generator_loss(fake=fake)
    close(generator, -2)
    close(grad(generator, fake)[0], -1 / 3)


@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0, 4.0])
def test_gradient_penalty_of_a_linear_critic(scale: float) -> None:
    """f(x) = w.x + b has gradient w everywhere: the penalty is (||w|| - 1)^2 for any images."""
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Flatten(0)).double()
    linear = critic[1]
    assert isinstance(linear, nn.Linear)
    with torch.no_grad():
        linear.weight.mul_(scale / linear.weight.norm())
    epsilon = torch.rand(5, 1, 1, 1, dtype=torch.float64)
    penalty = wasserstein.gradient_penalty(
        critic, real=images(5, 1), fake=images(5, 2), epsilon=epsilon
    )
    close(penalty, (scale - 1) ** 2)
    if scale > 0:  # the norm has no gradient at zero
        (by_weight,) = grad(penalty, linear.weight)
        expected = 2 * (scale - 1) * linear.weight.detach() / scale
        close(by_weight, expected)


def test_gradient_penalty_is_taken_between_real_and_fake_per_image() -> None:
    """f(x) = ||x||^2 / 2 has gradient x: the penalty is the mean of (||x_between|| - 1)^2."""
    real, fake = images(3, 1), images(3, 2)
    epsilon = tensor(0.0, 0.25, 1.0).view(3, 1, 1, 1)
    penalty = wasserstein.gradient_penalty(
        lambda x: x.square().flatten(1).sum(1) / 2, real=real, fake=fake, epsilon=epsilon
    )
    points = (fake[0], 0.25 * real[1] + 0.75 * fake[1], real[2])
    close(penalty, sum((float(x.norm()) - 1) ** 2 for x in points) / 3)


def test_gradient_penalty_has_no_graph_into_the_images() -> None:
    real, fake = images(2).requires_grad_(), images(2, 1).requires_grad_()
    weight = torch.ones(784, dtype=torch.float64, requires_grad=True)
    epsilon = torch.rand(2, 1, 1, 1, dtype=torch.float64)
    penalty = wasserstein.gradient_penalty(
        lambda x: x.flatten(1) @ weight, real=real, fake=fake, epsilon=epsilon
    )
    assert all(gradient is None for gradient in grad(penalty, (real, fake), allow_unused=True))


def test_clip_weights() -> None:
    weights = [nn.Parameter(tensor(-2, -0.1, 0, 0.05, 3)), nn.Parameter(tensor(7))]
    wasserstein.clip_weights(weights, 0.1)
    close(weights[0].detach(), tensor(-0.1, -0.1, 0, 0.05, 0.1))
    close(weights[1].detach(), 0.1)


# Evidence lower bound


def test_bernoulli_nats() -> None:
    x = images(3)
    close(elbo.bernoulli_nats(torch.zeros_like(x), x), 784 * math.log(2))
    logits = 3 * images(3, 1)
    d, pixels = torch.sigmoid(logits), (x + 1) / 2
    written_out = -(pixels * d.log() + (1 - pixels) * (1 - d).log()).sum((1, 2, 3))
    close(elbo.bernoulli_nats(logits, x), written_out)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_bernoulli_nats_at_extreme_logits(sign: float) -> None:
    """Wrong by 40 nats a pixel costs 40 nats a pixel, with gradient sigmoid(l) - pixel = -+1."""
    x = torch.full((1, 1, 28, 28), sign, dtype=torch.float64)
    logits = (-40 * x).requires_grad_()
    nats = elbo.bernoulli_nats(logits, x)
    close(nats, 784 * 40.0)
    close(grad(nats.sum(), logits)[0], -sign)


def test_bernoulli_gradient_is_probability_minus_pixel() -> None:
    x, logits = images(2), images(2, 1).requires_grad_()
    (gradient,) = grad(elbo.bernoulli_nats(logits, x).sum(), logits)
    close(gradient, torch.sigmoid(logits.detach()) - (x + 1) / 2)


def test_gaussian_nats() -> None:
    x, logits = images(3), 2 * images(3, 1)
    x_hat = 2 * torch.sigmoid(logits) - 1
    normal = Independent(Normal(x_hat, torch.ones_like(x_hat)), 3)
    log_prob: Tensor = normal.log_prob(x)  # type: ignore[no-untyped-call]
    close(elbo.gaussian_nats(logits, x), -log_prob - 392 * math.log(2 * math.pi))
    close(elbo.gaussian_nats(torch.zeros_like(x), x), 0.5 * x.square().sum((1, 2, 3)))
    exact = torch.atanh(x) * 2
    close(elbo.gaussian_nats(exact, x), 0.0)


def test_kl_divergence() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_var = torch.randn(2, 5, 7, generator=generator, dtype=torch.float64)
    ours = Normal(mean, (log_var / 2).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    close(elbo.kl_divergence(mean, log_var), kl_divergence(ours, prior).sum(1))
    zero = torch.zeros(4, 7, dtype=torch.float64)
    assert torch.equal(elbo.kl_divergence(zero, zero), torch.zeros(4, dtype=torch.float64))
    close(elbo.kl_divergence(zero + 3, zero), 7 * 9 / 2)
    close(elbo.kl_divergence(zero, zero + math.log(4)), 7 * (4 - 1 - math.log(4)) / 2)


def test_likelihoods_by_name() -> None:
    expected = {"bernoulli": elbo.bernoulli_nats, "gaussian": elbo.gaussian_nats}
    assert expected == elbo.LIKELIHOODS


def linear_gaussian(q_mean: Tensor, q_log_var: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """ELBO, log p(x) and KL(q || p(z | x)) of x = W z + noise, exact, for 4 images and one q.

    The reconstruction term is quadratic in z, so its mean over q is that over the 2 D points
    mean +- sqrt(D) sigma_i. W has orthogonal columns: the posterior is diagonal.
    """
    dim, constant = 3, 392 * math.log(2 * math.pi)
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(784, dim, generator=generator, dtype=torch.float64)
    norms = tensor(0.5, 1.0, 1.5)
    w = torch.linalg.qr(random).Q * norms
    x = 0.3 * images(4)
    q_mean, q_log_var = q_mean.expand(4, dim), q_log_var.expand(4, dim)
    offsets = math.sqrt(dim) * torch.diag_embed((q_log_var / 2).exp())  # [4, D, D]
    points = torch.cat([q_mean[:, None] + offsets, q_mean[:, None] - offsets], dim=1)
    logits = 2 * torch.atanh(points @ w.T)  # tanh(logits / 2) = W z
    nats = [elbo.gaussian_nats(logits[:, i].view(4, 1, 28, 28), x).view(4) for i in range(2 * dim)]
    bound = -torch.stack(nats).mean(0) - constant - elbo.kl_divergence(q_mean, q_log_var)
    marginal = torch.distributions.MultivariateNormal(
        torch.zeros(784, dtype=torch.float64), torch.eye(784, dtype=torch.float64) + w @ w.T
    )
    variance = 1 / (1 + norms.square())
    posterior = Normal(x.flatten(1) @ w * variance, variance.sqrt().expand(4, dim))
    gap = kl_divergence(Normal(q_mean, (q_log_var / 2).exp()), posterior).sum(1)
    log_likelihood: Tensor = marginal.log_prob(x.flatten(1))  # type: ignore[no-untyped-call]
    return bound, log_likelihood, gap


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (0.4, -1.0), (-0.3, 0.2)])
def test_elbo_of_a_linear_gaussian_vae(mean: float, log_var: float) -> None:
    """log p(x) = ELBO + KL(q || p(z | x)): the bound holds, and its gap is exactly that."""
    bound, log_likelihood, gap = linear_gaussian(tensor(mean), tensor(log_var))
    assert (bound < log_likelihood).all()
    torch.testing.assert_close(bound + gap, log_likelihood, rtol=1e-11, atol=1e-8)
    assert (gap > 1e-3).all()


# Autoencoder objectives with an adversarial part


def test_vae_gan_loss() -> None:
    l_vae, l_gan = tensor(100.0, requires_grad=True), tensor(0.7, requires_grad=True)
    loss = vae_gan_loss(l_vae, l_gan, weight=20.0)
    close(loss, 114.0)
    by_vae, by_gan = grad(loss, (l_vae, l_gan))
    close(by_vae, 1.0)
    close(by_gan, 20.0)


@pytest.mark.parametrize(
    ("l_gan", "d", "value", "slope"),
    [
        (0.9, 0.7, 104.0, 20.0),  # active: 100 + 20 (0.9 - 0.7)
        (0.5, 0.7, 100.0, 0.0),  # satisfied: no adversarial part at all
        (0.7, 0.7, 100.0, 0.0),  # on the bound: the subgradient 0
        (0.5, -10000.0, 200110.0, 20.0),
    ],
)
def test_constrained_loss(l_gan: float, d: float, value: float, slope: float) -> None:
    l_vae, adversarial_part = tensor(100.0, requires_grad=True), tensor(l_gan, requires_grad=True)
    loss = constrained_loss(l_vae, adversarial_part, lambda_=20.0, d=d)
    close(loss, value)
    by_vae, by_gan = grad(loss, (l_vae, adversarial_part))
    close(by_vae, 1.0)
    close(by_gan, slope)
