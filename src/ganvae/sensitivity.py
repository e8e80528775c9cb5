"""How results depend on lambda and d: every training of a grid measured, and drawn as maps."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ganvae import classifier, parts, runtime, storage
from ganvae.comparison.constraint import active_share, final_excess
from ganvae.encoding import encode
from ganvae.figures import heatmaps
from ganvae.grid import MODEL, Point
from ganvae.jobs import Job
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.model import create, load_weights
from ganvae.parts import Bench
from ganvae.threads import side_by_side
from ganvae.timeline import is_collapsed

QUANTITIES = [
    "active_share",
    "l_gan_minus_d",
    "class_entropy",
    "fid_classifier",
    "negative_elbo",
    "reconstruction_mse",
]
COLUMNS = ["lambda", "d", "seed", "state", "step", "collapsed", *QUANTITIES]


def measure(
    values: Mapping[str, Any], points: Mapping[Point, Mapping[int, Job]], progress: bool
) -> pd.DataFrame:
    """Measures every training.

    Args:
        values: the blocks `networks`, `models.cvaegan` and `evaluate`.
        points: the trainings by point and seed; all have their result.
        progress: whether to draw a bar on stderr.

    Returns:
        One row per lambda, d and seed with the columns `COLUMNS`. `active_share` is the share of
        the autoencoder's updates with L_gan > d, `l_gan_minus_d` its excess at the end of the
        training in nats; the others are measured as the stage `evaluate` does. Of a seed that
        diverged nothing is measured: its numbers are NaN, and `collapsed` is None.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged.
    """
    runtime.use_one_thread()
    no_inception = {**values["evaluate"], "features": ["classifier"]}  # no map shows its distances
    bench = parts.read_bench(MODEL, {**values, "evaluate": no_inception})
    _ = bench.standard.frechet  # once, not in every thread
    every = values["models"][MODEL]["discriminator_steps"]
    tasks = [
        partial(_row, bench, job.result, point, seed, every)
        for point, of_point in points.items()
        for seed, job in of_point.items()
    ]
    rows = side_by_side(tasks, "measure", progress)
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(QUANTITIES, float))


def draw(measured: pd.DataFrame, title: str, dpi: int) -> Figure:
    """Maps of the means over the seeds that finished, and of how many collapsed or diverged.

    Args:
        measured: what `measure` returned.
        title: the figure's.
        dpi: resolution in dots per inch.
    """
    ends = {
        "collapsed": measured["collapsed"].map({True: 1.0, False: 0.0}),
        "diverged": (measured["state"] == "diverged").astype(float),
    }
    cells = measured.assign(**ends).groupby(["d", "lambda"])
    counts = cells[list(ends)].sum(min_count=1)  # NaN where every seed diverged, not 0 collapsed
    maps = cells[QUANTITIES].mean().join(counts).unstack("lambda")
    return heatmaps.sensitivity(
        {name: maps[name].to_numpy() for name in heatmaps.LOOKS},
        sorted(measured["lambda"].unique()),
        sorted(measured["d"].unique()),
        measured["seed"].nunique(),
        title,
        dpi,
    )


def _row(bench: Bench, result: Path, point: Point, seed: int, every: int) -> dict[str, Any]:
    status = storage.read_json(result / "status.json")
    row = {"lambda": point.lambda_, "d": point.d, "seed": seed, "step": status["step"]}
    diverged = {**row, "state": "diverged", "collapsed": None}
    if status["state"] == "diverged":
        return diverged
    try:
        measured = _measure(bench, result / "weights.safetensors", seed)
    except FloatingPointError:  # it finished, but with networks whose outputs are not finite
        return diverged
    history = pd.read_csv(result / "history.csv")
    return {
        **row,
        "state": "finished",
        "collapsed": is_collapsed(measured["class_entropy"], bench.params.collapse_classes),
        "active_share": active_share(history, every),
        "l_gan_minus_d": final_excess(history, point.d, every),
        **measured,
    }


def _measure(bench: Bench, weights: Path, seed: int) -> dict[str, float]:
    """What the stage `evaluate` measures, without the costly numbers that no map shows."""
    assert bench.likelihood is not None
    networks = create(bench.model, bench.networks, seed)
    load_weights(networks, storage.read_tensors(weights), weights)
    networks.eval().requires_grad_(False).to(bench.device)
    images = parts.sample(bench, networks, seed)
    features, probabilities = classifier.classify(bench.classifier, images)
    encoded = encode(networks, bench.standard.images, bench.likelihood, seed, importance=1)
    return {
        "class_entropy": class_entropy(class_histogram(probabilities)),
        "fid_classifier": bench.standard.frechet.distance(features),
        "negative_elbo": encoded.metrics["negative_elbo"],
        "reconstruction_mse": encoded.metrics["reconstruction_mse"],
    }
