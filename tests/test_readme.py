"""The README shows what the committed results say; what it and the documents name exists."""

import re
from pathlib import Path

import pytest

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


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "benchmarks/README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    files = [link for link in links if "://" not in link]
    assert not [link for link in files if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_source_file_it_names_exists(page: Path) -> None:
    """From the root, from src/ganvae or from the page itself; the sixth model's are made up."""
    named = re.findall(r"`([\w.]+/[\w/.]+\.py)`", page.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "src/ganvae", page.parent)
    missing = {name for name in named if not any((root / name).exists() for root in roots)}
    assert not {name for name in missing if "lsgan" not in name}


def test_stages_it_names_exist() -> None:
    pipeline = (ROOT / "dvc.yaml").read_text()
    for stage in re.findall(r"dvc repro (\w+)\b(?!/)", README):
        assert f"\n  {stage}:" in pipeline
