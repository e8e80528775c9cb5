"""The papers' claims as data: every row fits, and what it names exists."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ganvae.core import config
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import UserError
from ganvae.papers.shared import claims, page, rules, values, verdicts
from ganvae.papers.shared.claims import Claim
from tests.experiment_project import EXPERIMENTS
from tests.project import ROOT

FOLDER = ROOT / PAPERS
COUNTS = {
    "mi2018": 27, "battineedi2023": 20, "ghosh2020": 26, "tikayyolla2020": 66, "parakatta2023": 27,
}  # fmt: skip


@pytest.mark.parametrize("paper", page.TITLES)
def test_every_row_names_what_exists(paper: str) -> None:
    """A rule with arguments that it does not have, or a function that is not there, raises."""
    rows = claims.read(paper, FOLDER)
    assert len(rows) == COUNTS[paper]
    blocks = config.load(ROOT / PAPERS_FILE)
    trained = {name for name, block in blocks["systems"].items() if block["paper"] == paper}
    others = {name for name, block in EXPERIMENTS.items() if block["paper"] == paper}
    study = {f"study_{model}" for model in ("gan", "wgan", "vae", "vaegan", "cvaegan")}
    for claim in rows.values():
        for system in claim.systems:
            assert f"{paper}_{system}" in trained | others or system in study, claim.id
    for name in verdicts.needs(paper, rows):
        system, _, quantity = name.partition(".")
        if f"{paper}_{system}" in trained:
            assert values.is_known(paper, quantity), name
        else:
            assert f"{paper}_{system}" in others or system in study, name


@pytest.mark.parametrize("paper", page.TITLES)
def test_without_values_nothing_is_told(paper: str) -> None:
    found = verdicts.tell(paper, claims.read(paper, FOLDER), {})
    assert {judged.verdict for judged in found.values()} <= {"cannot tell", "no claim"}
    assert all(j.reason for j in found.values() if j.verdict == "cannot tell")


def test_published_numbers() -> None:
    mi2018 = claims.read("mi2018", FOLDER)
    assert [mi2018[f"class_entropy_{name}"].value for name in ("gan", "wgan", "vae", "vaegan")] == [
        0.0, 2.28, 2.266, 2.263,
    ]  # fmt: skip
    assert mi2018["class_entropy_gan"].text == "0.0, the digit 1 alone"
    tables = [c for c in claims.read("tikayyolla2020", FOLDER).values() if "_epoch_" in c.id]
    assert len(tables) == 52
    assert {1, 2, 3, 4, 5, 6} == {
        claim.question
        for paper in page.TITLES
        for claim in claims.read(paper, FOLDER).values()
        if claim.question
    }


GOOD: dict[str, Any] = {"id": "a", "claim": "a", "number": 1.0, "rule": {"no_claim": {}}}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([{**GOOD, "verdict": "holds"}], "claim a: verdict: Extra inputs"),
        ([{**GOOD, "question": 7}], "claim a: question: Input should be less than or equal to 6"),
        ([{**GOOD, "rule": {}}], "claim a: rule: Dictionary should have at least 1 item"),
        (
            [{**GOOD, "rule": {"nearly": {}}}],
            "claim a: rule.nearly: unknown key",
        ),
        ([GOOD, GOOD], "two claims with the id a"),
        ([{**GOOD, "number": None}], "claim a: neither published nor number"),
        ([{**GOOD, "main_table": "ae"}], "claim a: main_table ae: unknown"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, rows: list[dict[str, Any]], line: str) -> None:
    path = claims.path("mi2018", tmp_path)
    path.parent.mkdir()
    path.write_text(yaml.safe_dump({"claims": rows}))
    with pytest.raises(UserError, match=line.replace("?", r"\?")):
        verdicts.tell("mi2018", claims.read("mi2018", tmp_path), {})


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({"near": {"quantity": "a.x"}}, "rule near: missing a required argument: 'tolerance'"),
        ({"no_claim": {"of": 1}}, "rule no_claim: got an unexpected keyword argument"),
        ({"python": {"function": "guess"}}, "function.guess: unknown key"),
        ({"isnt": {"rule": {"larger": {}}}}, "rule larger: missing a required argument: 'left'"),
    ],
)
def test_a_wrong_rule_is_named(rule: dict[str, Any], line: str) -> None:
    claim = Claim.model_validate({**GOOD, "rule": rule})
    with pytest.raises(UserError, match=f"claim a: {line}"):
        verdicts.tell("mi2018", {"a": claim}, {})


def test_every_rule_is_used_or_goes() -> None:
    used = " ".join(claims.path(paper, FOLDER).read_text() for paper in page.TITLES)
    assert [name for name in rules.RULES if f"{name}:" not in used] == []
