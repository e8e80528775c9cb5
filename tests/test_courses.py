"""Where in its training a system stood, on made numbers."""

from types import SimpleNamespace

import pandas as pd
import pytest

from ganvae.papers.shared import courses
from ganvae.papers.shared.results import Result, of_seeds


def course(*distances: float, collapses: bool = False) -> Result:
    """A result with one seed whose snapshots, each after twice the steps, had these FIDs."""

    class Course(Result):
        seeds = (0,)  # type: ignore[assignment]
        collapsed = int(collapses)  # type: ignore[assignment]

        def timeline(self, seed: int) -> pd.DataFrame:
            images = [64 * 2**i for i in range(len(distances))]
            steps = [2**i for i in range(len(distances))]
            table = {"images_seen": images, "step": steps, "fid_classifier": distances}
            return pd.DataFrame(table)

        def costs(self, seed: int) -> dict[str, float]:
            steps = 2 ** (len(distances) - 1)
            return {"train_seconds": steps, "steps": steps, "train_images_per_second": 64.0}

        def history(self, seed: int) -> pd.DataFrame:
            return pd.DataFrame({"step": [2 ** (len(distances) - 1)], "epoch": [1.0]})

    beside: dict[str, Result] = {}
    system = SimpleNamespace(name="a", values={"train": {"epochs": 1.0}})
    return Course(system, beside)  # type: ignore[arg-type]


def pair(first: Result, second: Result) -> Result:
    """The first, with the second beside it as "other"."""
    first.beside["other"] = second  # type: ignore[index]
    return first


def test_quality_along_training() -> None:
    falling = pair(course(90, 80, 70, 60, 50, 40), course(60, 50))
    assert courses.seconds_to(falling, 0, 70) == 4
    assert courses.seconds_to(falling, 0, 30) is None
    assert courses.snapshot_fid(falling, 0) == 40
    assert courses.half_way_fid(falling, 0) == 50
    assert courses.common_fid(falling, 0, "other") == 50
    assert courses.seconds_to_common_fid(falling, 0, "other") == 16
    assert courses.seconds_per_epoch(falling, 0) == 32
    assert courses.microseconds_per_image(falling, 0) == 15625
    assert courses.equal_images(falling, 0, "other") == 128
    assert courses.fid_after_equal_images(falling, 0, "other") == 80


def test_between_snapshots_the_logarithm_of_images_counts() -> None:
    long = pair(course(90, 80, 70), course(90, 80))
    assert courses.fid_after_equal_images(long, 0, "other") == pytest.approx(80)
    assert courses._fid_at(course(90, 80), 0, 2**-0.5) == pytest.approx(85)


def test_there_is_no_common_quality_with_a_collapsed_model() -> None:
    for first, second in ((False, True), (True, False)):
        both = pair(course(90, 60, collapses=first), course(60, 50, collapses=second))
        assert courses.seconds_to_common_fid(both, 0, "other") is None
    assert of_seeds({}) is None


def test_a_loss_is_the_mean_over_its_epoch() -> None:
    history = pd.DataFrame({"step": [5, 10, 15, 20], "loss": [9.0, 7.0, 5.0, 3.0]})
    history["epoch"] = history["step"] / 10
    assert courses.loss_at(history, "loss", 1) == 8.0
    assert courses.loss_at(history, "loss", 2) == 4.0
    assert courses.loss_at(history, "loss", 4) is None
    assert courses.loss_at(history, "other", 1) is None
    assert courses.steps_per_epoch(history) == 10


def test_first_and_last_tenth() -> None:
    class Recorded(Result):
        def history(self, seed: int) -> pd.DataFrame:
            return pd.DataFrame({"loss": [float("nan"), *map(float, range(20))]})

    result = Recorded(SimpleNamespace(), {})  # type: ignore[arg-type]
    assert courses.first_tenth(result, 0, "loss") == 0.5
    assert courses.last_tenth(result, 0, "loss") == 18.5
