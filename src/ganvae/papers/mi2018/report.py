"""Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models": what of it holds here."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from ganvae.papers.mi2018 import figures
from ganvae.papers.mi2018.quantities import CELL, MAPS, read_map, two_layer_class_entropy
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.courses import mean, over_seeds
from ganvae.papers.shared.results import Report, Result, Results

METRICS = (
    "class_entropy", "image_entropy", "fid_classifier", "sharpness", "precision", "recall",
    "coverage",
)  # fmt: skip


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """Tables and figures of the paper's systems."""

    def means(name: str) -> pd.DataFrame:
        return _means(read_map(results, name))

    def over_lambda_and_d(name: str) -> Figure:
        return figures.lambda_and_d(read_map(results, name), name)

    return Report(
        systems={"systems": lambda: table(results.asked)},
        tables={f"{name}_means": partial(means, name) for name in MAPS},
        figures={
            "class_entropy": lambda: figures.courses(results),
            "samples": lambda: figures.samples(results),
            "gan_by_seed": lambda: figures.gan_by_seed(results["gan"]),
            "ten_images": lambda: figures.ten_images(results),
            "both_vaegans": lambda: figures.both_vaegans(results),
            "image_entropy": lambda: figures.histogram(results),
            "gradients": lambda: figures.gradients(results),
            **{name: partial(over_lambda_and_d, name) for name in ("map", "map_wide")},
        },
    )


def table(results: Mapping[str, Result]) -> pd.DataFrame:
    """A row per system: its length, parameters, seconds and metrics, means over the seeds."""
    rows = []
    for name, result in results.items():
        entropy = over_seeds(result, partial(two_layer_class_entropy, result))
        found = {m: s.mean for m in METRICS if (s := result.metric(m))}
        rows.append(
            {
                "system": name,
                "seeds": len(result.seeds),
                "collapsed": result.collapsed,
                "diverged": result.diverged,
                "length": result.block.budget,
                "generator_updates": mean(result.cost("generator_updates")),
                "initialisation": result.system.networks.initialisation,
                "device": result.devices,
                "parameters": mean(result.cost("parameters")),
                "train_seconds": mean(result.cost("train_seconds")),
                "class_entropy_two_layers": mean(entropy),
                **found,
            }
        )
    return pd.DataFrame(rows)


def _means(measured: pd.DataFrame) -> pd.DataFrame:
    """Of every point of a map the means over its seeds, and how many collapsed or diverged."""
    numbers = measured.select_dtypes("number").columns.difference([*CELL, "seed", "step"])
    ends = measured.assign(
        collapsed=measured["collapsed"].fillna(False).astype(int),
        diverged=(measured["state"] == "diverged").astype(int),
    ).groupby(CELL)[["collapsed", "diverged"]]
    means = measured.groupby(CELL, sort=True)[list(numbers)].mean()
    return means.join(ends.sum()).reset_index()
