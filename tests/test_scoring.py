"""Everything that is measured on a set of images, on small made sets."""

import math

import pytest
import torch
from torch import Tensor

from ganvae.data import quantise
from ganvae.evaluation import Judged
from ganvae.metrics.class_entropy import class_entropy
from ganvae.metrics.frechet_distance import frechet_distance
from ganvae.metrics.memorization import nearest_real
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.sharpness import sharpness
from ganvae.runtime import Noise
from ganvae.scoring import PAIRS, Standard, score

CPU = torch.device("cpu")
DIRECTIONS = Noise(9, CPU).normal(784, 10)


def images(n: int, seed: int) -> Tensor:
    return Noise(seed, CPU).normal(n, 1, 28, 28).tanh()


def judged(of: Tensor) -> Judged:
    """A made judge: ten directions, as features and as logits."""
    features = of.flatten(1) @ DIRECTIONS / 10
    return Judged(features, features.softmax(dim=1))


def standard() -> Standard:
    test = images(80, seed=1)
    return Standard(test, judged(test), images(150, seed=2))


def test_every_number_is_its_metrics_own() -> None:
    given, against = images(60, seed=3), standard()
    view = judged(given)
    found = score(given, view, against, seed=0)
    manifold = Manifold(against.judged.features).neighbourhoods(view.features)
    near = nearest_real(given, against.train_images, against.images)
    expected = {
        "class_entropy": class_entropy(torch.tensor(found.class_histogram)),
        "fid_classifier": frechet_distance(against.judged.features, view.features),
        "precision": float(manifold.precision.mean()),
        "recall": float(manifold.recall.mean()),
        "density": float(manifold.density.mean()),
        "coverage": float(manifold.coverage.mean()),
        "memorization": float(near.memorization.mean()),
        "sharpness": sharpness(given, against.images),
    }
    for name, value in expected.items():
        assert found.metrics[name] == pytest.approx(value, rel=1e-9), name
    assert sum(found.class_histogram) == 60
    assert found.frechet_curve[-1] == (60, pytest.approx(found.metrics["fid_classifier"]))
    assert found.intervals.keys() < found.metrics.keys()
    assert all(low <= high for low, high in found.intervals.values())


def test_it_repeats_and_the_seed_moves_intervals_alone() -> None:
    given, against = images(60, seed=3), standard()
    first, again, other = (score(given, judged(given), against, seed=s) for s in (0, 0, 1))
    assert first.metrics == again.metrics
    assert first.intervals == again.intervals
    moved = {name for name, value in other.metrics.items() if value != first.metrics[name]}
    assert moved == {"fid_classifier_infinity"}  # its subsets are drawn
    assert other.intervals != first.intervals


def test_a_collapsed_generator_has_a_full_row() -> None:
    one = images(1, seed=4).expand(60, 1, 28, 28)
    usual = score(images(60, seed=3), judged(images(60, seed=3)), standard(), seed=0)
    found = score(one, judged(one), standard(), seed=0)
    assert found.metrics.keys() == usual.metrics.keys()
    assert all(math.isfinite(value) for value in found.metrics.values())
    assert found.metrics["modes"] == 1
    assert found.metrics["class_entropy"] == 0
    assert found.metrics["recall"] == 0


def test_the_pairs_show_the_image_its_training_and_its_test_neighbour() -> None:
    against = standard()
    given = torch.cat([images(59, seed=3), against.train_images[7:8]])
    pairs = score(given, judged(given), against, seed=0).pairs
    assert pairs.shape == (PAIRS, 3, 28, 28)
    assert pairs.dtype == torch.uint8
    assert torch.equal(pairs[0, 0], quantise(given[59:])[0]), "the copy comes first"
    assert torch.equal(pairs[0, 0], pairs[0, 1])
