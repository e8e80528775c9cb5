"""The rules that judge the papers' claims, by name: functions of the evidence and of arguments."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ganvae.core import config
from ganvae.errors import UserError
from ganvae.papers.shared.evidence import Evidence, Quantity, Told, every, opposite, reasons

Rule = Mapping[str, Any]  # one name -> its arguments


def apply(rule: Rule, evidence: Evidence) -> Told:
    """What one rule of `RULES` says. Raises `UserError` for one that is not there, or not so."""
    ((name, arguments),) = rule.items()
    where = f"claim {evidence.claim.id}"
    if name not in RULES:
        raise UserError(config.unknown(f"{where}: rule", name, RULES))
    try:
        inspect.signature(RULES[name]).bind(evidence, **arguments)
    except TypeError as error:
        raise UserError(f"{where}: rule {name}: {error}") from None
    return RULES[name](evidence, **arguments)


def no_claim(evidence: Evidence, function: str = "", text: str = "") -> Told:
    """Numbers without a claim, printed only; by a function where they are no quantities' means."""
    return python(evidence, function) if function else Told(None, text=text)


def larger(evidence: Evidence, left: str, right: Quantity) -> Told:
    """Whether `left` is larger than `right`."""
    return evidence.above(left, right)


def reaches(evidence: Evidence, quantity: str) -> Told:
    """Whether a quantity is above the claim's number."""
    assert evidence.claim.value is not None
    return evidence.above(quantity, evidence.claim.value)


def below(evidence: Evidence, left: str, right: Quantity) -> Told:
    """Whether `left` is smaller than `right`."""
    return opposite(evidence.above(left, right))


def at_least(evidence: Evidence, left: str, right: str, factor: float) -> Told:
    """Whether `left` is more than `factor` times `right`."""
    return evidence.above(left, right, factor)


def largest(evidence: Evidence, quantity: str, system: str, others: Sequence[str]) -> Told:
    """Whether a system's quantity is larger than that of each other."""
    own = f"{system}.{quantity}"
    return every([evidence.above(own, f"{other}.{quantity}") for other in others])


def smallest(evidence: Evidence, quantity: str, system: str, others: Sequence[str]) -> Told:
    """Whether a system's quantity is smaller than that of each other."""
    own = f"{system}.{quantity}"
    return every([evidence.above(f"{other}.{quantity}", own) for other in others])


def near(evidence: Evidence, quantity: str, tolerance: float) -> Told:
    """Whether a quantity lies within `tolerance` of the claim's number: so does its interval."""
    published = evidence.claim.value
    assert published is not None
    too_low = opposite(evidence.above(quantity, published - tolerance))
    too_high = evidence.above(quantity, published + tolerance)
    return every([opposite(too_low), opposite(too_high)])


def comes_to(evidence: Evidence, quantity: str, tolerance: float, falls: bool) -> Told:
    """Whether a number that falls (or rises) along training comes near the published one.

    Before the published length it may still come nearer, unless it is already past it.
    """
    published = evidence.claim.value
    assert published is not None
    told = near(evidence, quantity, tolerance)
    length = evidence.lengths([quantity.partition(".")[0]])
    if length >= 1:
        return told
    edge = published - tolerance if falls else published + tolerance
    above = evidence.above(quantity, edge)
    return Told(False) if above.holds is (not falls) else _short(length)


def any_reading(
    evidence: Evidence, quantities: Sequence[str], tolerance: float, falls: bool | None = None
) -> Told:
    """Whether a quantity of any system comes near the published number: the text leaves it open.

    With `falls`, as `comes_to`.
    """
    readings = [f"{system}.{name}" for system in evidence.claim.systems for name in quantities]
    told = [
        near(evidence, reading, tolerance)
        if falls is None
        else comes_to(evidence, reading, tolerance, falls)
        for reading in readings
    ]
    measured = [t for t in told if not t.reason.startswith("not measured")]
    return _any(measured) if measured else Told(None, "not measured")


def similar(evidence: Evidence, quantity: str, pair: Sequence[str], share: float) -> Told:
    """Whether two systems differ by at most this share of the larger one (numbers above 0)."""
    left, right = (f"{system}.{quantity}" for system in pair)
    enough = [evidence.above(left, right, 1 - share), evidence.above(right, left, 1 - share)]
    return every(enough)


def differ_at_most(evidence: Evidence, quantity: str, pair: Sequence[str], by: float) -> Told:
    """Whether two systems differ by at most so much."""
    left, right = (f"{system}.{quantity}" for system in pair)
    told = [evidence.above(left, right, plus=by), evidence.above(right, left, plus=by)]
    return every([opposite(each) for each in told])


def any_seed(evidence: Evidence, quantity: str, above: float) -> Told:
    """Whether some of two or more seeds lies above a bound."""
    value = evidence.value(quantity)
    if value is None:
        return Told(None, f"not measured: {quantity}")
    if len(value.seeds) < 2:
        return Told(None, "one seed")
    return Told(max(value.seeds.values()) > above)


def every_seed(
    evidence: Evidence, quantity: str, above: float | None = None, below: float | None = None
) -> Told:
    """Whether each seed's number lies above (below) a bound; seeds that contradict do not tell."""
    value = evidence.value(quantity)
    if value is None:
        return Told(None, f"not measured: {quantity}")
    low = float("-inf") if above is None else above
    high = float("inf") if below is None else below
    votes = {low < each < high for each in value.seeds.values()}
    if len(value.seeds) < 2:
        return Told(None, "one seed")
    return Told(votes.pop()) if len(votes) == 1 else Told(None, "seeds contradict")


