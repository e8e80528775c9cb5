"""`make demo` is `python -m stages.demo`: the pipeline on bundled digits, nothing else touched."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ganvae.core import config, storage
from ganvae.core.config import overlay
from stages.check_params import check
from tests import project
from tests.test_dependencies import MODELS, Pipeline, leaves
from tests.test_pipeline import ran

SHORTER: dict[str, Any] = {
    "train": {"epochs": 1, "seeds": [0]},
    "classifier": {"epochs": 1},
    "evaluate": {"images": 1000},
    "figures": {"dpi": 50},
}
COMMITTED = ("dvc.lock", "metrics/comparison.md", "metrics/gan.json", "plots/samples.png")


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
    assert set(leaves(laid)) == set(leaves(params)), "demo.yaml adds no key"
    for key in leaves(demo):
        assert config.section(laid, key) == config.section(demo, key)
        assert config.section(demo, key) != config.section(params, key), f"{key} says nothing new"
    assert laid["data"]["name"] == "digits", "no download"


# The command


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as a new user would: an empty home folder, a git that knows nobody."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    private = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    known = project.environment(**private).items()
    environment = {k: v for k, v in known if not k.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)


def demo(folder: Path) -> str:
    return project.succeed(run(folder, sys.executable, "-m", "stages.demo"))


def prepare(folder: Path) -> Path:
    """The project as published, results included, with a shorter demo."""
    project.make(folder, {})
    shutil.copy2(project.ROOT / "params.yaml", folder)
    shorter = overlay(config.load(project.ROOT / "demo.yaml"), SHORTER)
    storage.write_text(folder / "demo.yaml", yaml.safe_dump(shorter))
    for name in COMMITTED:
        storage.write_text(folder / name, f"{name} as committed\n")
    return folder


def clone(project_folder: Path, scratch: Path) -> Path:
    """A git clone of a project, without an identity."""
    origin, folder = scratch / "origin", scratch / "clone"
    shutil.copytree(project_folder, origin, ignore=shutil.ignore_patterns(".demo"))
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "All")):
        project.succeed(project.command(origin, "git", *arguments))
    project.succeed(run(origin, "git", "clone", "-q", str(origin), str(folder)))
    assert run(folder, "git", "config", "user.email").returncode == 1
    return folder


def untouched(folder: Path) -> dict[str, bytes]:
    """Every file that is not the demo's own."""
    return {
        name: content
        for name, content in project.contents(folder).items()
        if not name.startswith((".demo/", ".git/")) and "__pycache__" not in name
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without git, as from an unpacked archive."""
    return prepare(tmp_path_factory.mktemp("demo") / "project")


@pytest.mark.slow
def test_without_git_it_prints_the_table_and_touches_nothing_else(archive: Path) -> None:
    before = untouched(archive)
    assert set(COMMITTED) < set(before)

    first = demo(archive)
    assert ran(first) == set(Pipeline(archive / ".demo").stages)
    table = (archive / ".demo/metrics/comparison.md").read_text(encoding="utf-8")
    assert table.split("\n## ")[1] in first
    assert all(re.search(rf"^\| *{model}\b", table, re.MULTILINE) for model in MODELS)
    for shown in (".demo/plots", ".demo/dvc_plots/index.html"):
        assert shown in first
        assert (archive / shown).exists()
    assert list((archive / ".demo/plots").glob("*.png"))
    page = (archive / ".demo/dvc_plots/index.html").read_text(encoding="utf-8")
    assert "cdn.jsdelivr.net" not in page, "the page needs no network"

    assert ran(demo(archive)) == set(), "a second call finds everything up to date"
    assert untouched(archive) == before


@pytest.mark.slow
def test_in_a_clone_without_an_identity_git_status_stays_clean(
    archive: Path, tmp_path: Path
) -> None:
    """Trainings come from the run cache of the other test, where it ran, to save time."""
    cache = Path(".demo/.dvc/cache")
    folder = clone(archive, tmp_path)
    if (archive / cache).exists():
        shutil.copytree(archive / cache, folder / cache)
    before = untouched(folder)
    output = demo(folder)
    table = (folder / ".demo/metrics/comparison.md").read_text(encoding="utf-8")
    assert table.split("\n## ")[1] in output
    assert untouched(folder) == before
    assert run(folder, "git", "status", "--porcelain").stdout == ""
