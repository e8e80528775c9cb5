"""Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models": what of it holds here."""

import pandas as pd

from ganvae import classifier
from ganvae.comparison.summary import Spread
from ganvae.data import CPU
from ganvae.papers import mi2018_claims as claims
from ganvae.papers import mi2018_constraint as constraint
from ganvae.papers import mi2018_figures as figures
from ganvae.papers.findings import Report
from ganvae.papers.mi2018_judge import OVER, Judge
from ganvae.papers.results import Results

METRICS = (
    "class_entropy", "image_entropy", "fid_classifier", "sharpness", "precision", "recall",
)  # fmt: skip


def report(results: Results) -> Report:
    """Findings, tables and figures of the paper's systems."""
    folder = results.experiment("two_layer_classifier")
    judge = Judge(classifier.load(folder / "classifier" / "weights.safetensors", CPU), results)
    accuracy = pd.read_csv(folder / "accuracy.csv")
    maps = {name: pd.read_csv(results.experiment(name) / "map.csv") for name in ("map", "map_wide")}
    return Report(
        [*claims.findings(results, judge, accuracy), *constraint.findings(results, judge, maps)],
        {
            "systems": table(results, judge),
            **{f"{name}_means": _means(measured) for name, measured in maps.items()},
        },
        {
            "class_entropy": figures.courses(results),
            "samples": figures.samples(results),
            "ten_images": figures.ten_images(results, judge.network),
            "image_entropy": figures.histogram(judge.probabilities),
            "gradients": figures.gradients(results),
            **{name: figures.lambda_and_d(m, name) for name, m in maps.items()},
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
                "diverged": result.diverged,
                "length": result.system.budget,
                "generator_updates": claims.updates(result),
                "parameters": _mean(result.cost("parameters")),
                "train_seconds": _mean(result.cost("train_seconds")),
                "class_entropy_two_layers": _mean(own),
                **found,
            }
        )
    return pd.DataFrame(rows)


def _means(measured: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds of every point of a map."""
    keys = [key for key in ("hinge", "l_gan_on", "lambda", "d") if key in measured]
    numbers = measured.select_dtypes("number").columns.difference([*keys, "seed", "step"])
    return measured.groupby(keys, sort=True)[list(numbers)].mean().reset_index()


def _mean(value: Spread | None) -> float | None:
    return value.mean if value else None
