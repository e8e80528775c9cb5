"""The metrics against closed forms, their properties and the reference implementation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.frechet_distance import frechet_distance
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.reconstruction import reconstruction_mse

LN10 = math.log(10)


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def one_hot(*classes: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(classes), 10).float()


def softmax(n: int, seed: int = 0, scale: float = 3.0) -> Tensor:
    return (scale * normal(n, 10, seed=seed)).softmax(dim=1).float()


def orthogonal_points(width: int) -> Tensor:
    """2 `width` points, mean 0, coordinates uncorrelated; summed squares 2 `width` in each."""
    eye = math.sqrt(width) * torch.eye(width, dtype=torch.float64)
    return torch.cat([eye, -eye])


# class entropy


def test_histogram_counts_the_most_likely_class() -> None:
    probabilities = torch.tensor([[0.6, 0.4, 0.0], [0.1, 0.2, 0.7], [0.5, 0.1, 0.4]])
    histogram = class_histogram(probabilities)
    assert histogram.tolist() == [2, 0, 1]
    assert histogram.dtype == torch.int64
    assert class_histogram(one_hot(9, 9, 0)).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize(
    ("histogram", "nats"),
    [
        ([7] * 10, LN10),
        ([0, 500] + [0] * 8, 0.0),
        ([3, 3] + [0] * 8, math.log(2)),
        ([1, 3], -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))),
    ],
)
def test_class_entropy_closed_forms(histogram: list[int], nats: float) -> None:
    assert class_entropy(torch.tensor(histogram)) == pytest.approx(nats, abs=1e-12)


@given(st.lists(st.integers(0, 1000), min_size=10, max_size=10).filter(any), st.integers(1, 50))
def test_class_entropy_properties(counts: list[int], factor: int) -> None:
    nats = class_entropy(torch.tensor(counts))
    assert 0 <= nats <= LN10 + 1e-12
    assert (nats < 1e-12) == (sum(count > 0 for count in counts) == 1)
    assert class_entropy(torch.tensor(counts[::-1])) == pytest.approx(nats, abs=1e-12)
    assert class_entropy(factor * torch.tensor(counts)) == pytest.approx(nats, abs=1e-12)


@pytest.mark.parametrize("histogram", [[0, 0], [3, -1], [[1, 2]]])
def test_class_entropy_refuses(histogram: list[int]) -> None:
    with pytest.raises(ValueError, match="counts of at least one image"):
        class_entropy(torch.tensor(histogram))


# image entropy


def test_image_entropy_closed_forms() -> None:
    sure, torn = one_hot(4), (one_hot(1) + one_hot(7)) / 2
    clueless = torch.full((1, 10), 0.1, dtype=torch.float64)
    nats = image_entropy(torch.cat([sure, torn, clueless]))
    assert nats.dtype == torch.float64
    assert nats.tolist() == pytest.approx([0, math.log(2), LN10], abs=1e-12)


@given(st.integers(0, 10_000), st.floats(0.01, 30))
def test_image_entropy_properties(seed: int, scale: float) -> None:
    probabilities = softmax(5, seed, scale)
    nats = image_entropy(probabilities)
    assert (nats >= 0).all()
    assert (nats <= LN10 + 1e-6).all()
    assert torch.allclose(image_entropy(probabilities.flip(1)), nats, rtol=0, atol=1e-12)
    direct = -(probabilities.double() * probabilities.double().log()).nan_to_num().sum(dim=1)
    assert torch.allclose(nats, direct, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (torch.full((2, 10), math.nan), "NaN"),
        (torch.full((2, 10), 0.2), "sum to 1"),
        (torch.tensor([[1.5, -0.5]]), "sum to 1"),
        (torch.full((10,), 0.1), "2 dimensions"),
        (torch.empty(0, 10), "at least 1 image"),
    ],
)
def test_probabilities_are_checked(probabilities: Tensor, message: str) -> None:
    for metric in (class_histogram, image_entropy):
        with pytest.raises(ValueError, match=message):
            metric(probabilities)


# Frechet distance


@pytest.mark.filterwarnings("ignore:The `disp` argument is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("n", "m", "width"), [(300, 300, 16), (64, 500, 24), (40, 40, 2)])
def test_frechet_distance_is_that_of_pytorch_fid(n: int, m: int, width: int) -> None:
    """Full rank: both routes to the root's trace agree to rounding, relative 1e-9."""
    real = normal(n, width, seed=1) @ normal(width, width, seed=2) + 1
    generated = normal(m, width, seed=3) @ normal(width, width, seed=4)
    moments = [
        part
        for features in (real.numpy(), generated.numpy())
        for part in (features.mean(axis=0), np.cov(features, rowvar=False))
    ]
    expected = calculate_frechet_distance(*moments)
    assert frechet_distance(real, generated) == pytest.approx(expected, rel=1e-9)


