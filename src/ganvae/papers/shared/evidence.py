"""What the papers' claims are judged by: seeds' values, and the decisions of their one family.

All comparisons of a paper's claims are one family of the project's one standard, see
`comparison.differences`: a rule asks an `Evidence` whether one quantity is above another, and gets
True, False, or None where the seeds do not tell. A single seed tells nothing on its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from ganvae.comparison.columns import EXACT
from ganvae.comparison.differences import Pair, differences
from ganvae.comparison.summary import Spread, spread
from ganvae.papers.shared.claims import Claim

Values = Mapping[tuple[str, str], Spread]  # (system, quantity) -> its seeds
Quantity = str | float  # "<system>.<quantity>", or a fixed number
LENGTH = "length"  # share of the paper's own that was trained
JUDGE = "judge@"  # with a data set: a number that tells its classifiers apart
NO_SPREAD = {*EXACT, LENGTH}  # the same with every seed: one tells all


@dataclass(frozen=True)
class Told:
    """What a rule says.

    Attributes:
        holds: None where it cannot tell.
        reason: why, where it cannot.
        text: what was measured, in place of the quantities' means.
    """

    holds: bool | None
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a claim's rule is given.

    Attributes:
        values: every quantity's seeds.
        claim: that is judged.
        functions: the paper's own, for the rule `python`.
        unjudged: the quantities that no classifier measures.
        decided: comparison -> -1, 0 or 1, of all claims of the paper; None before all are known.
        asked: the comparisons that rules asked for, filled by them.
        used: the quantities that they looked at, filled by them.
    """

    values: Values
    claim: Claim
    functions: Mapping[str, Callable[["Evidence"], Told]] = field(default_factory=dict)
    unjudged: AbstractSet[str] = frozenset()
    decided: Mapping[str, int] | None = None
    asked: dict[str, Pair] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)

    def value(self, quantity: str) -> Spread | None:
        """The seeds of `<system>.<quantity>`; None where no seed has it."""
        self.used[quantity] = None
        system, _, name = quantity.partition(".")
        return self.values.get((system, name))

    def above(self, left: str, right: Quantity, factor: float = 1.0, plus: float = 0.0) -> Told:
        """Whether `left` is above `factor` times `right` + `plus`."""
        first = self.value(left)
        second = self.value(right) if isinstance(right, str) else spread({"": float(right)})
        missing = [str(q) for q, found in ((left, first), (right, second)) if found is None]
        if first is None or second is None:
            return Told(None, f"not measured: {', '.join(missing)}")
        if isinstance(right, str) and self._have_two_judges(left, right):
            return Told(None, "measured by two classifiers")
        seeds = [value * factor + plus for value in second.seeds.values()]
        if left.partition(".")[2] in NO_SPREAD:
            bound = factor * second.mean + plus
            return Told(first.mean > bound if first.mean != bound else None, "equal")
        is_fixed = not isinstance(right, str) or second.seeds.keys() == {""}
        if len(first.seeds) < 2 or (len(seeds) < 2 and not is_fixed):
            return Told(None, "one seed")
        name = f"{left} > {factor:g} {right} + {plus:g}"
        self.asked[name] = (list(first.seeds.values()), float(seeds[0]) if is_fixed else seeds)
        sign = (self.decided or {}).get(name, 0)
        return Told(sign > 0 if sign else None, "the seeds do not tell")

    def _have_two_judges(self, left: str, right: str) -> bool:
        """Whether not the same classifier of a data set measured them, or it is not known."""
        if {left.partition(".")[2].partition("@")[0]} & self.unjudged:
            return False
        one, other = (
            {
                name: value.mean
                for (system, name), value in self.values.items()
                if name.startswith(JUDGE) and system == quantity.partition(".")[0]
            }
            for quantity in (left, right)
        )
        return any(one[name] != other[name] for name in one.keys() & other)

    def lengths(self, systems: Sequence[str]) -> float:
        """The smallest share of the paper's length that one of these systems was trained for."""
        found = [self.value(f"{system}.{LENGTH}") for system in systems]
        return min((value.mean for value in found if value), default=0.0)


def decide(pairs: Mapping[str, Pair]) -> dict[str, int]:
    """Holm's decisions on a family of comparisons."""
    return {name: found.sign for name, found in differences(pairs).items()}


def opposite(told: Told) -> Told:
    """The contrary, of None None."""
    return told if told.holds is None else replace(told, holds=not told.holds)


def every(told: Iterable[Told]) -> Told:
    """Whether all hold; False if one does not, else None if one cannot be told."""
    found = list(told)
    holds = [each.holds for each in found]
    if False in holds:
        return Told(False)
    return Told(None, reasons(found)) if None in holds else Told(True)


def reasons(told: Iterable[Told]) -> str:
    """Why those that cannot tell cannot, each reason once."""
    return "; ".join(dict.fromkeys(t.reason for t in told if t.holds is None and t.reason))
