"""How the constrained VAE-GAN depends on lambda and d, which mi2018 (section 4.1) does not give.

Writes `map.csv`, one row per setting and seed:

- `lambda`, `d` (nats), `hinge` (batch | image), `l_gan_on` (prior | reconstruction), `seed`;
- `state` (finished | diverged), `step` at which the training ended, `collapsed`;
- `active_share`: share of the autoencoder's updates with L_gan > d (with `hinge: image` the mean
  share of a batch's images), 0 to 1;
- `l_gan_minus_d`: the mean over the last twentieth of the training, nats;
- `class_entropy`: nats; `fid_classifier`: the Fréchet distance on the classifier's features;
- `image_entropy_mean`, `image_entropy_std`: nats, over the generated images of one training, by
  n - 1; `low_entropy_share`: the share of them below 0.1 nats (mi2018's Figs. 7 and 8 compare how
  many there are);
- `negative_elbo`: nats per test image; `reconstruction_mse`: per pixel on [0, 1].

Of a training that diverged nothing is measured.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from ganvae.comparison import files
from ganvae.comparison.constraint import active_share, final_excess
from ganvae.errors import ParameterError
from ganvae.evaluation import parts
from ganvae.evaluation.encoding import encode
from ganvae.evaluation.parts import Bench
from ganvae.evaluation.sampling import sample
from ganvae.evaluation.timeline import fewest_classes, is_collapsed
from ganvae.experiments.shared import trainings
from ganvae.experiments.shared.experiment import write_table
from ganvae.experiments.shared.grid import GridParams, Point
from ganvae.experiments.shared.trainings import TrainingParams
from ganvae.jobs.executor import Job
from ganvae.jobs.threads import side_by_side
from ganvae.judging import classifier
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy
from ganvae.models.base.systems import Plan

(MODEL,) = MODELS = ("cvaegan",)
CSV = "map.csv"
LOW_ENTROPY = 0.1  # nats
QUANTITIES = [
    "active_share",
    "l_gan_minus_d",
    "class_entropy",
    "fid_classifier",
    "image_entropy_mean",
    "image_entropy_std",
    "low_entropy_share",
    "negative_elbo",
    "reconstruction_mse",
]
SETTING = ["lambda", "d", "hinge", "l_gan_on", "seed"]
COLUMNS = [*SETTING, "state", "step", "collapsed", *QUANTITIES]


class Params(TrainingParams):
    """The grid, and how each training is measured.

    Attributes:
        latent_dim: of the networks.
        grid: takes the place of its four keys, which `models.cvaegan` must not have.
        images: generated ones per training.
        collapse_share: as in the block `evaluate`.
    """

    NAMES = MODELS
    latent_dim: int = Field(ge=1, le=4096)
    grid: GridParams
    images: int = Field(ge=100, le=1000000)
    collapse_share: float = Field(gt=0, lt=1)


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains and measures every setting, see above.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged.
    """
    plans = {point: _plan(params, point, root) for point in params.grid.points()}
    bench = _bench(params, next(iter(plans.values())), root)
    with trainings.trained(plans) as jobs:
        measurements = [
            partial(_row, bench, plans[point], job, point, seed)
            for point, of_point in jobs.items()
            for seed, job in of_point.items()
        ]
        rows = side_by_side(measurements, "measure", progress=False)
        write_table(folder / CSV, rows, COLUMNS)


def _plan(params: Params, point: Point, root: Path) -> Plan:
    given = params.models[MODEL]
    if twice := sorted(point.block().keys() & given.keys()):
        raise ParameterError(f"models.{MODEL}.{twice[0]}: stands in `grid` instead")
    laid_over = params.model_copy(update={"models": {MODEL: {**given, **point.block()}}})
    images = root / "processed" / "train.safetensors"
    return trainings.of(laid_over, MODEL, params.latent_dim, images)


def _bench(params: Params, plan: Plan, root: Path) -> Bench:
    """What all are measured with; the costly numbers that no map shows are left out."""
    plan.check()
    evaluate = {
        "features": ["classifier"],
        "images": params.images,
        "collapse_share": params.collapse_share,
        "importance_samples": 1,
        "inversion_images": 1,
        "inversion_steps": 1,
    }
    measured = replace(plan, values={**plan.values, "evaluate": evaluate})
    bench = parts.read_bench(measured, root)
    _ = bench.real.frechet  # once, not in every thread
    return bench


def _row(bench: Bench, plan: Plan, job: Job, point: Point, seed: int) -> dict[str, Any]:
    row = {**point.block(), "seed": seed, "step": trainings.status(job).step}
    try:
        measured = _measure(bench, plan, job, seed)
    except FloatingPointError:  # it finished, but with networks whose outputs are not finite
        measured = {}
    if not measured:
        return {**row, "state": "diverged"}
    fewest = fewest_classes(bench.real, bench.params.collapse_share)
    history = files.history(job.result / "history.csv")
    every = plan.values["models"][MODEL]["discriminator_steps"]
    return {
        **row,
        "state": "finished",
        "collapsed": is_collapsed(measured["class_entropy"], fewest),
        "active_share": active_share(history, every),
        "l_gan_minus_d": final_excess(history, point.d, every),
        **measured,
    }


def _measure(bench: Bench, plan: Plan, job: Job, seed: int) -> dict[str, float]:
    """As the stage `evaluate` measures; empty for a training that diverged."""
    assert bench.likelihood is not None
    networks = trainings.load(plan, job, seed)
    if networks is None:
        return {}
    images = sample(networks["decoder"], bench.networks.latent_dim, bench.params.images, seed)
    features, probabilities = classifier.classify(bench.classifier, images)
    entropies = image_entropy(probabilities)
    encoded = encode(networks, bench.real.images, bench.likelihood, seed, importance=1)
    return {
        "class_entropy": class_entropy(class_histogram(probabilities)),
        "fid_classifier": bench.real.frechet.distance(features),
        "image_entropy_mean": float(entropies.mean()),
        "image_entropy_std": float(entropies.std()),
        "low_entropy_share": float((entropies < LOW_ENTROPY).double().mean()),
        "negative_elbo": encoded.metrics["negative_elbo"],
        "reconstruction_mse": encoded.metrics["reconstruction_mse"],
    }
