"""The numbers of mi2018 that its judge gives, the two-layer classifier of section 3.2, and others.

Entropies are in nats, of `IMAGES` samples of the prior.
"""

from collections.abc import Iterator, Mapping
from functools import cache, partial

import pandas as pd
from torch import Tensor

from ganvae.comparison import constraint
from ganvae.comparison.published import CLASS_ENTROPY
from ganvae.comparison.summary import Spread, spread
from ganvae.core.config import PAPERS
from ganvae.core.imageset import CPU, dequantise
from ganvae.errors import UserError
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier, classify
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.shared.evidence import Values
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.tables import read_table
from ganvae.papers.shared.values import ReadValues

IMAGES = 10_000  # of Fig. 8
LOW_ENTROPY = 0.1  # as on the maps of `experiments.map`
HARD = 1.0  # the classifier can hardly read an image of more
STEADY = 0.05  # between the highest and lowest class entropy of a run's later snapshots
LATER = 0.1  # the share of a run after which snapshots are later ones
JUDGE = PAPERS / "data" / "mi2018" / "mi2018_two_layer_classifier"
CELL = ["hinge", "l_gan_on", "lambda", "d"]
MAP_NUMBERS = (
    "lambda", "d", "seed", "active_share", "l_gan_minus_d", "class_entropy", "fid_classifier",
    "negative_elbo", "reconstruction_mse",
)  # fmt: skip
MAPS = ("map", "map_wide", "map_options")


@cache
def judge(result: Result) -> Classifier:
    """The two-layer classifier; of the result's project."""
    return classifier.load(JUDGE / "classifier" / "weights.safetensors", CPU)


@cache
def probabilities(result: Result, seed: int) -> Tensor:
    """Its class probabilities [IMAGES, 10] of samples of the prior."""
    return classify(judge(result), result.images(seed, IMAGES))[1]


@cache
def course(result: Result, seed: int) -> pd.DataFrame:
    """One seed's snapshots: `step`, `updates` of the generator, `class_entropy`."""
    judged = [classify(judge(result), dequantise(images))[1] for images in result.snapshots(seed)]
    entropies = [class_entropy(class_histogram(p)) for p in judged]
    return result.timeline(seed)[["step", "updates"]].assign(class_entropy=entropies)


def two_layer_class_entropy(result: Result, seed: int) -> float:
    """Of the classes of all images."""
    return class_entropy(class_histogram(probabilities(result, seed)))


def digit(result: Result, seed: int) -> float:
    """The digit that most images are read as."""
    return float(class_histogram(probabilities(result, seed)).argmax())


def two_layer_image_entropy(result: Result, seed: int) -> float:
    """The mean over the images."""
    return float(image_entropy(probabilities(result, seed)).mean())


def share_of_low_entropy(result: Result, seed: int) -> float:
    """The share of images below `LOW_ENTROPY`."""
    return float((image_entropy(probabilities(result, seed)) < LOW_ENTROPY).double().mean())


def share_of_hard_images(result: Result, seed: int) -> float:
    """The share of images above `HARD`."""
    return float((image_entropy(probabilities(result, seed)) > HARD).double().mean())


def unsteadiness(result: Result, seed: int) -> float:
    """The standard deviation of the entropy over the images."""
    return float(image_entropy(probabilities(result, seed)).std())


def fall(result: Result, seed: int) -> float:
    """By how much a run's class entropy ends below its highest."""
    return fall_of(course(result, seed))


def fall_of(snapshots: pd.DataFrame) -> float:
    """The same of a course."""
    entropy = snapshots["class_entropy"]
    return float(entropy.max() - entropy.iloc[-1])


def _later(snapshots: pd.DataFrame) -> "pd.Series[float]":
    later: pd.Series[float] = snapshots.loc[
        snapshots["step"] >= LATER * snapshots["step"].max(), "class_entropy"
    ]
    return later


def late_range(result: Result, seed: int) -> float:
    """Between the highest and lowest class entropy of a run's later snapshots."""
    later = _later(course(result, seed))
    return float(later.max() - later.min())


def rises_and_stays(result: Result, seed: int) -> float | None:
    """1 where class entropy comes near the published end and stays, else 0; None for no course."""
    return stays(course(result, seed))


