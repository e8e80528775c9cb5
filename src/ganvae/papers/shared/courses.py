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


def late(result: Result, record: str, share: float = 0.1) -> Spread | None:
    """Mean of a record of the history over the last `share` of the training, by seed."""
    return over_seeds(result, lambda seed: _end(result.history(seed)[record].dropna(), share, True))


def early(result: Result, record: str, share: float = 0.1) -> Spread | None:
    """The same over the first `share`."""
    return over_seeds(
        result, lambda seed: _end(result.history(seed)[record].dropna(), share, False)
    )


def _end(values: "pd.Series[float]", share: float, last: bool) -> float | None:
    count = max(1, round(share * len(values)))
    chosen = values.iloc[-count:] if last else values.iloc[:count]
    return None if chosen.empty else float(chosen.mean())


def snapshots(result: Result, seed: int) -> pd.DataFrame:
    """One seed's judged snapshots with the `epoch` and the training `seconds` of each."""
    course, costs = result.timeline(seed), result.costs(seed)
    per_epoch = steps_per_epoch(result.history(seed))
    return course.assign(
        epoch=course["step"] / per_epoch,
        seconds=course["step"] * costs["train_seconds"] / costs["steps"],
    )


def fid_at(result: Result, *, share: float = 1.0, images: float | None = None) -> Spread | None:
    """FID along training over the finished seeds, between snapshots in the logarithm of images.

    Args:
        result: a system.
        share: of its own training, 0 to 1.
        images: instead of the share, how many training images it had seen.

    Returns:
        Of 2,000 images at most: comparable with other snapshots, not with `fid_classifier`.
    """

    def of(seed: int) -> float:
        table = result.timeline(seed)
        seen = table["images_seen"].to_numpy(dtype=float)
        at = share * seen[-1] if images is None else images
        return float(np.interp(math.log(at), np.log(seen), table["fid_classifier"]))

    return over_seeds(result, of)


def seconds_per_epoch(result: Result) -> Spread | None:
    """Training time of an epoch, on the machine that trained it."""
    return over_seeds(result, lambda seed: result.costs(seed)["train_seconds"] / epochs(result))


def microseconds_per_image(result: Result) -> Spread | None:
    """Training time of an image that the discriminator, critic or encoder sees."""
    return over_seeds(result, lambda seed: 1e6 / result.costs(seed)["train_images_per_second"])


def seconds_to(result: Result, seed: int, fid: float) -> float | None:
    """After how many seconds a snapshot's classifier-FID was first at most `fid`."""
    course = snapshots(result, seed)
    there = course[course["fid_classifier"] <= fid]
    return None if there.empty else float(there["seconds"].iloc[0])


def common_fid(slower: Result, faster: Result) -> float | None:
    """The FID that the last snapshots of all seeds of both have reached: the worst of them."""
    ends = [fid_at(result) for result in (slower, faster)]
    values = [value for end in ends if end is not None for value in end.seeds.values()]
    return max(values) if all(ends) else None


def time_to_quality(slower: Result, faster: Result) -> str:
    """The time of an epoch and of an image, and when each was first as good as the worse end."""
    for result in (slower, faster):
        if result.all_collapsed:
            return f"no common quality: every seed of {result.name} collapsed"
    level = common_fid(slower, faster)
    if level is None:
        return "no seed finished"
    words = []
    for result in (slower, faster):
        found = [seconds_to(result, seed, level) for seed in result.seeds]
        seconds = [f"{value:.3g} s" if value is not None else "never" for value in found]
        epoch, image = seconds_per_epoch(result), microseconds_per_image(result)
        words.append(
            f"{result.name} {mean(epoch):.3g} s an epoch, {mean(image):.3g} µs an image, "
            f"there after {', '.join(seconds)}"
        )
    return f"to classifier-FID {level:.1f} of the snapshots: " + "; ".join(words)
