"""Differences between models: Welch's interval, Holm's levels, verdicts from five seeds on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganvae.comparison.differences import ALPHA, differences

NEAR = [1.0, 1.1, 0.9, 1.05, 0.95]
FAR = [2.0, 2.1, 1.9, 2.05, 1.95]
WIDE = [1.2, 3.0, -1.0, 2.0, 0.5]


def welch_by_hand(a: list[float], b: list[float], level: float) -> tuple[float, float]:
    """Satterthwaite's degrees of freedom, written out."""
    va, vb = np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)
    degrees = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    reach = stats.t.ppf(1 - level / 2, degrees) * np.sqrt(va + vb)
    middle = np.mean(a) - np.mean(b)
    return float(middle - reach), float(middle + reach)


def test_one_comparison_is_welchs_interval() -> None:
    found = differences({"x": (FAR, WIDE)})["x"]
    assert (found.low, found.high) == pytest.approx(welch_by_hand(FAR, WIDE, ALPHA), rel=1e-9)
    assert found.value == pytest.approx(np.mean(FAR) - np.mean(WIDE))


def test_holm_steps_and_stops() -> None:
    """Sorted: far (rejected at alpha / 3), then the first failure's level, alpha / 2, for both."""
    pairs = {"wide": (WIDE, NEAR), "far": (FAR, NEAR), "same": (NEAR, NEAR[::-1])}
    found = differences(pairs)
    assert list(found) == list(pairs)
    for name, level in (("far", ALPHA / 3), ("wide", ALPHA / 2), ("same", ALPHA / 2)):
        expected = welch_by_hand(*pairs[name], level)
        assert (found[name].low, found[name].high) == pytest.approx(expected, rel=1e-9)
    assert [found[name].verdict for name in pairs] == [0, 1, 0]


def test_the_sign_says_which_is_larger() -> None:
    assert differences({"x": (NEAR, FAR)})["x"].verdict == -1


def test_under_five_seeds_there_is_no_verdict() -> None:
    found = differences({"x": (FAR[:4], NEAR)})["x"]
    assert found.low > 0
    assert found.verdict == 0


def test_without_any_spread() -> None:
    found = differences({"other": ([2.0] * 5, [1.0] * 5), "same": ([1.0] * 5, [1.0] * 5)})
    assert (found["other"].low, found["other"].high, found["other"].verdict) == (1.0, 1.0, 1)
    assert (found["same"].low, found["same"].high, found["same"].verdict) == (0.0, 0.0, 0)


def test_one_side_without_spread_is_no_warning() -> None:
    found = differences({"x": (FAR, [1.0] * 5)})["x"]
    expected = welch_by_hand(FAR, [1.0] * 5, ALPHA)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-9)


@given(st.floats(-10, 10))
def test_equal_constants_are_equal_whatever_their_rounding(value: float) -> None:
    found = differences({"x": ([value] * 5, [value] * 10)})["x"]
    assert (found.value, found.low, found.high, found.verdict) == (0, 0, 0, 0)


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6), st.integers(0, 100))
def test_an_interval_excludes_zero_just_where_holm_rejects(shifts: list[float], seed: int) -> None:
    stream = np.random.default_rng(seed)
    pairs = {
        str(i): (list(stream.normal(shift, 1, 5)), list(stream.normal(0, 1, 6)))
        for i, shift in enumerate(shifts)
    }
    p = {n: stats.ttest_ind(*pair, equal_var=False).pvalue for n, pair in pairs.items()}
    rejected = set()
    for i, name in enumerate(sorted(p, key=lambda name: p[name])):
        if p[name] > ALPHA / (len(p) - i):
            break
        rejected.add(name)
    found = differences(pairs)
    assert {name for name, d in found.items() if d.verdict} == rejected


@pytest.mark.parametrize("bad", [[1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_refuses_what_has_no_spread_or_no_value(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="two or more finite values"):
        differences({"x": (bad, NEAR)})