def stays(snapshots: pd.DataFrame) -> float | None:
    """The same of a course; None for fewer than three later snapshots."""
    later = _later(snapshots)
    if len(later) < 3:
        return None
    first, last = snapshots["class_entropy"].iloc[0], snapshots["class_entropy"].iloc[-1]
    rises = last > first and last > CLASS_ENTROPY["wgan"] - STEADY
    return float(rises and later.max() - later.min() < STEADY)


def class_entropy_after(result: Result, seed: int, other: str) -> float:
    """At the snapshot nearest to as many updates of the generator as `other` trained."""
    updates = max(float(result.beside[other].timeline(s)["updates"].iloc[-1])
                  for s in result.beside[other].seeds)  # fmt: skip
    return entropy_at(course(result, seed), updates)


def entropy_at(snapshots: pd.DataFrame, updates: float) -> float:
    """Class entropy at the snapshot nearest to so many updates."""
    nearest = int((snapshots["updates"] - updates).abs().to_numpy().argmin())
    return float(snapshots["class_entropy"].iloc[nearest])


def active_share(result: Result, seed: int) -> float | None:
    """The share of the autoencoder's updates with L_gan > d."""
    steps = result.values["models"]["cvaegan"]["discriminator_steps"]
    return constraint.active_share(result.history(seed), steps)


def l_gan_gradient_share(result: Result, seed: int, tenth: str) -> float:
    """L_gan's share of the decoder's two gradient norms over the first or last tenth of rows."""
    share = share_of_l_gan(result.history(seed))
    rows = max(1, len(share) // 10)
    return float((share.iloc[:rows] if tenth == "first" else share.iloc[-rows:]).mean())


def share_of_l_gan(history: pd.DataFrame) -> "pd.Series[float]":
    """The same by row."""
    gan, vae = history["autoencoder.l_gan_gradient"], history["autoencoder.l_vae_gradient"]
    return (gan / (gan + vae)).dropna()


QUANTITIES = {
    function.__name__: function
    for function in (
        two_layer_class_entropy, digit, two_layer_image_entropy, share_of_low_entropy,
        share_of_hard_images, unsteadiness, fall, late_range, rises_and_stays,
        class_entropy_after, active_share, l_gan_gradient_share,
    )
}  # fmt: skip


def _accuracies(results: Results) -> Values:
    path = results.experiment("two_layer_classifier") / "accuracy.csv"
    accuracy = read_table(path, (), ("seed", "test_accuracy"))
    return {("two_layer_classifier", "test_accuracy"): _by_seed(accuracy, "test_accuracy")}


def _cells(name: str, results: Results) -> Values:
    measured = read_map(results, name)
    return {(name, quantity): value for quantity, value in of_map(measured)}


UNJUDGED = {"active_share", "l_gan_gradient_share"}
EXPERIMENTS: Mapping[str, ReadValues] = {
    "two_layer_classifier": _accuracies,
    **{name: partial(_cells, name) for name in MAPS},
}


def read_map(results: Results, name: str) -> pd.DataFrame:
    """The table of one of `MAPS`. Raises `UserError` if it is missing, damaged or no such table."""
    path = results.map(name)
    table = read_table(path, ("hinge", "l_gan_on", "state", "collapsed"), MAP_NUMBERS)
    finished = table[table["state"] == "finished"]
    if not set(finished["collapsed"]) <= {True, False} or finished["fid_classifier"].isna().any():
        raise UserError(f"{path}: a finished training of which FID or collapsed is not known")
    return table


def of_map(measured: pd.DataFrame) -> Iterator[tuple[str, Spread]]:
    """`<quantity>@<hinge>,<l_gan_on>,<lambda>,<d>`: FID, activity, ends of the finished seeds."""
    for key, cell in measured.groupby(CELL):
        at = ",".join(f"{part:g}" if isinstance(part, float) else str(part) for part in key)
        yield f"diverged@{at}", _by_seed(cell.assign(d=cell["state"] == "diverged"), "d")
        finished = cell[cell["state"] == "finished"]
        if not finished.empty:
            yield f"fid_classifier@{at}", _by_seed(finished, "fid_classifier")
            yield f"active_share@{at}", _by_seed(finished, "active_share")
            yield f"collapsed@{at}", _by_seed(finished, "collapsed")


def _by_seed(table: pd.DataFrame, column: str) -> Spread:
    values: Mapping[str, float] = dict(
        zip(table["seed"].astype(str), table[column].astype(float), strict=True)
    )
    return spread(dict(values))
