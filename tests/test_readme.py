"""The README shows what the committed results say; what it and the documents name exists."""

import re
from pathlib import Path

import pandas as pd
import pytest

from ganvae.verbs import compare
from tests.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURES = (ROOT / "docs/architectures.md").read_text(encoding="utf-8")


def tables(text: str) -> list[str]:
    """Every Markdown table, as one string."""
    return re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)


def test_the_results_are_those_of_the_committed_comparison() -> None:
    between = README.split("<!-- from metrics/comparison.md -->")[1].split("<!-- end -->")[0]
    committed = tables((ROOT / "metrics/comparison.md").read_text(encoding="utf-8"))
    shown = tables(between)
    assert len(shown) == 2
    assert all(table in committed for table in shown)


def test_the_architectures_are_those_of_their_page() -> None:
    """All rows of what they draw in equal seconds, the costs of those that fit the five models."""
    between = README.split("<!-- from docs/architectures.md -->")[1].split("<!-- end -->")[0]
    page = tables(ARCHITECTURES)
    costs = next(table for table in page if table.startswith("| architecture |"))
    drawn = next(table for table in page if table.startswith("| model |"))
    head, line, *rows = costs.splitlines()
    of_all = [row for row in rows if "| gan, wgan, vae, vaegan, cvaegan |" in row]
    assert tables(between) == ["\n".join([head, line, *of_all, ""]), drawn]


def test_conv_beside_wide_is_what_the_committed_studies_say() -> None:
    """All of it on the page, FID in the README."""
    said = compare.markdown(compare.compare(ROOT / "metrics/conv", ROOT), "conv", "wide")
    on_page, in_readme = (
        text.split("<!-- from metrics/conv -->")[1].split("<!-- end -->")[0]
        for text in (ARCHITECTURES, README)
    )
    assert on_page.strip() == said.strip()
    assert tables(in_readme) == tables(said)[:1]


def test_the_planted_faults_of_the_page_are_those_of_the_committed_self_test() -> None:
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    between = page.split("<!-- from metrics/selftest.csv -->")[1].split("<!-- end -->")[0]
    committed = pd.read_csv(ROOT / "metrics/selftest.csv", index_col=["fault", "metric"])
    metrics = ("precision", "density", "recall", "coverage", "fid_classifier")
    rows = {"noisy": ("`noisy`", "faulty"), "blob": ("`blob`", "faulty")}
    rows |= {"unchanged": ("real, mean of five sets", "mean")}
    shown = [[cell.strip() for cell in line.split("|")[1:-1]] for line in between.splitlines()]
    for fault, (name, field) in rows.items():
        values = [committed.loc[(fault, metric), field] for metric in metrics]
        cells = [f"{value:.{1 if value > 1.5 else 3}f}" for value in values]
        assert [name, *cells] in shown


def test_make_has_the_targets_it_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    running = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:`|^)make ([\w-]+)", README + running, flags=re.MULTILINE))
    assert {"demo", "test", "accept", "bench", "bench-check", "lint", "paper", "study"} <= targets
    assert all(f"\n{target}: .venv/ready" in makefile for target in targets)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "benchmarks/README.md"]


def test_every_page_is_reached_from_the_readme() -> None:
    reached, new = set[Path](), {ROOT / "README.md"}
    while new:
        reached |= new
        links = {page.parent / link for page in new for link in links_of(page)}
        new = {link.resolve() for link in links if link.suffix == ".md"} - reached
    assert not [page for page in PAGES if page not in reached]


def links_of(page: Path) -> list[str]:
    """Files that a page links to, relative to it."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    return [link for link in links if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    assert not [link for link in links_of(page) if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_source_file_it_names_exists(page: Path) -> None:
    """From the root, from src/ganvae or from the page itself; the sixth model's are made up."""
    named = re.findall(r"`([\w.]+/[\w/.]+\.py)`", page.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "src/ganvae", page.parent)
    missing = {name for name in named if not any((root / name).exists() for root in roots)}
    assert not {name for name in missing if "lsgan" not in name}


def test_stages_it_names_exist() -> None:
    pipeline = (ROOT / "dvc.yaml").read_text()
    text = README + (ROOT / "docs/running.md").read_text(encoding="utf-8")
    for stage in re.findall(r"dvc repro (\w+)\b(?![/@])", text):
        assert f"\n  {stage}:" in pipeline
