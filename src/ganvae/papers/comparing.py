"""How systems are compared: one seed against several, unequal lengths, fixed bounds; and one table.

`findings.greater` tells two sets of seeds apart; this is for what it leaves open.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from ganvae.comparison.summary import Spread, spread
from ganvae.errors import UserError
from ganvae.papers.findings import SIGNIFICANT, Verdict, greater, if_true, reached
from ganvae.papers.results import Result

TENFOLD = np.geomspace(0.1, 1, 5)  # shares of a training
COSTS = ("parameters", "train_seconds", "sample_images_per_second")


def over_seeds(values: Mapping[int, float]) -> Spread | None:
    """Mean and standard deviation of one value per seed; None without any."""
    found = {str(seed): float(value) for seed, value in values.items()}
    return spread(found) if found else None


def larger(left: Spread | None, right: Spread | None) -> bool | None:
    """`findings.greater`, and where one side has a single seed whether it is one of the others'.

    A single value counts as different outside the 95 % prediction interval of the other side's
    seeds: t = (x - mean) / (s sqrt(1 + 1/n)) with n - 1 degrees of freedom.

    Returns:
        None where the seeds do not tell.
    """
    if left is None or right is None or (left.std is None) == (right.std is None):
        return greater(left, right)
    if left.std is None:
        return _beyond(left.mean, right)
    turned = _beyond(right.mean, left)
    return None if turned is None else not turned


def _beyond(value: float, many: Spread) -> bool | None:
    assert many.std is not None
    count = len(many.seeds)
    if many.std == 0:
        return value > many.mean if value != many.mean else None
    t = (value - many.mean) / (many.std * math.sqrt(1 + 1 / count))
    return bool(t > 0) if 2 * stats.t.sf(abs(t), count - 1) < SIGNIFICANT else None


def above(value: Spread | None, bound: float) -> bool | None:
    """Whether a mean lies above a fixed bound, by a t test over the seeds at the 5 % level.

    Returns:
        None where the seeds do not tell, one alone among them.
    """
    if value is None or value.std is None:
        return None
    if value.std == 0:
        return value.mean > bound if value.mean != bound else None
    test = stats.ttest_1samp(list(value.seeds.values()), bound)
    return bool(value.mean > bound) if test.pvalue < SIGNIFICANT else None


def agreed(votes: Sequence[bool | None]) -> bool | None:
    """What several measures say together: None where all are silent or two contradict."""
    told = {vote for vote in votes if vote is not None}
    return told.pop() if len(told) == 1 else None


def fid_at(result: Result, *, share: float = 1.0, images: float | None = None) -> Spread | None:
    """FID along training over the finished seeds, between snapshots in the logarithm of images.

    Args:
        result: a system.
        share: of its own training, 0 to 1.
        images: instead of the share, how many training images it had seen.

    Returns:
        Of 2,000 images at most: comparable with other snapshots, not with `fid_classifier`.
    """
    found = {}
    for seed in result.seeds:
        table = result.timeline(seed)
        seen = table["images_seen"].to_numpy(dtype=float)
        at = share * seen[-1] if images is None else images
        found[seed] = np.interp(math.log(at), np.log(seen), table["fid_classifier"])
    return over_seeds(found)


def settled(left: Result, right: Result) -> bool:
    """Whether a longer training would hardly turn the order of two systems.

    So counts what was trained for the paper's length, and else an order by FID (of the seeds'
    means) that stayed the same while both trainings grew tenfold.
    """
    if reached([left, right]):
        return True
    pairs = [(fid_at(left, share=s), fid_at(right, share=s)) for s in TENFOLD]
    signs = {np.sign(a.mean - b.mean) for a, b in pairs if a is not None and b is not None}
    return len(signs) == 1 and 0.0 not in signs


def verdict(condition: bool | None, *, final: bool) -> Verdict:
    """The verdict on a condition; "cannot tell" where a longer training might turn it."""
    return if_true(condition if final else None)


def seconds_to(result: Result, fid: float) -> Spread | None:
    """Training seconds until the first snapshot with at most this FID; of the seeds that reach it.

    A snapshot's share of the steps is taken as its share of the time.
    """
    found = {}
    for seed in result.seeds:
        table = result.timeline(seed)
        good = table[table["fid_classifier"] <= fid]
        if len(good):
            share = good["images_seen"].iloc[0] / table["images_seen"].iloc[-1]
            found[seed] = share * float(result.costs(seed)["train_seconds"])
    return over_seeds(found)


def late(result: Result, record: str, share: float = 0.1) -> Spread | None:
    """Mean of a record of the history over the last `share` of the training, by seed."""
    found = {}
    for seed in result.seeds:
        values = result.history(seed)[record].dropna()
        found[seed] = values.iloc[-max(1, round(share * len(values))) :].mean()
    return over_seeds(found)


def collapsed(result: Result) -> int:
    """How many of the finished seeds are collapsed."""
    return sum(bool(result.details["seeds"][str(seed)]["collapsed"]) for seed in result.seeds)


def metrics_table(results: Mapping[str, Result], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per system: what it is, how its seeds ended, `<metric>` and `<metric>_std`.

    `length` is the paper's with its unit, `epochs` what was trained, seconds of one core or GPU.
    """
    rows = []
    for name, result in results.items():
        ((unit, length),) = result.system.length.items()
        row: dict[str, object] = {
            "system": name,
            "model": result.system.model,
            "latent_dim": result.latent_dim,
            "length": f"{length:g} {unit}",
            "epochs": result.values["train"]["epochs"],
            "seeds": len(result.seeds),
            "collapsed": collapsed(result),
            "diverged": result.diverged,
        }
        values = {metric: result.metric(metric) for metric in metrics}
        values |= {cost: result.cost(cost) for cost in COSTS}
        for metric, value in values.items():
            row[metric] = value.mean if value else None
            row[f"{metric}_std"] = value.std if value else None
        rows.append(row)
    return pd.DataFrame(rows)


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """An experiment's table. Raises `UserError` if it is missing or lacks one of the columns."""
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:  # pandas' own are ValueErrors
        raise UserError(f"{path}: damaged table: {error}") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}")
    return table
