"""Every metric as this project takes it: inputs of benchmarks/metric_inputs.py to numbers."""

from dataclasses import asdict

from torch import Tensor

from benchmarks.metric_inputs import Everything
from ganvae.judging.judged import Judged
from ganvae.judging.scoring import NEAREST, RealImages, score
from ganvae.metrics.active_units import active_units
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.class_kl import class_kl
from ganvae.metrics.frechet_distance import Reference, at_infinity, frechet_distance
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.importance_bound import importance_bound
from ganvae.metrics.inception_score import inception_score
from ganvae.metrics.interval import mean_with_interval
from ganvae.metrics.kernel_distance import kernel_distance
from ganvae.metrics.memorization import nearest_real
from ganvae.metrics.modes import modes_covered
from ganvae.metrics.precision_recall import Manifold
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness

SEED = 0  # of resamples and subsets


def fid(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"fid": frechet_distance(real, generated)}


def fid_interval(real: Tensor, generated: Tensor) -> dict[str, float]:
    found = Reference(real).interval(generated, SEED)
    return {"fid": found.value, "low": found.low, "high": found.high}


def fid_infinity(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"fid_infinity": at_infinity(Reference(real).curve(generated, SEED))}


def kid(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"kid": kernel_distance(real, generated).value}


def precision_recall(real: Tensor, generated: Tensor) -> dict[str, float]:
    return asdict(Manifold(real).neighbourhoods(generated))


def inception(real: Tensor, generated: Tensor) -> dict[str, float]:
    """From logits, as the references; the real ones take no part."""
    return {"inception_score": inception_score(generated.softmax(dim=1))}


def histogram_entropy(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"class_entropy": class_entropy(class_histogram(generated))}


def histogram_kl(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"class_kl": class_kl(class_histogram(generated), class_histogram(real))}


def modes(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"modes": modes_covered(class_histogram(generated), class_histogram(real))}


def entropy_per_image(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"image_entropy": float(image_entropy(generated).mean())}


def relative_sharpness(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"sharpness": float(sharpness(generated, mean_laplacian_variance(real)).mean())}


def memorization(generated: Tensor, train: Tensor, test: Tensor) -> dict[str, float]:
    found = nearest_real(generated[:NEAREST], train, test)
    return {"memorization": float(found.memorization.mean())}


def reconstruction(real: Tensor, generated: Tensor) -> dict[str, float]:
    return {"reconstruction_mse": float(reconstruction_mse(real, generated).mean())}


def units(means: Tensor) -> dict[str, float]:
    return {"active_units": active_units(means)}


def bound(log_weights: Tensor) -> dict[str, float]:
    return {"importance_bound": float(importance_bound(log_weights).mean())}


def mean_interval(values: Tensor) -> dict[str, float]:
    found = mean_with_interval(values, SEED)
    return {"mean": found.value, "low": found.low, "high": found.high}


def everything(given: Everything) -> dict[str, float]:
    real = Judged(given.real_features, given.real_logits.softmax(dim=1))
    standard = RealImages(given.real_images, real)
    judged = Judged(given.features, given.logits.softmax(dim=1))
    return score(given.images, judged, standard, given.train_images, SEED).metrics
