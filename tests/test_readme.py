"""The README shows what the committed results say, and its commands exist."""

import re

from tests.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def tables(text: str) -> list[str]:
    """Every Markdown table, as one string."""
    return re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)


def test_the_results_are_those_of_the_committed_comparison() -> None:
    between = README.split("<!-- from metrics/comparison.md -->")[1].split("<!-- end -->")[0]
    committed = tables((ROOT / "metrics/comparison.md").read_text(encoding="utf-8"))
    shown = tables(between)
    assert len(shown) == 2
    assert all(table in committed for table in shown)


def test_make_has_the_targets_it_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?:`|^)make (\w+)", README, flags=re.MULTILINE))
    assert {"demo", "test", "accept", "bench", "lint"} <= targets
    assert all(f"\n{target}: .venv/ready" in makefile for target in targets)


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    files = [link for link in links if "://" not in link]
    assert files
    assert not [link for link in files if not (ROOT / link).exists()]


def test_stages_it_names_exist() -> None:
    pipeline = (ROOT / "dvc.yaml").read_text()
    for stage in re.findall(r"dvc repro (\w+)\b(?!/)", README):
        assert f"\n  {stage}:" in pipeline
