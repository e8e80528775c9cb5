"""The numbers of ghosh2020: reconstructions, what its derivations bound, what codes make of images.

"Looks more real" is judged by two measures on the judge's features: the share of the real images
near which a model draws one (coverage) and FID. Precision, the share of a model's images that lie
among the real ones, does not vote: one image over and over can have any.
"""

import math
from functools import cache

import pandas as pd
import torch

from ganvae.core import imageset
from ganvae.core.imageset import CPU
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.ghosh2020 import augmentation, codes
from ganvae.papers.shared import courses
from ganvae.papers.shared.evidence import Values
from ganvae.papers.shared.results import Result, Results

RECONSTRUCTED = 2000  # test images
SMOOTHED = 5  # records
KL = "autoencoder.kl_nats"


@cache
def judge(result: Result) -> Classifier:
    """The classifier of the system's images."""
    return classifier.load(result.system.data / "classifier" / "weights.safetensors", CPU)


@cache
def read(result: Result, seed: int) -> codes.Read:
    """One seed's images of all ten classes, as the judge reads them."""
    return codes.read(result, seed, judge(result))


@cache
@torch.no_grad()
def _reconstructions(result: Result, seed: int) -> tuple[float, float]:
    """Share of the reconstructions read as their original's class; their mean sharpness."""
    images, labels = imageset.load(result.system.data / "processed" / "test.safetensors")
    step = max(1, len(images) // RECONSTRUCTED)  # the file is sorted
    images, labels = images[::step], labels[::step]
    networks = result.networks(seed)
    mean, _ = posterior(networks["encoder"](images))
    back = to_images(networks["decoder"](mean))
    _, probabilities = classifier.classify(judge(result), back)
    kept = float((probabilities.argmax(dim=1) == labels).float().mean())
    return kept, float(sharpness(back, mean_laplacian_variance(images)).mean())


def read_as_original(result: Result, seed: int) -> float:
    """The share of the reconstructions that are read as the digit that they show."""
    return _reconstructions(result, seed)[0]


def reconstruction_sharpness(result: Result, seed: int) -> float:
    """Their sharpness, of the originals 1."""
    return _reconstructions(result, seed)[1]


def value_of_the_game(result: Result, seed: int) -> float | None:
    """V(D, G) over the last tenth of the training, less the discriminator's loss."""
    loss = courses.last_tenth(result, seed, "discriminator.loss")
    return None if loss is None else -loss


def early_divergence(result: Result, seed: int) -> float:
    """A lower bound on JSD(p_data, p_g) in nats, from the first tenth of the training."""
    return divergence(result.history(seed)["discriminator.loss"].dropna())


def divergence(losses: "pd.Series[float]") -> float:
    """The same from the discriminator's loss L_D = -V.

    V(D, G) <= V(D*, G) = -log 4 + 2 JSD (eq. 15) for any D, so JSD >= (log 4 - L_D) / 2; here with
    the lowest mean of `SMOOTHED` records, as one is noisy.
    """
    smooth = losses.rolling(SMOOTHED, min_periods=1).mean()
    return float(math.log(4) - smooth.iloc[: max(1, round(0.1 * len(losses)))].min()) / 2


def largest_kl(result: Result, seed: int) -> float:
    """The largest KL divergence of the history, in nats."""
    return float(result.history(seed)[KL].max())


def read_as_asked(result: Result, seed: int) -> float:
    """The share of the images that are read as the class that was asked for."""
    return read(result, seed).agreement


def fits_assignment(result: Result, seed: int) -> float:
    """The share that fits the best one-to-one assignment of classes to codes."""
    return read(result, seed).assignment[1]


def mutual_information(result: Result, seed: int) -> float:
    """Of code and read class, in nats, 0 to ln 10."""
    return read(result, seed).mutual_information


def strongest_correlation(result: Result, seed: int, shape: str) -> float | None:
    """The largest absolute rank correlation of a continuous code with "slant" or "width"."""
    found = codes.Codes(result, {seed: read(result, seed)}).correlations()
    return float(found[shape].abs().max()) if len(found) else None


QUANTITIES = {
    function.__name__: function
    for function in (
        read_as_original, reconstruction_sharpness, value_of_the_game, early_divergence,
        largest_kl, read_as_asked, fits_assignment, mutual_information,
        strongest_correlation,
    )
}  # fmt: skip


def _augmentation(results: Results) -> Values:
    return augmentation.values(augmentation.read(results.experiment("augmentation")))


UNJUDGED = {"value_of_the_game", "early_divergence", "largest_kl", "reconstruction_sharpness"}
EXPERIMENTS = {"augmentation": _augmentation}