def mean_within(
    evidence: Evidence, quantity: str, above: float | None = None, below: float | None = None
) -> Told:
    """Whether a quantity lies between two bounds."""
    told = [evidence.above(quantity, above)] if above is not None else []
    told += [opposite(evidence.above(quantity, below))] if below is not None else []
    return every(told)


def all_of(evidence: Evidence, rules: Sequence[Rule]) -> Told:
    """Whether all rules hold."""
    return every([apply(rule, evidence) for rule in rules])


def any_of(evidence: Evidence, rules: Sequence[Rule]) -> Told:
    """Whether any of the rules holds."""
    return _any([apply(rule, evidence) for rule in rules])


def _any(told: Iterable[Told]) -> Told:
    return opposite(every([opposite(each) for each in told]))


def first_measured(evidence: Evidence, rules: Sequence[Rule]) -> Told:
    """What the first of the rules says whose numbers were measured."""
    told = [apply(rule, evidence) for rule in rules]
    measured = [each for each in told if not each.reason.startswith("not measured")]
    return [*measured, told[-1]][0]


def agreed(evidence: Evidence, rules: Sequence[Rule]) -> Told:
    """What those that tell say together: several measures of one thing, none contradicting."""
    told = [apply(rule, evidence) for rule in rules]
    votes = {each.holds for each in told if each.holds is not None}
    if len(votes) == 2:
        return Told(None, "the measures contradict")
    return Told(votes.pop()) if votes else Told(None, reasons(told))


def isnt(evidence: Evidence, rule: Rule) -> Told:
    """The contrary of a rule."""
    return opposite(apply(rule, evidence))


def can(evidence: Evidence, rule: Rule, otherwise: str = "one setting refutes nothing") -> Told:
    """What a rule can show and not refute: where it does not hold nothing is told, and why."""
    told = apply(rule, evidence)
    return told if told.holds is not False else Told(None, otherwise)


def given(evidence: Evidence, condition: Rule, rule: Rule, otherwise: str) -> Told:
    """A rule that says nothing unless another one holds, and why."""
    told, asked = apply(rule, evidence), apply(condition, evidence)
    if asked.holds is None:
        return asked
    return told if asked.holds else Told(None, otherwise)


def if_reached(
    evidence: Evidence, rule: Rule, share: float = 1.0, systems: Sequence[str] | None = None
) -> Told:
    """A rule on the end of a training, which cannot be told before that share of its length."""
    told = apply(rule, evidence)
    length = evidence.lengths(systems or evidence.claim.systems)
    return told if length >= share else _short(length)


def unless_short(
    evidence: Evidence, rule: Rule, share: float = 1.0, systems: Sequence[str] | None = None
) -> Told:
    """A rule that longer training may still make true: False only from that share on."""
    told = apply(rule, evidence)
    length = evidence.lengths(systems or evidence.claim.systems)
    return _short(length) if told.holds is False and length < share else told


def settled(evidence: Evidence, rule: Rule, system: str, others: Sequence[str]) -> Told:
    """A comparison's outcome, unless a longer training would turn one of its orders by FID.

    An order counts that was trained for the paper's length; else one that stays even if every
    doubling of the worse one's training, up to that length, lowers its FID by as much as its last
    doubling did, while the better one stays where it is.
    """
    told = apply(rule, evidence)
    open_pairs = [other for other in others if not _settled(evidence, system, other)]
    if told.holds is None or not open_pairs:
        return told
    length = evidence.lengths([system, *open_pairs])
    return Told(None, f"{length:g} of the length: the order may still turn")


def _settled(evidence: Evidence, left: str, right: str) -> bool:
    ends = {system: evidence.value(f"{system}.snapshot_fid") for system in (left, right)}
    halves = {system: evidence.value(f"{system}.half_way_fid") for system in (left, right)}
    if evidence.lengths([left, right]) >= 1:
        return True
    known = {system: end.mean for system, end in ends.items() if end}
    if len(known) < 2:
        return False
    worse = max(known, key=lambda system: known[system])
    lowest, highest = sorted(known.values())
    before, length = halves[worse], evidence.lengths([worse])
    if before is None or not length:
        return False
    gained = max(0.0, before.mean - highest) * -math.log2(min(length, 1.0))
    return highest - gained > lowest


def cannot_tell(evidence: Evidence, reason: str) -> Told:
    """A claim that nothing here was trained for."""
    return Told(None, reason, text="not trained")


def python(evidence: Evidence, function: str) -> Told:
    """A function of the paper's own `rules` module, where no rule says it."""
    if function not in evidence.functions:
        name = f"claim {evidence.claim.id}: function"
        raise UserError(config.unknown(name, function, evidence.functions))
    return evidence.functions[function](evidence)


def _short(length: float) -> Told:
    return Told(None, f"{length:g} of the length")


RULES: Mapping[str, Callable[..., Told]] = {
    rule.__name__: rule
    for rule in (
        no_claim, cannot_tell, larger, below, reaches, at_least, largest, smallest, near, comes_to,
        any_reading, similar, differ_at_most, any_seed, every_seed, mean_within, all_of, any_of,
        first_measured, agreed, isnt, can, given, if_reached, unless_short, settled,
        python,
    )
}  # fmt: skip
