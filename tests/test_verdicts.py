"""The rules of the verdicts: each comes out either way."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from ganvae.comparison.summary import spread
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import if_true, written
from ganvae.papers.shared.results import Result, of_seeds
from ganvae.papers.shared.rules import (
    above,
    agreed,
    at_least,
    comes_to,
    every,
    if_reached,
    larger,
    near,
    opposite,
    settled,
    unanimous,
    unless_short,
    unrefuted,
)
from tests.paper_results import of_length

ONE, THREE = spread({"0": 10.0}), spread({"0": 9.9, "1": 10.0, "2": 10.1})


@pytest.mark.parametrize(
    ("published", "is_reached", "falls", "expected"),
    [
        (11.0, True, True, True),
        (14.0, True, True, False),
        (6.0, True, True, False),
        (10.0, False, True, None),  # it may go on falling
        (6.0, False, True, None),
        (14.0, False, True, False),  # already below
        (14.0, False, False, None),  # it may go on rising
        (6.0, False, False, False),
    ],
)
def test_a_number_comes_to_the_published_one(
    published: float, is_reached: bool, falls: bool, expected: bool | None
) -> None:
    assert comes_to(ONE, published, 2.0, is_reached=is_reached, falls=falls) is expected
    assert comes_to(None, published, 2.0, is_reached=is_reached, falls=falls) is None


def test_two_sets_of_seeds_are_told_apart_by_their_spread() -> None:
    close = spread({"0": 9.4, "1": 9.5, "2": 9.6})
    assert larger(THREE, close) is True
    assert larger(close, THREE) is False
    assert larger(THREE, spread({"0": 5.0, "1": 9.0, "2": 14.0})) is None
    assert larger(THREE, None) is None


def test_two_single_seeds_have_to_differ_by_a_quarter() -> None:
    for right, expected in ((7.0, True), (9.0, None), (14.0, False)):
        assert larger(ONE, spread({"0": right})) is expected


def test_one_seed_against_several() -> None:
    assert larger(spread({"0": 12.0}), THREE) is True
    assert larger(THREE, spread({"0": 12.0})) is False
    assert larger(ONE, THREE) is None


def test_a_fixed_bound() -> None:
    assert above(THREE, 9.0) is True
    assert above(THREE, 11.0) is False
    assert above(THREE, 10.0) is None
    assert above(ONE, 1.0) is None


def test_votes() -> None:
    assert agreed([True, None]) is True
    assert agreed([False, False]) is False
    assert agreed([True, False]) is None
    assert agreed([None, None]) is None
    assert unanimous([True, True]) is True
    assert unanimous([True, None]) is None
    assert unanimous([True, False]) is None
    assert unanimous([]) is None
    assert every([True, None]) is None
    assert every([None, False]) is False
    assert every([True, True]) is True
    assert [opposite(c) for c in (True, False, None)] == [False, True, None]
    assert [if_true(c) for c in (True, False, None)] == ["holds", "does not hold", "cannot tell"]


def test_a_short_training_may_still_come_to_it() -> None:
    long, short = [of_length(1.0)], [of_length(0.1)]
    assert unless_short(False, short) is None
    assert unless_short(False, long) is False
    assert unless_short(True, short) is True
    assert unless_short(False, short, 0.05) is False
    assert if_reached(True, short) is None
    assert if_reached(True, long) is True


def test_near_and_in_words() -> None:
    assert near(THREE, 10.05, 0.06) is True
    assert near(THREE, 10.05, 0.04) is False
    assert near(None, 1.0, 1.0) is None
    assert written(THREE, 2) == "10.00 ± 0.10"
    assert written(None) == "no seed finished"


def course(*distances: float, budget: float = 0.25, collapses: bool = False) -> Result:
    """A system with one seed, whose FID ran so while its images doubled."""

    class Course(Result):
        @property
        def seeds(self) -> list[int]:
            return [0]

        @property
        def collapsed(self) -> int:
            return int(collapses)

        def timeline(self, seed: int) -> pd.DataFrame:
            images = [64 * 2**i for i in range(len(distances))]
            steps = [2**i for i in range(len(distances))]
            table = {"images_seen": images, "step": steps, "fid_classifier": distances}
            return pd.DataFrame(table)

        def costs(self, seed: int) -> dict[str, float]:
            steps = 2 ** (len(distances) - 1)
            speed = 64.0
            return {"train_seconds": steps, "steps": steps, "train_images_per_second": speed}

        def history(self, seed: int) -> pd.DataFrame:
            return pd.DataFrame({"step": [2 ** (len(distances) - 1)], "epoch": [1.0]})

    values = {"train": {"epochs": 1.0}}
    return Course("a", SimpleNamespace(budget=budget), values, Path())  # type: ignore[arg-type]


def test_when_an_order_is_settled() -> None:
    """Two doublings are left: the worse one could still gain twice what its last one gave."""
    assert settled(course(90, 60, 50), course(30, 20, 20))
    assert not settled(course(90, 60, 45), course(30, 20, 20))
    assert settled(course(90, 60, 45, budget=1.0), course(30, 20, 20, budget=1.0))
    assert settled(course(30, 20, 25), course(90, 60, 50)), "one that gets worse gains nothing"
    assert settled(course(10, 20, 30), course(30, 20, 20))


def test_quality_along_training() -> None:
    falling = course(90, 80, 70, 60, 50, 40)
    assert courses.seconds_to(falling, 0, 70) == 4
    assert courses.seconds_to(falling, 0, 30) is None
    halfway = courses.fid_at(course(90, 80), images=64 * 2**0.5)
    assert halfway is not None
    assert halfway.mean == pytest.approx(85)
    assert courses.common_fid(falling, course(60, 50)) == 50
    text = courses.time_to_quality(falling, course(60, 50))
    assert text.startswith("to classifier-FID 50.0 of the snapshots: a 32 s an epoch, 1.56e+04 µs")
    assert "there after 16 s" in text
    for pair in ((falling, course(60, collapses=True)), (course(60, collapses=True), falling)):
        assert courses.time_to_quality(*pair).startswith("no common quality: every seed of a")
    assert of_seeds({}) is None


def test_one_setting_can_show_and_not_refute() -> None:
    assert [unrefuted(each) for each in (True, False, None)] == [True, None, None]


def test_factors() -> None:
    assert at_least(spread({"0": 20.0}), ONE, 2.0) is True
    assert at_least(spread({"0": 19.0}), ONE, 2.0) is False
    assert at_least(None, ONE, 2.0) is None


def test_a_loss_is_the_mean_over_its_epoch() -> None:
    history = pd.DataFrame({"step": [5, 10, 15, 20], "loss": [9.0, 7.0, 5.0, 3.0]})
    history["epoch"] = history["step"] / 10
    assert courses.loss_at(history, "loss", 1) == 8.0
    assert courses.loss_at(history, "loss", 2) == 4.0
    assert courses.loss_at(history, "loss", 4) is None
    assert courses.loss_at(history, "other", 1) is None
    assert courses.steps_per_epoch(history) == 10
