"""Rules by which verdicts are given where lengths were not reached or one seed was trained.

A rule returns True, False, or None where the results do not tell.
"""

from collections.abc import Sequence

from ganvae.comparison.summary import Spread
from ganvae.papers.findings import greater
from ganvae.papers.results import Result

NOISY = 1.5  # sharpness relative to real images above which it is noise that is measured
ONE_SEED = (
    0.1  # share by which values of one seed each must differ: another seed moves them by less
)


def comes_to(
    value: Spread | None, published: float, tolerance: float, *, is_reached: bool, falls: bool
) -> bool | None:
    """Whether a number that falls (or rises) along training comes to the published one.

    Args:
        value: the measured one.
        published: the text's.
        tolerance: how far the mean may be from it.
        is_reached: whether the published length was trained. If not, the number may still come
            nearer, unless it is already past the published one.
        falls: whether longer training lowers it.
    """
    if value is None:
        return None
    past = published - value.mean if falls else value.mean - published
    if is_reached:
        return abs(past) <= tolerance
    return False if past > tolerance else None


def larger(left: Spread | None, right: Spread | None) -> bool | None:
    """Whether `left` is above `right`.

    By `findings.greater` where both have two or more seeds; else by more than `ONE_SEED` of the
    larger one.
    """
    if left is None or right is None:
        return None
    if left.std is not None and right.std is not None:
        return greater(left, right)
    margin = ONE_SEED * max(abs(left.mean), abs(right.mean))
    difference = left.mean - right.mean
    return None if abs(difference) <= margin else difference > 0


def despite_lengths(
    condition: bool | None, ahead: Sequence[Result], behind: Sequence[Result]
) -> bool | None:
    """A comparison's outcome, unless the loser had the smaller share of its published length.

    Args:
        condition: True where `ahead` wins, False where `behind` does.
        ahead: the systems of one side, at least one.
        behind: those of the other, at least one.
    """
    if condition is None:
        return None
    winner, loser = (ahead, behind) if condition else (behind, ahead)
    least = min(result.system.budget for result in loser)
    return condition if least >= max(result.system.budget for result in winner) else None


def unless_short(condition: bool | None, results: Sequence[Result]) -> bool | None:
    """A condition that longer training may still make true: False only at the full length."""
    short = any(result.system.budget < 1 for result in results)
    return None if condition is False and short else condition


def at_least(left: Spread | None, right: Spread | None, factor: float) -> bool | None:
    """Whether the mean of `left` is `factor` times that of `right` or more."""
    return None if left is None or right is None else left.mean >= factor * right.mean
