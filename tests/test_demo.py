"""`make demo`: the whole pipeline on bundled digits, nothing else touched."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ganvae.core import config
from ganvae.core.config import overlay
from ganvae.errors import UserError
from stages import beside
from stages.check_params import check
from tests import project
from tests.demo_run import Demo, as_new_user
from tests.pipelines import EVALUATE, MODELS, TRAIN, Pipeline, leaves, ran

# The overlay


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ({}, {"a": {"b": 1, "c": [1, 2]}, "d": None}),
        ({"a": {"b": 2}}, {"a": {"b": 2, "c": [1, 2]}, "d": None}),
        ({"a": {"c": [3]}}, {"a": {"b": 1, "c": [3]}, "d": None}),  # lists are replaced
        ({"a": {"e": {"f": 0}}}, {"a": {"b": 1, "c": [1, 2], "e": {"f": 0}}, "d": None}),
        ({"a": {"b": None}}, {"a": {"b": None, "c": [1, 2]}, "d": None}),
        ({"d": 5}, {"a": {"b": 1, "c": [1, 2]}, "d": 5}),
    ],
)
def test_overlay_merges_key_by_key(above: dict[str, Any], expected: dict[str, Any]) -> None:
    below = {"a": {"b": 1, "c": [1, 2]}, "d": None}
    assert overlay(below, above) == expected
    assert list(overlay(below, above)) == ["a", "d"], "the order is the lower file's"
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": None}, "it is not changed in place"


def test_the_demo_changes_what_it_names_and_is_valid() -> None:
    params = config.load(project.ROOT / "params.yaml")
    demo = config.load(project.ROOT / "demo.yaml")
    laid = overlay(params, demo)
    check(laid)
    own = {"networks.options.channels"}  # of its architecture
    assert set(leaves(laid)) == set(leaves(params)) | own, "demo.yaml adds no other key"
    for key in leaves(demo):
        if key in own:
            continue
        assert config.section(laid, key) == config.section(demo, key)
        assert config.section(demo, key) != config.section(params, key), f"{key} says nothing new"
    assert laid["data"]["name"] == "digits", "no download"


# A folder beside


def test_a_file_is_laid_over_in_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.make(tmp_path / "project", {})
    monkeypatch.chdir(tmp_path / "project")
    shutil.copy2(project.ROOT / "conv.yaml", "mine.yaml")
    before = project.contents(Path())
    folder = beside.lay_out(Path("mine.yaml"))
    laid = config.load(folder / "params.yaml")
    assert folder == Path(".mine")
    assert laid == overlay(config.load(), config.load(Path("mine.yaml")))
    assert laid["networks"]["architecture"] == "conv"
    assert {
        n: c for n, c in project.contents(Path()).items() if not n.startswith(".mine/")
    } == before
    assert (folder / ".gitignore").read_text() == "*\n"
    shutil.copy2(project.ROOT / "fashion_mnist.yaml", "other.yaml")
    both = beside.lay_out(Path("mine.yaml"), Path("other.yaml"))
    assert both == Path(".mine-other")
    last = {"data": {"name": "fashion_mnist"}, "train": {"seeds": [0, 1, 2]}}
    assert config.load(both / "params.yaml") == overlay(laid, last)
    shutil.rmtree(both)
    project.set_params(Path(), {"data": {"name": "folder", "folder": "shapes", "invert": True}})
    monkeypatch.setattr(beside.check_params, "check", lambda values: None)  # no images there
    own, others = beside.lay_out(Path("mine.yaml")), beside.lay_out(Path("other.yaml"))
    found = [config.load(folder / "params.yaml")["data"] for folder in (own, others)]
    assert (found[0]["folder"], found[0]["invert"]) == (str(Path("shapes").absolute()), True)
    assert found[1] == {**found[0], "name": "fashion_mnist", **beside.NO_OWN_IMAGES}
    Path(".venv").mkdir()
    shutil.copy2("mine.yaml", "venv.yaml")
    with pytest.raises(UserError, match=r"venv\.yaml: \.venv is something else"):
        beside.lay_out(Path("venv.yaml"))
    assert not any(Path(".venv").iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("networks: {architecture: conv}", "networks.options.channels: missing"),
        ("train: {ema: 1.0}", "train.ema = 1.0: allowed: less than 1"),
        ("train: {ema: 1}", "train.ema = 1: allowed: less than 1"),
        ("networks: {initialisation: glorot}", "allowed: 'torch' or 'keras'"),
        ("networks: {architecture: ghosh2020_vae}", "has no discriminator, which gan needs"),
        ("- 1", "a mapping of sections is expected"),
    ],
)
def test_a_wrong_file_is_one_line_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    shutil.copy2(project.ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(said)):
        beside.lay_out(Path("mine.yaml"))
    assert {path.name for path in tmp_path.iterdir()} == {"params.yaml", "mine.yaml"}


# The command, in a fresh clone without an identity


def test_it_runs_every_stage_once_and_a_second_call_none(demo: Demo) -> None:
    order = re.findall(r"Running stage '([^']+)'", demo.first)
    assert sorted(order) == sorted(Pipeline(demo.folder).stages)
    assert ran(demo.second) == set()
    first_training = min(order.index(stage) for stage in TRAIN)
    assert order.index("evaluate_real") < first_training, "the judge is tested first"
    make_study = (project.ROOT / "Makefile").read_text().partition("stages.study")[0]
    assert "repro evaluate_real" in make_study


def test_it_prints_the_table_and_draws(demo: Demo) -> None:
    table = (demo.folder / "metrics/comparison.md").read_text(encoding="utf-8")
    for said in (demo.first, demo.second):
        assert table.split("\n## ")[1] in said
        assert "arning" not in said
    assert all(re.search(rf"^\| *{model}\b", table, re.MULTILINE) for model in MODELS)
    for shown in (".demo/plots", ".demo/dvc_plots/index.html", ".demo/reports/report.html"):
        assert shown in demo.first
        assert (demo.clone / shown).exists()
    assert list((demo.folder / "plots").glob("*.png"))
    page = (demo.folder / "dvc_plots/index.html").read_text(encoding="utf-8")
    assert "cdn.jsdelivr.net" not in page, "the page needs no network"


def test_it_touches_nothing_else(demo: Demo) -> None:
    shown = project.command(demo.clone, "git", "status", "--porcelain", "--ignored").stdout
    own = {line.removeprefix("!! ") for line in shown.splitlines()}
    assert {name for name in own if "__pycache__" not in name} == {".demo/"}
    assert as_new_user(demo.clone, "git", "config", "user.email").returncode == 1


@pytest.mark.slow
def test_it_runs_at_its_full_length_without_git(demo: Demo, tmp_path: Path) -> None:
    """As from an unpacked archive; the images and the judge come from the clone's run cache."""
    archive, cache = tmp_path / "project", Path(".demo/.dvc/cache")
    ignored = shutil.ignore_patterns(".git", ".demo", "__pycache__")
    shutil.copytree(demo.clone, archive, symlinks=True, ignore=ignored)
    shutil.copy2(project.ROOT / "demo.yaml", archive)
    before = project.contents(archive)
    shutil.copytree(demo.clone / cache, archive / cache)
    shutil.copy2(demo.clone / ".demo/params.yaml", archive / ".demo")  # as after a run
    output = project.succeed(as_new_user(archive, sys.executable, "-m", "stages.demo"))
    assert ran(output) == TRAIN | EVALUATE | {"check_params", "evaluate_real", "compare", "report"}
    table = (archive / ".demo/metrics/comparison.md").read_text(encoding="utf-8")
    assert table.split("\n## ")[1] in output
    assert "Collapsed seeds: 0. Diverged seeds: 0, of 10." in table
    assert "arning" not in output
    after = project.contents(archive).items()
    kept = {n: c for n, c in after if not n.startswith(".demo/") and "__pycache__" not in n}
    assert kept == before
