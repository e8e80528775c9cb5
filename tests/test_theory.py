"""What ghosh2020 derives (sections 2.1.1 and 2.2.1), held against the losses, in float64.

On discrete distributions with known optimum: the batch holds every point as often as its
distribution says, so that a loss's mean over the batch is the expectation.
"""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import rel_entr
from torch import Tensor
from torch.autograd import grad

from ganvae.models.gan import loss as adversarial
from ganvae.models.vae import elbo

EXACT = 1e-10  # float64, sums of at most a hundred terms
SURE = 60.0  # a logit at which D is 0 or 1 to float64
LN2, LN4 = math.log(2), math.log(4)
counts = st.lists(st.integers(1, 9), min_size=2, max_size=6)
pairs = st.integers(2, 6).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(1, 9), min_size=n, max_size=n)] * 2)
)


def distribution(points: list[int]) -> Tensor:
    return torch.tensor(points, dtype=torch.float64) / sum(points)


def value(logits: Tensor, data: list[int], generated: list[int]) -> Tensor:
    """V(D, G) of eq. 10 by the project's loss; `logits` [K], D of each point."""
    real = logits.repeat_interleave(torch.tensor(data))
    fake = logits.repeat_interleave(torch.tensor(generated))
    return -adversarial.discriminator_loss(real=real, fake=fake)


def kl(p: Tensor, q: Tensor) -> float:
    return float(rel_entr(p.numpy(), q.numpy()).sum())


def jsd(p: Tensor, q: Tensor) -> float:
    middle = (p + q) / 2
    return (kl(p, middle) + kl(q, middle)) / 2


def optimum(data: list[int], generated: list[int]) -> Tensor:
    """Logits of D* = p_data / (p_data + p_g), eq. 13."""
    p, q = distribution(data), distribution(generated)
    return torch.logit(p / (p + q))


@given(pairs)
def test_the_optimal_discriminator_is_eq_13(two: tuple[list[int], list[int]]) -> None:
    logits = optimum(*two).requires_grad_()
    (gradient,) = grad(value(logits, *two), logits)
    assert gradient.abs().max() < EXACT
    shifted = (logits.detach() + 0.1).requires_grad_()
    (gradient,) = grad(value(shifted, *two), shifted)
    assert (gradient < 0).all(), "above the optimum V falls with the logit"
    assert value(shifted, *two) < value(logits, *two)


def test_gradient_descent_ends_at_eq_13() -> None:
    data, generated = [4, 3, 2, 1], [1, 1, 3, 5]
    logits = torch.tensor([-2.0, 0.0, 3.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=5.0)
    for _ in range(1000):
        optimizer.zero_grad()
        (-value(logits, data, generated)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    torch.testing.assert_close(logits.detach(), optimum(data, generated), rtol=0, atol=1e-8)


@given(pairs)
def test_the_value_at_the_optimum_is_eq_15(two: tuple[list[int], list[int]]) -> None:
    p, q = (distribution(points) for points in two)
    found = float(value(optimum(*two), *two))
    assert found == pytest.approx(-LN4 + 2 * jsd(p, q), abs=EXACT)
    assert found >= -LN4 - EXACT


@given(pairs)
def test_the_global_optimum_is_the_data(two: tuple[list[int], list[int]]) -> None:
    data, generated = two
    assume(not torch.allclose(distribution(data), distribution(generated)))
    assert float(value(optimum(data, data), data, data)) == pytest.approx(-LN4, abs=EXACT)
    assert float(value(optimum(data, generated), data, generated)) > -LN4 + EXACT


@given(counts, counts)
def test_disjoint_distributions(data: list[int], generated: list[int]) -> None:
    """JSD log 2 and V 0, where the KL divergence is infinite (section 5)."""
    first, second = data + [0] * len(generated), [0] * len(data) + generated
    p, q = distribution(first), distribution(second)
    assert jsd(p, q) == pytest.approx(LN2, abs=EXACT)
    assert kl(p, q) == kl(q, p) == math.inf
    logits = torch.tensor([SURE] * len(data) + [-SURE] * len(generated), dtype=torch.float64)
    found = float(value(logits, first, second))
    assert found == pytest.approx(-LN4 + 2 * jsd(p, q), abs=EXACT)


def test_there_the_saturating_generator_learns_nothing() -> None:
    """The "vanishing gradient" of section 5: eq. 2 against what the code minimises."""
    fake = torch.full((4,), -SURE, dtype=torch.float64, requires_grad=True)
    (saturating,) = grad(adversarial.minimax(fake=fake), fake)
    (non_saturating,) = grad(adversarial.non_saturating(fake=fake), fake)
    assert saturating.abs().sum() < 1e-20
    assert non_saturating.sum() == pytest.approx(-1)


# log p(x) = ELBO + KL(q || p(z | x)), eq. 19, for one latent dimension by quadrature

GRID = torch.linspace(-14, 14, 20_001, dtype=torch.float64)
STEP = float(GRID[1] - GRID[0])


def image(seed: int, binary: bool) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    grey = torch.rand(1, 1, 28, 28, generator=generator, dtype=torch.float64) * 2 - 1
    return grey.sign() if binary else grey


def nats(likelihood: str, images: Tensor, slope: float) -> Tensor:
    """-log p(x | z) by the project's likelihoods at every z of `GRID`, up to constants of x."""
    pattern = slope * torch.sin(torch.arange(784, dtype=torch.float64))
    total = torch.empty_like(GRID)
    for start in range(0, len(GRID), 1000):
        z = GRID[start : start + 1000]
        logits = (torch.outer(z, pattern) + 0.3).view(-1, 1, 28, 28)
        total[start : start + 1000] = elbo.LIKELIHOODS[likelihood](
            logits, images.expand(len(z), -1, -1, -1)
        )
    return total


def log_normal(mean: float, log_var: float) -> Tensor:
    """log density of N(mean, exp(log_var)) at every z of `GRID`."""
    return -0.5 * ((GRID - mean) ** 2 / math.exp(log_var) + log_var + math.log(2 * math.pi))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (0.7, -1.5), (-1.2, 0.4)])
def test_log_likelihood_is_elbo_plus_divergence(
    likelihood: str, mean: float, log_var: float
) -> None:
    given_z = -nats(likelihood, image(3, binary=likelihood == "bernoulli"), slope=0.05)
    joint = given_z + log_normal(0, 0)
    log_likelihood = torch.logsumexp(joint, dim=0) + math.log(STEP)
    log_q = log_normal(mean, log_var)
    q = log_q.exp()
    divergence = (q * (log_q - (joint - log_likelihood))).sum() * STEP
    divergence_from_prior = elbo.kl_divergence(
        torch.tensor([[mean]], dtype=torch.float64), torch.tensor([[log_var]], dtype=torch.float64)
    )
    bound = (q * given_z).sum() * STEP - divergence_from_prior
    assert float(bound + divergence) == pytest.approx(float(log_likelihood), abs=1e-8)
    assert divergence > 1e-3, "another q than the posterior"


def test_the_bound_is_tight_where_q_is_the_posterior() -> None:
    """A decoder that ignores z leaves the prior as posterior: ELBO = log p(x)."""
    images = image(5, binary=True)
    given_z = -nats("bernoulli", images, slope=0.0)
    zero = torch.zeros(1, 1, dtype=torch.float64)
    bound = given_z[0] - elbo.kl_divergence(zero, zero)
    likelihood = torch.logsumexp(given_z + log_normal(0, 0), dim=0) + math.log(STEP)
    assert float(bound) == pytest.approx(float(likelihood), abs=1e-8)
