"""Everything that is measured on a set of images, on small made sets."""

import math

import pytest
import torch
from torch import Tensor

from ganvae.core.imageset import quantise
from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.floors.selftest import EXPECTED
from ganvae.judging.judged import Judged
from ganvae.judging.scoring import PAIRS, RealImages, score
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.class_kl import class_kl
from ganvae.metrics.frechet_distance import Reference, at_infinity, frechet_distance
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.inception_score import inception_score
from ganvae.metrics.kernel_distance import kernel_distance
from ganvae.metrics.memorization import nearest_real
from ganvae.metrics.modes import modes_covered
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness

CPU = torch.device("cpu")
DIRECTIONS = Noise(9, CPU).normal(784, 10)


def images(n: int, seed: int) -> Tensor:
    return Noise(seed, CPU).normal(n, 1, 28, 28).tanh()


def judged(of: Tensor) -> Judged:
    """A made judge: ten directions, as features and as logits."""
    features = of.flatten(1) @ DIRECTIONS / 10
    return Judged(features, features.softmax(dim=1))


def standard() -> RealImages:
    test = images(80, seed=1)
    return RealImages(test, judged(test))


TRAIN = images(150, seed=2)


def test_every_number_is_its_metrics_own() -> None:
    given, against = images(60, seed=3), standard()
    view, real = judged(given), against.judged
    found = score(given, view, against, TRAIN, seed=0)
    manifold = Manifold(real.features).neighbourhoods(view.features)
    histogram, real_histogram = (class_histogram(of.probabilities) for of in (view, real))
    near = nearest_real(given, TRAIN, against.images)
    expected = {
        "class_entropy": class_entropy(histogram),
        "class_kl": class_kl(histogram, real_histogram),
        "modes": modes_covered(histogram, real_histogram),
        "image_entropy": float(image_entropy(view.probabilities).mean()),
        "inception_score_classifier": inception_score(view.probabilities),
        "fid_classifier": frechet_distance(real.features, view.features),
        "fid_classifier_infinity": at_infinity(Reference(real.features).curve(view.features, 0)),
        "kid_classifier": kernel_distance(against.shuffled, view.features).value,
        "precision": manifold.precision,
        "recall": manifold.recall,
        "density": manifold.density,
        "coverage": manifold.coverage,
        "memorization": float(near.memorization.mean()),
        "memorization_neighbours": near.neighbours,
        "sharpness": float(sharpness(given, mean_laplacian_variance(against.images)).mean()),
    }
    assert found.metrics == pytest.approx(expected, rel=1e-9)
    assert set(found.metrics) == set(EXPECTED), "the self-test demands something of each"
    assert sum(found.class_histogram) == 60
    assert found.frechet_curve[-1] == (60, pytest.approx(found.metrics["fid_classifier"]))
    assert found.intervals.keys() < found.metrics.keys()
    assert all(low <= high for low, high in found.intervals.values())


def test_sorted_real_images_do_not_move_the_kernel_distance() -> None:
    """Test files are sorted; in blocks of the file's order the distance would be far from 0."""
    test = images(3000, seed=1)
    order = judged(test).features[:, 0].argsort()
    given = images(3000, seed=2)
    found = []
    for arranged in (test, test[order]):
        against = RealImages(arranged, judged(arranged))
        found.append(kernel_distance(against.shuffled, judged(given).features))
    in_blocks = kernel_distance(judged(test[order]).features, judged(given).features)
    assert all(abs(estimate.value) < in_blocks.value / 10 for estimate in found)


def test_images_and_opinions_must_agree_in_number() -> None:
    with pytest.raises(UserError, match="30 images cannot be measured: opinions of 60"):
        score(images(30, seed=3), judged(images(60, seed=3)), standard(), TRAIN, seed=0)


def test_what_a_metric_refuses_is_one_line() -> None:
    with pytest.raises(UserError, match=r"8 images cannot be measured: .*at least 10 images"):
        score(images(8, seed=3), judged(images(8, seed=3)), standard(), TRAIN, seed=0)
    beyond = images(60, seed=3) * 3
    with pytest.raises(UserError, match=r"cannot be measured: images: .* in \[-1, 1\] expected"):
        score(beyond, judged(beyond), standard(), TRAIN, seed=0)


def test_it_repeats_and_the_seed_moves_intervals_alone() -> None:
    given, against = images(60, seed=3), standard()
    first, again, other = (score(given, judged(given), against, TRAIN, seed=s) for s in (0, 0, 1))
    assert first.metrics == again.metrics
    assert first.intervals == again.intervals
    moved = {name for name, value in other.metrics.items() if value != first.metrics[name]}
    assert moved == {"fid_classifier_infinity"}  # its subsets are drawn
    assert other.intervals != first.intervals


def test_a_collapsed_generator_has_a_full_row() -> None:
    one = images(1, seed=4).expand(60, 1, 28, 28)
    usual = score(images(60, seed=3), judged(images(60, seed=3)), standard(), TRAIN, seed=0)
    found = score(one, judged(one), standard(), TRAIN, seed=0)
    assert found.metrics.keys() == usual.metrics.keys()
    assert all(math.isfinite(value) for value in found.metrics.values())
    assert found.metrics["modes"] == 1
    assert found.metrics["class_entropy"] == 0
    assert found.metrics["recall"] == 0


def test_the_pairs_show_the_image_its_training_and_its_test_neighbour() -> None:
    against = standard()
    given = torch.cat([images(59, seed=3), TRAIN[7:8]])
    pairs = score(given, judged(given), against, TRAIN, seed=0).pairs
    assert pairs.shape == (PAIRS, 3, 28, 28)
    assert pairs.dtype == torch.uint8
    assert torch.equal(pairs[0, 0], quantise(given[59:])[0]), "the copy comes first"
    assert torch.equal(pairs[0, 0], pairs[0, 1])
