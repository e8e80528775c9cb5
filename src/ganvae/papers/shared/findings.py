"""One published number or claim beside what was measured here, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from ganvae.comparison.summary import Spread
from ganvae.core import config
from ganvae.core.config import PAPERS_FILE
from ganvae.papers.shared.results import Result

Verdict = Literal["holds", "does not hold", "cannot tell", "no claim"]
COLUMNS = [
    "paper", "claim", "systems", "seeds", "length", "published", "measured", "protocol", "verdict",
    "question",
]  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What gave a finding's numbers where that was no system of the paper.

    Attributes:
        name: an experiment's, or that of the main pipeline.
        seeds: over how many the numbers are.
        length: of a training, with its unit; the papers give none.
    """

    name: str
    seeds: int
    length: str


@dataclass(frozen=True)
class Finding:
    """One row of the tables.

    Attributes:
        claim: the number or claim, and where the text has it.
        systems: whose results it is judged by; empty where `source` says what is.
        published: what the text says.
        measured: the same of this project's systems, with the spread over their seeds.
        verdict: "no claim" for a row that only answers a question.
        protocol: what differs besides what the systems' blocks say.
        question: which of the questions that the papers leave open it answers, from 1.
        source: of the numbers, where no system gave them.
    """

    claim: str
    systems: Sequence[Result]
    published: str
    measured: str
    verdict: Verdict
    protocol: str = ""
    question: int | None = None
    source: Source | None = None


@dataclass(frozen=True)
class Report:
    """What a paper's report writes: its rows, further tables and figures by file stem."""

    findings: Sequence[Finding]
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Figure]


def experiment(name: str, found: pd.DataFrame) -> Source:
    """An experiment's own seeds and length.

    Args:
        name: a key of `experiments` in papers/params.yaml.
        found: a table of its results with the column `seed`.
    """
    params = config.load(PAPERS_FILE)["experiments"][name]["params"]
    epochs = params.get("epochs") or params.get("train", {}).get("epochs")
    length = f"{epochs:g} epochs" if epochs else f"{params['gan']['generator_updates']:,} updates"
    return Source(name, int(found["seed"].nunique()), length)


def table(paper: str, findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings with the columns `COLUMNS`; lengths of systems are shares of the paper's."""
    rows = []
    for finding in findings:
        differs = dict.fromkeys([finding.protocol, *map(_differs, finding.systems)])
        rows.append(
            (
                paper,
                finding.claim,
                *_origin(finding),
                finding.published,
                finding.measured,
                "; ".join(text for text in differs if text) or "as the text is read",
                finding.verdict,
                finding.question,
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype({"question": "Int64"})


def _differs(result: Result) -> str:
    """What is unlike the paper in a system, its precision included."""
    reduced = "trained in bf16" if result.values["train"]["precision"] == "bf16" else ""
    return "; ".join(text for text in (result.block.differs, reduced) if text)


def _origin(finding: Finding) -> tuple[str, str, str]:
    """Systems, seeds and length."""
    if source := finding.source:
        return source.name, str(source.seeds), source.length
    seeds = sorted({len(result.seeds) for result in finding.systems})
    budgets = sorted({result.block.budget for result in finding.systems})
    return (
        ", ".join(result.name for result in finding.systems),
        _range([str(count) for count in seeds]),
        _range([f"{budget:.3g}" for budget in budgets]),
    )


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


def listed(values: Sequence[float]) -> str:
    """The seeds' values, to three decimals."""
    return ", ".join(f"{value:.3f}" for value in values)
