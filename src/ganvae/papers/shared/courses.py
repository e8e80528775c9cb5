"""Where in its training a system stood: epochs, seconds, losses and quality along the way."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.papers.shared.results import Result, of_seeds


def epochs(result: Result) -> float:
    """For how many epochs it was trained."""
    trained: float = result.values["train"]["epochs"]
    return trained


def is_reached(result: Result, epoch: float) -> bool:
    """Whether the training came to the end of an epoch."""
    return epoch <= epochs(result)


def over_seeds(result: Result, value: Callable[[int], float | None]) -> Spread | None:
    """A number of every finished seed; None where no seed has it."""
    found = {seed: value(seed) for seed in result.seeds}
    return of_seeds({seed: number for seed, number in found.items() if number is not None})


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


def last_tenth(result: Result, seed: int, record: str) -> float | None:
    """Mean of a record of the history over the last tenth of its rows."""
    values = result.history(seed)[record].dropna()
    return None if values.empty else float(values.iloc[-_tenth(values) :].mean())


def first_tenth(result: Result, seed: int, record: str) -> float | None:
    """The same over the first tenth."""
    values = result.history(seed)[record].dropna()
    return None if values.empty else float(values.iloc[: _tenth(values)].mean())


def _tenth(values: "pd.Series[float]") -> int:
    return max(1, round(0.1 * len(values)))


def snapshots(result: Result, seed: int) -> pd.DataFrame:
    """One seed's judged snapshots with the `epoch` and the training `seconds` of each."""
    course, costs = result.timeline(seed), result.costs(seed)
    per_epoch = steps_per_epoch(result.history(seed))
    return course.assign(
        epoch=course["step"] / per_epoch,
        seconds=course["step"] * costs["train_seconds"] / costs["steps"],
    )


def snapshot_fid(result: Result, seed: int) -> float:
    """FID of the last snapshot: of 2,000 images at most, unlike `fid_classifier`."""
    return _fid_at(result, seed, 1.0)


def half_way_fid(result: Result, seed: int) -> float:
    """The same after half of the training images."""
    return _fid_at(result, seed, 0.5)


def _fid_at(result: Result, seed: int, share: float) -> float:
    """FID between snapshots, by the logarithm of the images seen."""
    table = result.timeline(seed)
    seen = table["images_seen"].to_numpy(dtype=float)
    return float(np.interp(math.log(share * seen[-1]), np.log(seen), table["fid_classifier"]))


def equal_images(result: Result, seed: int, other: str) -> float:
    """How many training images each seed of both systems had seen at least."""
    both = (result, result.beside[other])
    return min(float(r.timeline(s)["images_seen"].iloc[-1]) for r in both for s in r.seeds)


def fid_after_equal_images(result: Result, seed: int, other: str) -> float:
    """FID of the snapshots after as many training images as the shorter training has."""
    seen = float(result.timeline(seed)["images_seen"].iloc[-1])
    return _fid_at(result, seed, equal_images(result, seed, other) / seen)


def seconds_per_epoch(result: Result, seed: int) -> float:
    """Training time of an epoch, on the machine that trained it."""
    return float(result.costs(seed)["train_seconds"] / epochs(result))


def microseconds_per_image(result: Result, seed: int) -> float:
    """Training time of an image that the discriminator, critic or encoder sees."""
    return float(1e6 / result.costs(seed)["train_images_per_second"])


def seconds_to(result: Result, seed: int, fid: float) -> float | None:
    """After how many seconds a snapshot's classifier-FID was first at most `fid`."""
    course = snapshots(result, seed)
    there = course[course["fid_classifier"] <= fid]
    return None if there.empty else float(there["seconds"].iloc[0])


def common_fid(result: Result, seed: int, other: str) -> float | None:
    """The FID that the last snapshots of all seeds of both have reached: the worst of them."""
    both = (result, result.beside[other])
    if not all(r.seeds for r in both):
        return None
    return max(snapshot_fid(r, s) for r in both for s in r.seeds)


def seconds_to_common_fid(result: Result, seed: int, other: str) -> float | None:
    """When a seed was first as good as the worse of both ends; None too where one collapsed."""
    level = common_fid(result, seed, other)
    lost = any(r.collapsed == len(r.seeds) for r in (result, result.beside[other]))
    return None if level is None or lost else seconds_to(result, seed, level)
