"""Metrics beyond those of test_metrics.py: closed forms, properties and bad input."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from ganvae.metrics.active_units import active_units
from ganvae.metrics.class_kl import class_kl
from ganvae.metrics.frechet_distance import Reference, at_infinity, frechet_distance
from ganvae.metrics.importance_bound import importance_bound
from ganvae.metrics.inception_score import inception_score
from ganvae.metrics.interval import mean_with_interval
from ganvae.metrics.kernel_distance import kernel_distance, squared_mmd
from ganvae.metrics.memorization import closest, nearest_real
from ganvae.metrics.modes import modes_covered
from ganvae.metrics.neighbours import BLOCK, nearest, nearest_others
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.sharpness import laplacian_variance, mean_laplacian_variance, sharpness

LN10 = math.log(10)
UNIFORM = torch.full((10,), 100)


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def images(n: int, seed: int = 0) -> Tensor:
    return normal(n, 1, 8, 8, seed=seed).tanh()


def one_class(index: int = 3) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(index), 10) * 50


# class KL and modes


def test_class_kl_closed_forms() -> None:
    assert class_kl(UNIFORM, 7 * UNIFORM) == pytest.approx(0, abs=1e-12)
    assert class_kl(one_class(), UNIFORM) == pytest.approx(LN10, abs=1e-12)
    missing = UNIFORM.clone()
    missing[9] = 0
    assert class_kl(missing, UNIFORM) == pytest.approx(math.log(10 / 9), abs=1e-12)


def test_modes_need_a_tenth_of_the_real_share() -> None:
    counts = torch.tensor([1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 100, 70])
    assert modes_covered(UNIFORM, UNIFORM) == 10
    assert modes_covered(one_class(), UNIFORM) == 1
    assert modes_covered(counts, UNIFORM) == 9  # 100 of 8,170 is above 1 %, 70 below
    exactly = torch.tensor([1100] * 9 + [100])
    assert modes_covered(exactly, UNIFORM) == 10  # a tenth, however it would be rounded


@pytest.mark.parametrize("metric", [class_kl, modes_covered])
def test_histograms_are_checked(metric: Callable[[Tensor, Tensor], float]) -> None:
    with pytest.raises(ValueError, match="shapes"):
        metric(torch.ones(9), UNIFORM)
    with pytest.raises(ValueError, match="counts of at least one image"):
        metric(torch.zeros(10), UNIFORM)
    with pytest.raises(ValueError, match="counts of at least one image"):
        metric(UNIFORM, -UNIFORM)
    with pytest.raises(ValueError, match="counts of at least one image"):
        metric(torch.full((10,), math.nan), UNIFORM)


def test_a_class_without_real_images_counts_as_half_an_image() -> None:
    """All generated images of class 9, none of the 9 real ones: ln(9.5 / 0.5) = ln 19."""
    real = torch.tensor([1] * 9 + [0])
    assert class_kl(torch.tensor([0] * 9 + [5]), real) == pytest.approx(math.log(19), rel=1e-12)


# Inception Score


def test_inception_score_closed_forms() -> None:
    sure = torch.eye(10).repeat(20, 1)
    assert inception_score(sure) == pytest.approx(10, rel=1e-9)
    assert inception_score(torch.full((50, 10), 0.1)) == pytest.approx(1, rel=1e-6)
    assert inception_score(torch.eye(10)[[4]].expand(50, 10)) == pytest.approx(1, rel=1e-9)


def test_inception_score_refuses_more_splits_than_images() -> None:
    with pytest.raises(ValueError, match="10 splits of 9 images"):
        inception_score(torch.eye(10)[:9])


# Frechet distance: weights, interval, curve


def test_weights_are_repeated_images() -> None:
    reference = Reference(normal(40, 5))
    generated = 2 * normal(9, 5, seed=1)  # enough of them for a covariance of full rank
    weights = torch.tensor([1, 0, 3, 2, 0, 1, 1, 2, 1])
    expected = reference.distance(generated.repeat_interleave(weights, dim=0))
    assert reference.distance(generated, weights) == pytest.approx(expected, rel=1e-9)


def test_the_interval_is_freed_of_the_bias_of_few_images() -> None:
    """Same distribution: the distance is all bias, so a percentile interval would lie above it."""
    reference = Reference(normal(200_000, 32))
    unbiased = 0
    for seed in range(10):
        found = reference.interval(normal(1000, 32, seed=seed + 1), seed=0)
        assert 0 <= found.low < found.high < found.value, "a resample's distance is larger still"
        unbiased += found.low < 0.1 * found.value
    assert unbiased >= 8


def test_the_interval_holds_the_distance_of_the_true_distributions() -> None:
    """The real Gaussian is known by a million images; shift 0.5 in 4 dimensions is 1.0."""
    reference = Reference(normal(1_000_000, 4))
    within, reached = 0, 0.0
    for seed in range(20):
        found = reference.interval(normal(500, 4, seed=seed + 1) + 0.5, seed=0)
        within += found.low <= 1.0 <= found.high
        reached += (found.high - found.low) / 20
    assert within >= 16  # of 20 at 95 %; below 16 has a probability of 0.3 %
    assert 0.2 < reached < 0.5  # 2 x 1.96 standard errors of 2 x 0.5 x sqrt(4 / 500)


def test_the_curve_falls_to_its_limit() -> None:
    """Same distribution on both sides: the distance is all bias, and the limit is near 0."""
    reference = Reference(normal(100_000, 20))
    curve = reference.curve(normal(4000, 20, seed=1), seed=0)
    assert [n for n, _ in curve][:: len(curve) - 1] == [800, 4000]
    assert curve[0][1] > 2 * curve[-1][1] > 0
    assert abs(at_infinity(curve)) < 0.3 * curve[-1][1]


def test_the_limit_of_an_exact_line() -> None:
    assert at_infinity([(n, 3 + 50 / n) for n in (10, 20, 50)]) == pytest.approx(3, abs=1e-9)


# kernel distance


def test_squared_mmd_is_zero_on_average_and_sees_a_shift() -> None:
    same = [squared_mmd(normal(100, 8, seed=i), normal(100, 8, seed=1000 + i)) for i in range(30)]
    mean = sum(same) / len(same)
    spread = math.sqrt(sum((x - mean) ** 2 for x in same) / (len(same) - 1))
    assert abs(mean) < 4 * spread / math.sqrt(len(same))
    assert squared_mmd(normal(100, 8), normal(100, 8, seed=1) + 1) > 10 * spread


def test_small_sets_are_cut_in_five() -> None:
    real, generated = normal(30, 4), normal(20, 4, seed=1)
    found = kernel_distance(real, generated)
    parts = [squared_mmd(real[i : i + 4], generated[i : i + 4]) for i in range(0, 20, 4)]
    assert found.value == pytest.approx(sum(parts) / 5, rel=1e-9)


# neighbours, precision and recall


def test_neighbours_by_brute_force_over_block_borders() -> None:
    a, b = normal(BLOCK + 3, 3), normal(17, 3, seed=1)
    direct = torch.cdist(a, b).square()
    distances, index = nearest(a, b)
    assert torch.allclose(distances, direct.min(dim=1).values, rtol=1e-9, atol=1e-12)
    assert torch.equal(index, direct.argmin(dim=1))
    own = torch.cdist(a, a).square().fill_diagonal_(math.inf)
    expected = own.sort(dim=1).values[:, 2]
    others, indices = nearest_others(a, 3)
    assert torch.allclose(others[:, 2], expected, rtol=1e-9, atol=1e-12)
    assert torch.equal(indices, own.argsort(dim=1)[:, :3])


def test_equal_sets_and_distant_sets() -> None:
    real = normal(100, 4)
    near = Manifold(real).neighbourhoods(real + 1e-9)
    assert near.precision == near.recall == 1
    assert near.coverage == 1
    far = Manifold(real).neighbourhoods(real + 1000)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(far, name) == 0


def test_a_collapsed_generator_has_a_full_row() -> None:
    """All images equal to a real one: precise, but it recalls nothing."""
    real = normal(50, 4)
    real[0] = 1.0
    found = Manifold(real).neighbourhoods(real[:1].expand(30, 4))
    assert found.precision == 1
    assert found.recall == 0
    assert 0 < found.coverage < 0.5


def test_the_jackknife_is_that_of_the_sets_without_each_group() -> None:
    real, generated = normal(150, 4), normal(90, 4, seed=1) * 0.8 + 0.4
    found = Manifold(real).estimates(generated, seed=3)
    stream = torch.Generator().manual_seed(3)
    groups = [torch.randperm(len(x), generator=stream) % 10 for x in (real, generated)]
    without = [
        Manifold(real[groups[0] != g]).neighbourhoods(generated[groups[1] != g]) for g in range(10)
    ]
    whole = Manifold(real).neighbourhoods(generated)
    for name in ("precision", "recall", "density", "coverage"):
        values = np.array([getattr(part, name) for part in without])
        reach = stats.t.ppf(0.975, 9) * math.sqrt(9 / 10 * ((values - values.mean()) ** 2).sum())
        value = getattr(whole, name)
        assert found[name].value == value
        assert found[name].low == pytest.approx(value - reach, rel=1e-9)
        assert found[name].high == pytest.approx(min(value + reach, 1), rel=1e-9) or (
            name == "density" and found[name].high == pytest.approx(value + reach, rel=1e-9)
        )


def test_the_intervals_hold_the_mean_over_many_draws() -> None:
    """95 % wanted; of 60 draws at least 50 must, which 60 intervals of 95 % miss 1 time in 1000."""
    names = ("precision", "recall", "density", "coverage")
    drawn = [
        Manifold(normal(300, 8, seed=2 * i)).estimates(normal(300, 8, seed=2 * i + 1) * 0.8, seed=i)
        for i in range(60)
    ]
    for name in names:
        truth = np.mean([found[name].value for found in drawn])
        assert sum(found[name].low <= truth <= found[name].high for found in drawn) >= 50, name


def test_intervals_need_more_images_than_the_metrics() -> None:
    with pytest.raises(ValueError, match="at least 12 images"):
        Manifold(normal(50, 4)).estimates(normal(11, 4), seed=0)
    with pytest.raises(ValueError, match="at least 12 images"):
        Manifold(normal(11, 4)).estimates(normal(50, 4), seed=0)


# sharpness


def test_sharpness_sees_blur_and_scale() -> None:
    real = images(20)
    blurred = torch.nn.functional.avg_pool2d(real, 3, stride=1, padding=1)
    of_real = mean_laplacian_variance(real)
    assert float(sharpness(real, of_real).mean()) == pytest.approx(1, abs=1e-12)
    assert float(sharpness(real / 2, of_real).mean()) == pytest.approx(0.25, abs=1e-12)
    assert float(sharpness(blurred, of_real).mean()) < 0.2
    assert (sharpness(torch.zeros_like(real), of_real) == 0).all()


def test_sharpness_refuses_real_images_without_edges() -> None:
    with pytest.raises(ValueError, match="all constant"):
        mean_laplacian_variance(torch.zeros(3, 1, 8, 8))


# memorization


def test_copies_are_seen_and_new_images_are_not() -> None:
    pool = images(3000, seed=1)
    train, test, new = pool[:2000], pool[2000:2500], pool[2500:]
    copied = nearest_real(train[:200], train, test)
    assert float(copied.memorization.mean()) == 1
    assert copied.train_index.tolist() == list(range(200))
    fresh = nearest_real(new, train, test).memorization
    error = math.sqrt(0.8 * 0.2 / len(new)) / 0.2  # a share of 0.8 is expected, scaled by 1 - 0.8
    assert abs(float(fresh.mean())) < 3 * error
    assert copied.neighbours == 200
    known = nearest_real(test[:200], train, test)
    assert float(known.memorization.mean()) == pytest.approx(-4)  # (0 - 0.8) / 0.2


def test_blur_is_no_memory() -> None:
    """Blurred images share few neighbours, so one split can lean either way: on average none."""
    pool = images(300, seed=2)
    blurred = torch.nn.functional.avg_pool2d(images(50, seed=4), 3, stride=1, padding=1)
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(60):
        train, test = pool[torch.randperm(300, generator=generator)].split([200, 100])
        found.append(nearest_real(blurred, train, test).memorization.mean())
    means = torch.stack(found)
    assert abs(float(means.mean())) < 3 * float(means.std()) / math.sqrt(len(means))


def test_a_tie_counts_half_and_equal_images_have_one_neighbour() -> None:
    pool = images(100, seed=5)
    train, test = pool[:80], torch.cat([pool[:5], pool[80:]])
    tied = nearest_real(pool[:5], train, test)
    assert torch.equal(tied.train_distance, tied.test_distance)
    expected = (0.5 - 80 / 105) / (1 - 80 / 105)
    assert tied.memorization.tolist() == pytest.approx([expected] * 5, rel=1e-9)
    assert nearest_real(pool[90:91].expand(30, 1, 8, 8), train, pool[80:]).neighbours == 1


def test_the_closest_are_those_most_like_copies() -> None:
    pool = images(400, seed=3)
    mixed = torch.cat([pool[300:], pool[:2]])  # two copies among a hundred new images
    found = nearest_real(mixed, pool[:200], pool[200:300])
    assert set(closest(found, 2).tolist()) == {100, 101}


# latent space and bounds


def test_active_units_vary_over_images() -> None:
    means = torch.zeros(1000, 4, dtype=torch.float64)
    means[:, 0] = normal(1000)
    means[:, 1] = 0.09 * normal(1000, seed=1)  # variance 0.0081, below the threshold
    means[:, 2] = 0.12 * normal(1000, seed=2)  # 0.0144, above
    means[:, 3] = 5.0  # far from the prior, but the same for all
    assert active_units(means) == 2


def test_one_weight_is_the_elbo_and_more_tighten_it() -> None:
    weights = normal(200, 64)
    assert torch.allclose(importance_bound(weights[:, :1]), -weights[:, 0])
    assert float(importance_bound(weights).mean()) < float(-weights.mean())


def test_the_bound_reaches_the_exact_likelihood_of_a_linear_gaussian_model() -> None:
    """x = z + e with z, e ~ N(0, 1): x ~ N(0, 2); q is 30 % too wide, 2,000 samples."""
    x = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64)[:, None]
    mean, scale = x / 2, math.sqrt(0.5) * 1.3
    z = mean + scale * normal(3, 2000)
    log_normal = torch.distributions.Normal(0.0, 1.0).log_prob
    log_q = torch.distributions.Normal(mean, scale).log_prob(z)
    found = importance_bound(log_normal(x - z) + log_normal(z) - log_q)
    exact = -torch.distributions.Normal(0.0, math.sqrt(2)).log_prob(x[:, 0])
    assert torch.allclose(found, exact, rtol=0, atol=0.02)


# intervals


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_an_interval_lies_around_the_mean(values: list[float]) -> None:
    found = mean_with_interval(torch.tensor(values, dtype=torch.float64), seed=0)
    assert found.low <= found.value + 1e-9
    assert found.value <= found.high + 1e-9


def test_an_interval_is_as_wide_as_the_normal_one() -> None:
    values = normal(2000)
    found = mean_with_interval(values, seed=0)
    reach = 1.96 * float(values.std()) / math.sqrt(2000)
    assert found.high - found.low == pytest.approx(2 * reach, rel=0.15)
    constant = mean_with_interval(torch.ones(10), seed=0)
    assert (constant.low, constant.high) == (1, 1)


# what all of them refuse

PAIRS: dict[str, Callable[[Tensor, Tensor], object]] = {
    "frechet_distance": frechet_distance,
    "kernel_distance": kernel_distance,
    "precision_recall": lambda a, b: Manifold(a).neighbourhoods(b),
}


@pytest.mark.parametrize("metric", PAIRS.values(), ids=PAIRS)
def test_features_are_checked(metric: Callable[[Tensor, Tensor], object]) -> None:
    good = normal(20, 3)
    with pytest.raises(ValueError, match="at least"):
        metric(good[:1], good)
    with pytest.raises(ValueError, match="at least"):
        metric(good, good[:1])
    with pytest.raises(ValueError, match="width 3 and 4"):
        metric(good, normal(20, 4))
    for bad in (math.nan, math.inf):
        broken = good.clone()
        broken[3, 1] = bad
        with pytest.raises(ValueError, match="NaN or infinity"):
            metric(good, broken)
        with pytest.raises(ValueError, match="NaN or infinity"):
            metric(broken, good)


def test_images_are_checked() -> None:
    good = images(5)
    broken = good.clone()
    broken[0, 0, 0, 0] = math.nan
    for bad, message in [
        (broken, "NaN"),
        (good[:0], "at least 1 images"),
        (good[0], "4 dimensions expected"),
        (127.5 * (good + 1), r"in \[-1, 1\] expected"),
        (good.expand(5, 3, 8, 8), r"\[N, 1, H, W\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            laplacian_variance(bad)
    with pytest.raises(ValueError, match="NaN"):
        nearest_real(broken, good, good)
    with pytest.raises(ValueError, match="different shapes"):
        nearest_real(good, good, good[:, :, :4])
    with pytest.raises(ValueError, match="images: none"):
        nearest_real(good[:0], good, good)


def test_features_too_large_for_the_kernel_are_refused() -> None:
    with pytest.raises(ValueError, match="too large for the kernel"):
        kernel_distance(1e60 * normal(20, 3), normal(20, 3))


def test_a_bound_needs_a_sample() -> None:
    with pytest.raises(ValueError, match="no sample"):
        importance_bound(torch.empty(3, 0))
