"""A paper's claims told by its values: verdicts, reasons, and what was measured in words."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ganvae.comparison.columns import COLUMNS, column
from ganvae.comparison.differences import Pair
from ganvae.comparison.summary import Spread
from ganvae.comparison.tables import amount
from ganvae.papers.shared import rules
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import LENGTH, Evidence, Values, decide
from ganvae.papers.shared.values import unjudged

VERDICTS = {True: "holds", False: "does not hold", None: "cannot tell"}
SILENT = {LENGTH, "collapsed", "snapshot_fid", "half_way_fid"}  # of the rules on lengths


@dataclass(frozen=True)
class Verdict:
    """One claim's verdict.

    Attributes:
        claim: that it is on.
        verdict: "holds", "does not hold", "cannot tell", or "no claim".
        reason: why it cannot be told.
        measured: the quantities that it was told by, in words.
        needs: these quantities and all others that the rule looked at.
        seeds: how many, "1 to 3" where quantities differ.
    """

    claim: Claim
    verdict: str
    reason: str
    measured: str
    needs: list[str]
    seeds: str


def tell(paper: str, claims: Mapping[str, Claim], values: Values) -> dict[str, Verdict]:
    """Tells all claims of a paper as one family of comparisons."""
    functions = importlib.import_module(f"ganvae.papers.{paper}.rules").FUNCTIONS
    free = unjudged(paper)
    evidence = {name: Evidence(values, claim, functions, free) for name, claim in claims.items()}
    asked: dict[str, Pair] = {}
    for each in evidence.values():  # the first pass asks, the second gets the family's answers
        rules.apply(each.claim.rule, each)
        asked |= each.asked
    decided = decide(asked)
    return {name: _verdict(replace(each, decided=decided)) for name, each in evidence.items()}


def needs(paper: str, claims: Mapping[str, Claim]) -> list[str]:
    """Every `<system>.<quantity>` that the verdicts and the page need."""
    found = tell(paper, claims, {}).values()
    lengths = [f"{system}.{LENGTH}" for claim in claims.values() for system in claim.systems]
    return list(dict.fromkeys([q for told in found for q in told.needs] + lengths))


def _verdict(evidence: Evidence) -> Verdict:
    claim = evidence.claim
    told = rules.apply(claim.rule, evidence)
    shown = _shown(claim, evidence.used)
    for quantity in shown:
        evidence.value(quantity)
    is_silent = "no_claim" in claim.rule
    return Verdict(
        claim,
        "no claim" if is_silent else VERDICTS[told.holds],
        told.reason if told.holds is None and not is_silent else "",
        told.text or described(evidence.values, shown),
        list(evidence.used),
        _counts(evidence.values.get(_key(q)) for q in shown or evidence.used),
    )


def _key(quantity: str) -> tuple[str, str]:
    system, _, name = quantity.partition(".")
    return system, name


def _shown(claim: Claim, used: Iterable[str]) -> list[str]:
    if claim.shows:
        named = [q if _key(q)[0] in claim.systems else None for q in claim.shows]
        return [
            quantity
            for name, full in zip(claim.shows, named, strict=True)
            for quantity in ([full] if full else [f"{s}.{name}" for s in claim.systems])
        ]
    return [quantity for quantity in used if _key(quantity)[1] not in SILENT]


def _counts(found: Iterable[Spread | None]) -> str:
    counts = sorted({len(value.seeds) for value in found if value})
    return " to ".join(str(count) for count in dict.fromkeys((*counts[:1], *counts[-1:])))


def described(values: Values, quantities: Iterable[str]) -> str:
    """`<quantity>: <system> <mean ± std>, ...`, one part for each quantity."""
    parts: dict[str, list[str]] = {}
    for quantity in quantities:
        system, name = _key(quantity)
        parts.setdefault(name, []).append(f"{system} {written(name, values.get((system, name)))}")
    return "; ".join(f"{title(name)}: {', '.join(words)}" for name, words in parts.items())


def title(quantity: str) -> str:
    """A quantity's name in words."""
    name, _, at = quantity.partition("@")
    words = column(name).title if name in COLUMNS else name.replace("_", " ")
    return f"{words} ({at})" if at else words


def written(quantity: str, value: Spread | None) -> str:
    """Mean ± standard deviation over the seeds, a count as such."""
    if value is None:
        return "not measured"
    if quantity.startswith("digit"):
        return ", ".join(f"{seed:.0f}" for seed in value.seeds.values())
    if quantity in ("collapsed", "diverged", "fell"):
        return f"{sum(value.seeds.values()):.0f} of {len(value.seeds)}"
    name = quantity.partition("@")[0]
    shown = column(name)
    if name not in COLUMNS:  # about four digits
        size = abs(value.mean)
        shown = replace(shown, digits=0 if size >= 1000 else 1 if size >= 100 else
                        2 if size >= 10 else 3 if size >= 0.1 else 5)  # fmt: skip
    return amount(value, shown)
