"""The rules of the verdicts: how numbers of seeds and of unequal lengths are compared.

A rule returns True, False, or None where the results do not tell.
"""

import math
from collections.abc import Iterable, Sequence

from scipy import stats

from ganvae.comparison.summary import Spread
from ganvae.papers.shared.courses import fid_at
from ganvae.papers.shared.results import Result

SIGNIFICANT = 0.05
NOISY = 1.5  # sharpness relative to real images above which it is noise that is measured
# share by which two single seeds must differ: over five seeds of the main study the standard
# deviation of no model's FID, sharpness or precision is above a tenth of its mean
ONE_SEED = 0.25


def every(conditions: Iterable[bool | None]) -> bool | None:
    """Whether all hold; False if one does not, else None if one cannot be told."""
    found = list(conditions)
    if False in found:
        return False
    return None if None in found else True


def agreed(votes: Iterable[bool | None]) -> bool | None:
    """What several measures say together: None where all are silent or two contradict."""
    told = {vote for vote in votes if vote is not None}
    return told.pop() if len(told) == 1 else None


def unanimous(votes: Sequence[bool | None]) -> bool | None:
    """What all seeds say; None where two disagree, one cannot tell, or there is none."""
    return votes[0] if votes and len(set(votes)) == 1 else None


def opposite(condition: bool | None) -> bool | None:
    """The contrary, of None None."""
    return None if condition is None else not condition


def unrefuted(condition: bool | None) -> bool | None:
    """A condition that one setting can show and none refute, such as that something "can" be."""
    return condition or None


def larger(left: Spread | None, right: Spread | None) -> bool | None:
    """Whether `left` is above `right`.

    Two or more seeds on both sides: Welch's t test at the 5 % level. One on one side: whether it
    lies outside the 95 % prediction interval of the other's, t = (x - mean) / (s sqrt(1 + 1/n))
    with n - 1 degrees of freedom. One on both: whether they differ by `ONE_SEED` of the larger.
    """
    if left is None or right is None:
        return None
    if left.std is not None and right.std is not None:
        return _welch(left, right)
    if left.std is None and right.std is None:
        margin = ONE_SEED * max(abs(left.mean), abs(right.mean))
        difference = left.mean - right.mean
        return None if abs(difference) <= margin else difference > 0
    if left.std is None:
        return _beyond(left.mean, right)
    return opposite(_beyond(right.mean, left))


def _welch(left: Spread, right: Spread) -> bool | None:
    if left.std == right.std == 0:
        return left.mean > right.mean if left.mean != right.mean else None
    test = stats.ttest_ind(list(left.seeds.values()), list(right.seeds.values()), equal_var=False)
    return bool(left.mean > right.mean) if test.pvalue < SIGNIFICANT else None


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


def at_least(left: Spread | None, right: Spread | None, factor: float) -> bool | None:
    """Whether the mean of `left` is `factor` times that of `right` or more."""
    return None if left is None or right is None else left.mean >= factor * right.mean


def near(value: Spread | None, published: float, tolerance: float) -> bool | None:
    """Whether a mean lies within `tolerance` of the published value."""
    return None if value is None else abs(value.mean - published) <= tolerance


def reached(results: Sequence[Result], share: float = 1.0) -> bool:
    """Whether all systems were trained for at least this share of the paper's length."""
    return all(result.block.budget >= share for result in results)


def if_reached(
    condition: bool | None, results: Sequence[Result], share: float = 1.0
) -> bool | None:
    """A condition on the end of a training, which cannot be told before that share of it."""
    return condition if reached(results, share) else None


def unless_short(
    condition: bool | None, results: Sequence[Result], share: float = 1.0
) -> bool | None:
    """A condition that longer training may still make true: False only from that share on."""
    return if_reached(condition, results, share) if condition is False else condition


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


def settled(left: Result, right: Result) -> bool:
    """Whether a longer training would hardly turn the order of two systems by FID.

    So counts what was trained for the paper's length; and else an order that stays even if every
    doubling of the worse one's training, up to the paper's length, lowers its FID by as much as
    its last doubling did, while the better one stays where it is.
    """
    if reached([left, right]):
        return True
    ends = [fid_at(left), fid_at(right)]
    if ends[0] is None or ends[1] is None:
        return False
    worse = left if ends[0].mean > ends[1].mean else right
    lowest, highest = sorted(end.mean for end in ends if end is not None)
    before = fid_at(worse, share=0.5)
    assert before is not None
    gained = max(0.0, before.mean - highest) * math.log2(1 / worse.block.budget)
    return highest - gained > lowest
