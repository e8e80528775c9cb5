"""The same metrics by the packages of the field, called as their users call them.

Where a package has the number but not what this project makes of it, the loop around the package's
function is written here. A docstring says what its function does more, less or otherwise than this
project's; the tables show it.
"""

import io
import warnings
from contextlib import nullcontext, redirect_stdout

import numpy as np
import torch
from joblib import parallel_config
from numpy.typing import NDArray
from prdc import compute_prdc
from pytorch_fid.fid_score import calculate_frechet_distance
from scipy import ndimage, special, stats
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_mmd, kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.functional.regression import mean_squared_error
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from benchmarks.metric_inputs import FEATURES
from benchmarks.metric_ours import SEED
from ganvae.judging.scoring import NEAREST
from ganvae.metrics import frechet_distance, interval
from ganvae.metrics.kernel_distance import LEAST, SUBSET
from ganvae.metrics.precision_recall import K

KERNEL = {
    "kid_kernel": "poly",
    "kid_kernel_poly_degree": 3,
    "kid_kernel_poly_gamma": None,
    "kid_kernel_poly_coef0": 1.0,
}
Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


class Given(nn.Identity):
    """The "network" of torchmetrics' metrics: the features are there already."""

    num_features = FEATURES


def pytorch_fid(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Root of a general matrix, ours of symmetric ones."""
    return {"fid": float(calculate_frechet_distance(*_moments(real), *_moments(generated)))}


def _moments(features: Tensor) -> Moments:
    """As `calculate_activation_statistics`, whose array is float64 too."""
    activations = features.numpy().astype(np.float64)
    return np.mean(activations, axis=0), np.cov(activations, rowvar=False)


def torchmetrics_fid(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Covariance as a difference of sums, result float32."""
    metric = FrechetInceptionDistance(feature=Given())
    metric.update(real, real=True)
    metric.update(generated, real=False)
    return {"fid": float(metric.compute())}


def pytorch_fid_interval(real: Tensor, generated: Tensor) -> dict[str, float]:
    """The package has no interval: our loop of the same 100 resamples around it."""
    moments = _moments(real)
    distance = float(calculate_frechet_distance(*moments, *_moments(generated)))
    stream = torch.Generator().manual_seed(SEED)
    count = len(generated)
    found = []
    for _ in range(frechet_distance.RESAMPLES):
        drawn = torch.randint(count, (count,), generator=stream)
        found.append(calculate_frechet_distance(*moments, *_moments(generated[drawn])))
    low, high = np.quantile(found, [0.025, 0.975])
    return {
        "fid": distance,
        "low": max(0.0, 2 * distance - float(high)),
        "high": max(0.0, 2 * distance - float(low)),
    }


def pytorch_fid_infinity(real: Tensor, generated: Tensor) -> dict[str, float]:
    """The package has no extrapolation: our loop over the same 8 subsets around it."""
    moments = _moments(real)
    count, points = len(generated), frechet_distance.CURVE_POINTS
    sizes = np.linspace(frechet_distance.SMALLEST_SHARE * count, count, points).round().astype(int)
    stream = torch.Generator().manual_seed(SEED)
    found = []
    for size in sizes:
        drawn = torch.randperm(count, generator=stream)[:size]
        found.append(calculate_frechet_distance(*moments, *_moments(generated[drawn])))
    return {"fid_infinity": float(np.polyfit(1 / sizes, found, 1)[1])}


def _subset(real: Tensor, generated: Tensor) -> int:
    """The size of this project's subsets."""
    return min(SUBSET, len(real) // LEAST, len(generated) // LEAST)


def fidelity_kid(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Always 100 overlapping subsets (ours: N / 1,000 disjoint ones), float32, no interval."""
    size = _subset(real, generated)
    found = kid_features_to_metric(generated, real, kid_subset_size=size, verbose=False)
    return {"kid": found["kernel_inception_distance_mean"]}


def fidelity_kid_same_subsets(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Equal work: its `kernel_mmd` on our subsets in float64."""
    size = _subset(real, generated)
    a, b = (values.double().numpy() for values in (generated, real))
    starts = range(0, len(a) - size + 1, size)
    each = [kernel_mmd(a[i : i + size], b[i : i + size], **KERNEL) for i in starts]
    return {"kid": float(np.mean(each))}


def torchmetrics_kid(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Always 100 overlapping subsets, float32, no interval."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*save all extracted features")
        metric = KernelInceptionDistance(feature=Given(), subset_size=_subset(real, generated))
    metric.update(real, real=True)
    metric.update(generated, real=False)
    return {"kid": float(metric.compute()[0])}


def prdc(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Float32 distances, all at once."""
    # it asks for 8 threads whatever the machine, which on one core take half as long again as one
    one = torch.get_num_threads() == 1
    threads = parallel_config(backend="sequential") if one else nullcontext()
    with threads, redirect_stdout(io.StringIO()):  # it prints
        found = compute_prdc(real.numpy(), generated.numpy(), nearest_k=K)
    return {name: float(value) for name, value in found.items()}


def fidelity_prc(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Precision and recall only, closed balls, float32, all distances at once."""
    return _fidelity_prc(real, generated, save_cpu_ram=False)


def fidelity_prc_in_parts(real: Tensor, generated: Tensor) -> dict[str, float]:
    """As above, 10,000 rows at a time (an option that is off by default)."""
    return _fidelity_prc(real, generated, save_cpu_ram=True)


def _fidelity_prc(real: Tensor, generated: Tensor, save_cpu_ram: bool) -> dict[str, float]:
    found = prc_features_to_metric(
        generated, real, prc_neighborhood=K, save_cpu_ram=save_cpu_ram, verbose=False
    )
    return {name: found[name] for name in ("precision", "recall")}


def fidelity_inception(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Also the spread over splits; softmax in float64, ours in float32."""
    found = isc_features_to_metric(generated, shuffle=False)
    return {"inception_score": found["inception_score_mean"]}


def torchmetrics_inception(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Also the spread; shuffles first, so other splits; float32."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*save all extracted features")
        metric = InceptionScore(feature=Given())
    metric.update(generated)
    return {"inception_score": float(metric.compute()[0])}


def _histogram(probabilities: Tensor) -> NDArray[np.int64]:
    classes = probabilities.shape[1]
    return np.bincount(probabilities.numpy().argmax(axis=1), minlength=classes)


def scipy_class_entropy(real: Tensor, generated: Tensor) -> dict[str, float]:
    """`entropy` of numpy's histogram, unchecked."""
    return {"class_entropy": float(stats.entropy(_histogram(generated)))}


def scipy_class_kl(real: Tensor, generated: Tensor) -> dict[str, float]:
    """`entropy` of two histograms, unchecked."""
    return {"class_kl": float(stats.entropy(_histogram(generated), _histogram(real)))}


def scipy_image_entropy(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Normalises the rows; float32."""
    return {"image_entropy": float(stats.entropy(generated.numpy(), axis=1).mean())}


def scipy_sharpness(real: Tensor, generated: Tensor) -> dict[str, float]:
    """`laplace` image by image, ours all at once with the same function; float32."""
    shown, expected = (
        np.mean([ndimage.laplace(image[0]).var() for image in images.numpy()])
        for images in (generated, real)
    )
    return {"sharpness": float(shown / expected)}


def scikit_memorization(generated: Tensor, train: Tensor, test: Tensor) -> dict[str, float]:
    """The share of nearer neighbours from its distances; 2,000 images searched for at most, as in
    ours.
    """
    wanted = generated[:NEAREST].flatten(1).numpy()
    to_train, to_test = (
        NearestNeighbors(n_neighbors=1).fit(images.flatten(1).numpy()).kneighbors(wanted)[0]
        for images in (train, test)
    )
    expected = len(train) / (len(train) + len(test))
    return {"memorization": float(((to_train < to_test).mean() - expected) / (1 - expected))}


def torchmetrics_reconstruction(real: Tensor, generated: Tensor) -> dict[str, float]:
    """One mean over all images, ours a number per image; float32, unchecked."""
    return {"reconstruction_mse": float(mean_squared_error(real, generated)) / 4}


def numpy_units(means: Tensor) -> dict[str, float]:
    """`var` and a comparison; float32."""
    return {"active_units": int((means.numpy().var(axis=0, ddof=1) > 0.01).sum())}


def scipy_bound(log_weights: Tensor) -> dict[str, float]:
    """`logsumexp`; float32, unchecked."""
    found = np.log(log_weights.shape[1]) - special.logsumexp(log_weights.numpy(), axis=1)
    return {"importance_bound": float(found.mean())}


def scipy_mean_interval(values: Tensor) -> dict[str, float]:
    """The same `bootstrap` with its default batch: all 1,000 resamples at once."""
    array = values.numpy()
    found = stats.bootstrap(
        (array,),
        np.mean,
        n_resamples=interval.RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return {"mean": float(array.mean()), "low": float(found.low), "high": float(found.high)}
