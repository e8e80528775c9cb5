"""One published number or claim beside what was measured here, and the verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from ganvae.comparison.summary import Spread
from ganvae.papers.results import Result

Verdict = Literal["holds", "does not hold", "cannot tell", "no claim"]
COLUMNS = [
    "paper", "claim", "systems", "published", "measured", "seeds", "length", "protocol", "verdict",
    "question",
]  # fmt: skip
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Finding:
    """One row of the tables.

    Attributes:
        claim: the number or claim, and where the text has it.
        systems: whose results it is judged by.
        published: what the text says.
        measured: the same of this project's systems, with the spread over their seeds.
        verdict: "no claim" for a row that only answers a question.
        protocol: what differs besides what the systems' blocks say.
        question: which of the questions that the papers leave open it answers, from 1.
    """

    claim: str
    systems: Sequence[Result]
    published: str
    measured: str
    verdict: Verdict
    protocol: str = ""
    question: int | None = None


@dataclass(frozen=True)
class Report:
    """What a paper's report writes: its rows, further tables and figures by file stem."""

    findings: Sequence[Finding]
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Figure]


def table(paper: str, findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings with the columns `COLUMNS`; lengths are shares of the paper's."""
    rows = []
    for finding in findings:
        own = [result.system for result in finding.systems]
        differs = dict.fromkeys([finding.protocol, *(system.differs for system in own)])
        seeds = [len(result.seeds) for result in finding.systems]
        rows.append(
            (
                paper,
                finding.claim,
                ", ".join(result.name for result in finding.systems),
                finding.published,
                finding.measured,
                _range([str(count) for count in sorted(set(seeds))]),
                _range([f"{budget:.3g}" for budget in sorted({s.budget for s in own})]),
                "; ".join(text for text in differs if text) or "as the paper's",
                finding.verdict,
                finding.question,
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype({"question": "Int64"})


def _range(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else " to ".join((values[0], values[-1])) if values else ""


def written(value: Spread | None, digits: int = 3) -> str:
    """`mean ± standard deviation` over the seeds, to so many decimals."""
    if value is None:
        return "no seed finished"
    spread = f" ± {value.std:.{digits}f}" if value.std is not None else ""
    return f"{value.mean:.{digits}f}{spread}"


def if_true(condition: bool | None) -> Verdict:
    """ "holds" or "does not hold"; "cannot tell" for None."""
    if condition is None:
        return "cannot tell"
    return "holds" if condition else "does not hold"


def every(conditions: Iterable[bool | None]) -> bool | None:
    """Whether all hold; False if one does not, else None if one cannot be told."""
    found = list(conditions)
    if False in found:
        return False
    return None if None in found else True


def agreed(values: Sequence[float], above: float) -> bool | None:
    """Whether all seeds' values are above, or none is; None where the seeds disagree."""
    found = {value > above for value in values}
    return found.pop() if len(found) == 1 else None


def listed(values: Sequence[float]) -> str:
    """The seeds' values, to three decimals."""
    return ", ".join(f"{value:.3f}" for value in values)


def near(value: Spread | None, published: float, tolerance: float) -> bool | None:
    """Whether a mean lies within `tolerance` of the published value."""
    return None if value is None else abs(value.mean - published) <= tolerance


def greater(left: Spread | None, right: Spread | None) -> bool | None:
    """Whether `left` is above `right`, by Welch's t test over the seeds at the 5 % level.

    Returns:
        None where the seeds do not tell: fewer than two of one, or no significant difference.
    """
    if left is None or right is None or left.std is None or right.std is None:
        return None
    if left.std == right.std == 0:
        return left.mean > right.mean if left.mean != right.mean else None
    test = stats.ttest_ind(list(left.seeds.values()), list(right.seeds.values()), equal_var=False)
    return bool(left.mean > right.mean) if test.pvalue < SIGNIFICANT else None


def reached(results: Sequence[Result], share: float = 1.0) -> bool:
    """Whether all systems were trained for at least this share of the paper's length."""
    return all(result.system.budget >= share for result in results)
