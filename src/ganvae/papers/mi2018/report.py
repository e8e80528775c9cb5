"""Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models": what of it holds here."""

import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.core.imageset import CPU
from ganvae.judging import classifier
from ganvae.papers.mi2018 import claims, constraint, figures, looks
from ganvae.papers.mi2018.judge import OVER, Judge
from ganvae.papers.shared.findings import Report
from ganvae.papers.shared.results import Results

MAPS = ("map", "map_wide", "map_options")
METRICS = (
    "class_entropy", "image_entropy", "fid_classifier", "sharpness", "precision", "recall",
)  # fmt: skip


def report(results: Results) -> Report:
    """Findings, tables and figures of the paper's systems."""
    folder = results.experiment("two_layer_classifier")
    judge = Judge(classifier.load(folder / "classifier" / "weights.safetensors", CPU), results)
    accuracy = pd.read_csv(folder / "accuracy.csv")
    maps = {name: pd.read_csv(results.experiment(name) / "map.csv") for name in MAPS}
    return Report(
        [
            *claims.findings(results, judge, accuracy),
            *looks.findings(results),
            *constraint.findings(results, judge, maps),
        ],
        {
            "systems": table(results, judge),
            **{f"{name}_means": _means(measured) for name, measured in maps.items()},
        },
        {
            "class_entropy": figures.courses(results, judge),
            "samples": figures.samples(results),
            "ten_images": figures.ten_images(results, judge.network),
            "both_vaegans": figures.both_vaegans(results),
            "image_entropy": figures.histogram(judge.probabilities),
            "gradients": figures.gradients(results),
            **{name: figures.lambda_and_d(maps[name], name) for name in ("map", "map_wide")},
        },
    )


def table(results: Results, judge: Judge) -> pd.DataFrame:
    """A row per system: its length, parameters, seconds and metrics, means over the seeds."""
    rows = []
    for name, result in results.items():
        own = judge.class_entropy(name) if name in OVER else None
        found = {m: s.mean for m in METRICS if (s := result.metric(m))}
        rows.append(
            {
                "system": name,
                "seeds": len(result.seeds),
                "collapsed": result.collapsed,
                "diverged": result.diverged,
                "length": result.block.budget,
                "generator_updates": claims.updates(result),
                "device": result.devices,
                "parameters": _mean(result.cost("parameters")),
                "train_seconds": _mean(result.cost("train_seconds")),
                "class_entropy_two_layers": _mean(own),
                **found,
            }
        )
    return pd.DataFrame(rows)


def _means(measured: pd.DataFrame) -> pd.DataFrame:
    """Of every point of a map the means over its seeds, and how many collapsed or diverged."""
    keys = ["hinge", "l_gan_on", "lambda", "d"]
    numbers = measured.select_dtypes("number").columns.difference([*keys, "seed", "step"])
    ends = measured.assign(
        collapsed=measured["collapsed"].fillna(False).astype(int),
        diverged=(measured["state"] == "diverged").astype(int),
    ).groupby(keys)[["collapsed", "diverged"]]
    means = measured.groupby(keys, sort=True)[list(numbers)].mean()
    return means.join(ends.sum()).reset_index()


def _mean(value: Spread | None) -> float | None:
    return value.mean if value else None
