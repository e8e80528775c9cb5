"""Where in its training a system stood: epochs, seconds, losses and quality along the way."""

import math
from collections.abc import Callable

import pandas as pd

from ganvae.comparison.summary import Spread, spread
from ganvae.papers.results import Result


def epochs(result: Result) -> float:
    """For how many epochs it was trained."""
    trained: float = result.values["train"]["epochs"]
    return trained


def is_reached(result: Result, epoch: float) -> bool:
    """Whether the training came to the end of an epoch."""
    return epoch <= epochs(result)


def over_seeds(result: Result, value: Callable[[int], float | None]) -> Spread | None:
    """A number of every finished seed; None where no seed has it."""
    found = {str(seed): value(seed) for seed in result.seeds}
    known = {seed: number for seed, number in found.items() if number is not None}
    return spread(known) if known else None


def mean(value: Spread | None) -> float | None:
    """The mean over the seeds, where there is one."""
    return None if value is None else value.mean


def steps_per_epoch(history: pd.DataFrame) -> float:
    """Batches of an epoch, from the last row of a history."""
    last = history.iloc[-1]
    return float(last["step"] / last["epoch"])


def loss_at(history: pd.DataFrame, column: str, epoch: float) -> float | None:
    """The mean of a record over the epoch that ends with `epoch`; None where it has no row."""
    own = history[(history["epoch"] > epoch - 1) & (history["epoch"] <= epoch * (1 + 1e-6))]
    mean = float(own[column].mean()) if column in own else math.nan
    return None if math.isnan(mean) else mean


def snapshots(result: Result, seed: int) -> pd.DataFrame:
    """One seed's judged snapshots with the `epoch` and the training `seconds` of each."""
    course, costs = result.timeline(seed), result.costs(seed)
    per_epoch = steps_per_epoch(result.history(seed))
    return course.assign(
        epoch=course["step"] / per_epoch,
        seconds=course["step"] * costs["train_seconds"] / costs["steps"],
    )


def seconds_per_epoch(result: Result) -> Spread | None:
    """Training time of an epoch, on the machine that trained it."""
    return over_seeds(result, lambda seed: result.costs(seed)["train_seconds"] / epochs(result))


def last_fid(result: Result, seed: int) -> float:
    """The classifier-FID of the last snapshot."""
    return float(result.timeline(seed)["fid_classifier"].iloc[-1])


def seconds_to(result: Result, seed: int, fid: float) -> float | None:
    """After how many seconds a snapshot's classifier-FID was first at most `fid`."""
    course = snapshots(result, seed)
    there = course[course["fid_classifier"] <= fid]
    return None if there.empty else float(there["seconds"].iloc[0])


def time_to_quality(slower: Result, faster: Result) -> str:
    """When each first drew images as good as the worse of their last snapshots, in words."""
    if not (slower.seeds and faster.seeds):
        return "no seed finished"
    ends = [
        sum(last_fid(result, seed) for seed in result.seeds) / len(result.seeds)
        for result in (slower, faster)
    ]
    level = max(ends)
    words = []
    for result in (slower, faster):
        found = [seconds_to(result, seed, level) for seed in result.seeds]
        seconds = [f"{value:.3g} s" if value is not None else "never" for value in found]
        words.append(f"{result.name} after {', '.join(seconds)}")
    return f"classifier-FID {level:.1f} of the snapshots: " + "; ".join(words)
