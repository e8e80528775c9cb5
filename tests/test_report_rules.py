"""The rules of the verdicts: each comes out either way."""

import pandas as pd
import pytest

from ganvae.comparison.summary import spread
from ganvae.papers import courses
from ganvae.papers.rules import at_least, comes_to, despite_lengths, larger, unless_short
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


def test_one_seed_has_to_differ_by_a_tenth_and_several_by_their_spread() -> None:
    for right, expected in ((8.0, True), (9.5, None), (12.0, False)):
        assert larger(ONE, spread({"0": right})) is expected
    close = spread({"0": 9.4, "1": 9.5, "2": 9.6})
    assert larger(THREE, close) is True
    assert larger(close, THREE) is False
    assert larger(THREE, spread({"0": 5.0, "1": 9.0, "2": 14.0})) is None
    assert larger(THREE, None) is None


def test_a_loser_that_trained_less_may_still_win() -> None:
    long, short = [of_length(1.0)], [of_length(0.1)]
    assert despite_lengths(True, short, long) is True
    assert despite_lengths(True, long, short) is None
    assert despite_lengths(False, short, long) is None
    assert despite_lengths(False, long, short) is False
    assert despite_lengths(False, short, short) is False
    assert despite_lengths(None, long, long) is None
    assert unless_short(False, short) is None
    assert unless_short(False, long) is False
    assert unless_short(True, short) is True


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
