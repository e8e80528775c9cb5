"""Every metric with a reference implementation against it, on the same arrays.

The tolerance is that of rounding: the references compute in float32 or float64 as given, this
project in float64.
"""

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from scipy import ndimage, stats
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_mmd
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.image.kid import poly_mmd

from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.class_kl import class_kl
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.inception_score import inception_score
from ganvae.metrics.kernel_distance import kernel_distance, squared_mmd
from ganvae.metrics.memorization import nearest_real
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.sharpness import laplacian_variance

KID = {
    "kid_kernel": "poly",
    "kid_kernel_poly_degree": 3,
    "kid_kernel_poly_gamma": None,
    "kid_kernel_poly_coef0": 1.0,
}


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def features(n: int, seed: int, shift: float = 0.0) -> Tensor:
    """Correlated features, not negative, as a last hidden layer's are."""
    return (normal(n, 16, seed=seed) @ normal(16, 16, seed=99) + shift).relu()


def test_class_entropy_and_kl_are_those_of_scipy() -> None:
    p, r = torch.tensor([5, 0, 3, 2]), torch.tensor([2, 3, 4, 1])
    assert class_entropy(p) == pytest.approx(stats.entropy(p.numpy()), abs=1e-12)
    expected = stats.entropy(p.numpy(), r.numpy())
    assert class_kl(p, r) == pytest.approx(expected, abs=1e-12)


def test_image_entropy_is_that_of_scipy() -> None:
    probabilities = normal(50, 10).softmax(dim=1)
    expected = stats.entropy(probabilities.numpy(), axis=1)
    assert image_entropy(probabilities).numpy() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "splits"), [(500, 10), (503, 10), (64, 1)])
def test_inception_score_is_that_of_torch_fidelity(n: int, splits: int) -> None:
    logits = 3 * normal(n, 10, seed=4)
    expected = isc_features_to_metric(logits, splits=splits, shuffle=False)
    found = inception_score(logits.softmax(dim=1), splits)
    assert found == pytest.approx(expected["inception_score_mean"], rel=1e-9)


def test_kernel_distance_is_that_of_torch_fidelity_and_torchmetrics() -> None:
    real, generated = features(120, 1), features(120, 2, shift=0.3)
    found = squared_mmd(real, generated)
    assert found == pytest.approx(kernel_mmd(real.numpy(), generated.numpy(), **KID), rel=1e-9)
    assert found == pytest.approx(float(poly_mmd(real, generated)), rel=1e-9)


def test_kernel_distance_is_the_mean_over_disjoint_subsets() -> None:
    real, generated = features(550, 1), features(530, 2, shift=0.3)
    each = [
        kernel_mmd(real[i : i + 100].numpy(), generated[i : i + 100].numpy(), **KID)
        for i in range(0, 500, 100)
    ]
    found = kernel_distance(real, generated, subset=100)
    assert found.value == pytest.approx(np.mean(each), rel=1e-9)
    low, high = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(("n", "m", "k"), [(200, 200, 5), (150, 260, 3), (1100, 90, 5)])
def test_precision_recall_density_coverage_are_those_of_prdc(
    n: int, m: int, k: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,100 real images are more than one block of distances."""
    real, generated = features(n, 1), features(m, 2, shift=0.5)
    expected = compute_prdc(real.numpy(), generated.numpy(), nearest_k=k)
    capsys.readouterr()  # it prints
    found = Manifold(real, k).neighbourhoods(generated)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-12), name
    assert Manifold(real, k).coverage(generated) == pytest.approx(expected["coverage"], abs=1e-12)
    assert 0 < expected["precision"] < 1
    assert 0 < expected["recall"] < 1


def test_precision_and_recall_are_those_of_torch_fidelity() -> None:
    real, generated = features(300, 1), features(280, 2, shift=0.5)
    found = Manifold(real, 3).neighbourhoods(generated)
    expected = prc_features_to_metric(
        generated, real, prc_neighborhood=3, prc_batch_size=100, save_cpu_ram=False, verbose=False
    )
    assert found.precision == pytest.approx(expected["precision"], abs=1e-6)
    assert found.recall == pytest.approx(expected["recall"], abs=1e-6)


def test_laplacian_variance_is_that_of_scipy() -> None:
    images = normal(5, 1, 28, 28).tanh()
    expected = [ndimage.laplace(image[0].numpy()).var() for image in images]
    assert laplacian_variance(images).numpy() == pytest.approx(expected, rel=1e-12)


def test_nearest_images_are_those_of_scikit_learn() -> None:
    """Float32 products: distances agree to 1e-4 of a pixel's range, and so do the neighbours."""
    images, train, test = (normal(n, 1, 6, 6, seed=n).tanh() for n in (70, 1500, 40))
    found = nearest_real(images, train, test)
    for others, distance, index in (
        (train, found.train_distance, found.train_index),
        (test, found.test_distance, found.test_index),
    ):
        search = NearestNeighbors(n_neighbors=1).fit(others.flatten(1).numpy())
        expected, expected_index = search.kneighbors(images.flatten(1).numpy())
        assert distance.sqrt().numpy() == pytest.approx(expected[:, 0], abs=1e-4)
        assert index.tolist() == expected_index[:, 0].tolist()


def test_class_histogram_is_that_of_numpy() -> None:
    probabilities = normal(300, 10, seed=8).softmax(dim=1)
    expected = np.bincount(probabilities.numpy().argmax(axis=1), minlength=10)
    assert class_histogram(probabilities).tolist() == expected.tolist()