def test_equal_covariances_leave_the_squared_mean_distance() -> None:
    real = normal(50, 6)
    shift = torch.tensor([3.0, 0, 0, -4.0, 0, 0], dtype=torch.float64)
    assert frechet_distance(real, real + shift) == pytest.approx(25, abs=1e-6)


def test_diagonal_covariances_and_n_minus_1() -> None:
    """sum (s_r - s_g)^2; with division by N instead of N - 1 the result would be a tenth less."""
    width = 5
    points = orthogonal_points(width)
    scales = torch.tensor([1.0, 2.0, 3.0, 0.5, 1.5], dtype=torch.float64)
    variance = 2 * width / (2 * width - 1)
    expected = variance * float((scales - 1).square().sum())
    assert frechet_distance(points, points * scales) == pytest.approx(expected, rel=1e-9)


def test_a_collapsed_generator_has_a_distance() -> None:
    """S_g = 0: |m_r - m_g|^2 + Tr S_r."""
    real = normal(200, 8)
    point = torch.full((8,), 2.0, dtype=torch.float64)
    expected = float((real.mean(dim=0) - point).square().sum() + real.var(dim=0).sum())
    assert frechet_distance(real, point.expand(30, 8)) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(point.expand(9, 8), point.expand(30, 8)) == 0


def test_features_that_are_always_zero_change_nothing() -> None:
    real, generated = normal(60, 4), 2 * normal(70, 4, seed=1)
    padded = [torch.nn.functional.pad(features, (0, 12)) for features in (real, generated)]
    expected = frechet_distance(real, generated)
    assert frechet_distance(*padded) == pytest.approx(expected, rel=1e-7)


@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 8), st.integers(0, 1000))
def test_frechet_distance_properties(n: int, m: int, width: int, seed: int) -> None:
    """Fewer images than features are allowed: rounding of the null space is below 1e-4."""
    real, generated = normal(n, width, seed=seed), 3 * normal(m, width, seed=seed + 1) + 1
    distance = frechet_distance(real, generated)
    assert distance >= 0
    assert frechet_distance(generated, real) == pytest.approx(distance, rel=1e-6, abs=1e-4)
    assert 0 <= frechet_distance(real, real) < 1e-4
    scaled = frechet_distance(2 * real, 2 * generated)
    assert scaled == pytest.approx(4 * distance, rel=1e-6, abs=4e-4)
    rotation, _ = torch.linalg.qr(normal(width, width, seed=seed + 2))
    rotated = frechet_distance(real @ rotation, generated @ rotation)
    assert rotated == pytest.approx(distance, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("real", "generated", "message"),
    [
        (normal(1, 3), normal(5, 3), "at least 2 images"),
        (normal(5, 3), normal(1, 3), "at least 2 images"),
        (normal(5, 3), normal(5, 4), "width 3 and 4"),
        (normal(5, 3), torch.full((5, 3), math.nan), "NaN"),
        (torch.full((5, 3), math.inf), normal(5, 3), "infinity"),
        (normal(5), normal(5), "2 dimensions"),
    ],
)
def test_frechet_distance_refuses(real: Tensor, generated: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, generated)


# reconstruction


def test_reconstruction_error_closed_forms() -> None:
    """Black against white is 1 on the scale from 0 to 1, black against middle grey 1/4."""
    black = -torch.ones(3, 1, 28, 28)
    other = torch.stack([torch.ones(1, 28, 28), torch.zeros(1, 28, 28), -torch.ones(1, 28, 28)])
    assert reconstruction_mse(black, other).tolist() == pytest.approx([1, 0.25, 0], abs=1e-12)


def test_reconstruction_error_is_per_image() -> None:
    images, others = normal(4, 1, 5, 7).tanh(), normal(4, 1, 5, 7, seed=1).tanh()
    errors = reconstruction_mse(images, others)
    for k in range(4):
        direct = (((images[k] + 1) / 2 - (others[k] + 1) / 2) ** 2).mean()
        assert float(errors[k]) == pytest.approx(float(direct), rel=1e-12)


def test_reconstruction_error_refuses() -> None:
    images = torch.zeros(2, 1, 4, 4)
    with pytest.raises(ValueError, match="differ"):
        reconstruction_mse(images, images[:1])
    with pytest.raises(ValueError, match="4 dimensions"):
        reconstruction_mse(images[0], images[0])
    with pytest.raises(ValueError, match="NaN"):
        reconstruction_mse(images, images * math.nan)
