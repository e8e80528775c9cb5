"""How the systems of tikayyolla2020 trained: steadiness, batches, accuracy, time and memory."""

import math
from collections.abc import Mapping
from functools import partial
from statistics import fmean

import pandas as pd

from ganvae.papers.shared import courses
from ganvae.papers.shared.results import Result

HALF = 0.55  # a discriminator right this often at most is at "50 %", to within five points
LOSS = "autoencoder.loss"
PLAYERS = ("discriminator", "generator")
METRICS = ("fid_classifier", "class_entropy", "sharpness", "precision", "recall", "negative_elbo")
Bounds = tuple[float, float]


def roughness(result: Result, seed: int, other: str) -> float | None:
    """How much a GAN's losses jump, in nats, over the steps that it and another GAN trained."""
    both = (result, result.beside[other])
    histories = [r.history(s) for r in both for s in r.seeds]
    width = max(int(history["step"].iloc[0]) for history in histories)  # steps of a row
    until = int(min(history["step"].iloc[-1] for history in histories))
    found = jumps(result.history(seed), width, until)
    return None if math.isnan(found) else found


def jumps(history: pd.DataFrame, width: int, until: int) -> float:
    """How much the two losses of a GAN jump from one stretch of its training to the next.

    The standard deviation of the differences between the means of successive stretches, the mean
    over both losses: a steady drift does not count, only the up and down.

    Args:
        history: of one seed.
        width: steps of a stretch, at least those between two rows.
        until: the last step that counts, so that trainings of several lengths can be compared.

    Returns:
        Nats; NaN for fewer than three stretches.
    """
    own = history[history["step"] <= until]
    stretches = own.groupby((own["step"] - 1) // width)
    return fmean(float(stretches[f"{p}.loss"].mean().diff().std()) for p in PLAYERS)


def steps_to(history: pd.DataFrame, level: float) -> Bounds | None:
    """Between which two steps a training loss first came down to `level`; None if it never did.

    A row is the mean since the row before, so the step itself is known to within a row.
    """
    there = history.index[history[LOSS] <= level]
    if there.empty:
        return None
    row = int(there[0])
    return float(history["step"].iloc[row - 1]) if row else 0.0, float(history["step"].iloc[row])


def seconds_per_step(result: Result, seed: int) -> float:
    """Training time of a step."""
    costs = result.costs(seed)
    return float(costs["train_seconds"] / costs["steps"])


def rises(history: pd.DataFrame) -> float | None:
    """The share of a loss's rows that lie above the row before; None for a single row."""
    differences = history[LOSS].diff().dropna()
    return float((differences > 0).mean()) if len(differences) else None


def common_level(mini: Result, full: Result) -> float | None:
    """The training loss that both came down to: the higher one of their last rows."""
    last = [float(r.history(seed)[LOSS].iloc[-1]) for r in (mini, full) for seed in r.seeds]
    return max(last) if mini.seeds and full.seeds else None


def batches(results: Mapping[str, Result]) -> pd.DataFrame:
    """Mini-batch and full batch: a row per system and seed.

    The common loss is that of the full batch and of the mini-batch training whose first steps are
    recorded one by one.
    """
    mini, full = results["vae2_first_steps"], results["vae2_full_batch"]
    level = common_level(mini, full)
    rows = []
    for result in (results["vae2"], mini, full):
        for seed in result.seeds:
            history, costs = result.history(seed), result.costs(seed)
            there = steps_to(history, level) if level is not None else None
            rows.append(
                {
                    "system": result.name,
                    "batch_size": result.values["train"]["batch_size"],
                    "seed": seed,
                    "epochs": courses.epochs(result),
                    "steps": costs["steps"],
                    "train_loss": float(history[LOSS].iloc[-1]),
                    "seconds_per_step": seconds_per_step(result, seed),
                    "seconds_per_epoch": costs["train_seconds"] / courses.epochs(result),
                    "peak_memory_mib": costs["peak_memory_mib"],
                    "common_loss": level,
                    "steps_to_it_above": there and there[0],
                    "steps_to_it_at_most": there and there[1],
                    "share_of_rises": rises(history),
                }
            )
    return pd.DataFrame(rows)


def half(history: pd.DataFrame) -> pd.Series | None:
    """The row at which the discriminator's accuracy has come down to `HALF`; None if it never did.

    Its mean over an epoch counts, as one row of few steps says little. Rows before the first one
    above `HALF` do not: an untrained discriminator guesses too.
    """
    rows = max(1, round(len(history) / history["epoch"].iloc[-1]))
    is_half = history["discriminator.accuracy"].rolling(rows, min_periods=1).mean() <= HALF
    there = history[is_half & (~is_half).cummax()]
    return None if there.empty else there.iloc[0]


def quality_after_half(result: Result, seed: int) -> Bounds | None:
    """The best classifier-FID of the snapshots from `half` on, and that of the last one.

    None where the accuracy never came down to `HALF`, or one snapshot at most followed.
    """
    row = half(result.history(seed))
    if row is None:
        return None
    course = result.timeline(seed)
    after = course[course["step"] >= row["step"]]["fid_classifier"]
    return (float(after.min()), float(after.iloc[-1])) if len(after) > 1 else None


def accuracy_table(name: str, result: Result) -> pd.DataFrame:
    """A row per snapshot: its epoch and classifier-FID, and the accuracy and losses up to it."""
    rows = []
    for seed in result.seeds:
        history = result.history(seed)
        for snapshot in courses.snapshots(result, seed).to_dict("records"):
            near = history.iloc[int((history["step"] - snapshot["step"]).abs().to_numpy().argmin())]
            rows.append(
                {
                    "system": name,
                    "seed": seed,
                    "epoch": snapshot["epoch"],
                    "fid_classifier": snapshot["fid_classifier"],
                    "discriminator_accuracy": near["discriminator.accuracy"],
                    **{f"{player}_loss": near[f"{player}.loss"] for player in PLAYERS},
                }
            )
    return pd.DataFrame(rows)


def systems(results: Mapping[str, Result]) -> pd.DataFrame:
    """A row per system: its length, weights, seconds and metrics, means over the seeds."""
    rows = []
    for name, result in results.items():
        costs = ("parameters", "train_seconds", "steps", "peak_memory_mib")
        rows.append(
            {
                "system": name,
                "latent_dim": result.latent_dim,
                "batch_size": result.values["train"]["batch_size"],
                "seeds": len(result.seeds),
                "collapsed": result.collapsed,
                "diverged": result.diverged,
                "length": result.block.budget,
                "epochs": courses.epochs(result),
                "device": result.devices,
                **{cost: s.mean for cost in costs if (s := result.cost(cost))},
                "seconds_per_epoch": courses.mean(
                    courses.over_seeds(result, partial(courses.seconds_per_epoch, result))
                ),
                **{metric: s.mean for metric in METRICS if (s := result.metric(metric))},
            }
        )
    return pd.DataFrame(rows)
