"""The root's commands never touch `papers/`, a DVC project of its own that has no data here."""

import sys
from pathlib import Path

import pytest

from ganvae.core import config
from tests import demo_run, project
from tests.demo_run import Demo
from tests.pipelines import MODELS, ran

PAPERS = config.load(project.ROOT / config.PAPERS_FILE)
OF_PAPERS = ("papers/", "celeba", *PAPERS["papers"])
# of what only DVC and its files can change
of_dvc = pytest.mark.touching(
    "dvc.yaml", "papers/dvc.yaml", ".dvc", "papers/.dvc", "requirements.lock", "pyproject.toml"
)
UP_TO_DATE = "Data and pipelines are up to date."


def dvc(folder: Path, *arguments: str) -> str:
    """Runs a command of the root, which has to succeed and to say nothing of the papers."""
    done = project.command(folder, sys.executable, "-m", "dvc", *arguments)
    said = project.succeed(done)
    assert not [word for word in OF_PAPERS if word in said], said
    return said


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the study finished; every test leaves what is committed."""
    made = demo_run.repository(demo, tmp_path_factory.mktemp("apart") / "repository")
    assert (made / "papers/dvc.yaml").exists()
    assert not [p for p in (made / "papers/data").iterdir() if p.name != ".gitignore"]
    return made


def test_what_only_looks(folder: Path) -> None:
    assert dvc(folder, "status").strip() == UP_TO_DATE
    shown = dvc(folder, "metrics", "show").splitlines()
    assert len(shown) == 1 + len(MODELS) + 1
    assert max(map(len, shown)) <= 165, "a table that fits the screen"
    named = " ".join(shown)
    assert all(f"metrics/{m}.json" in named for m in (*MODELS, "classifier"))
    dvc(folder, "plots", "show")
    assert (folder / "dvc_plots/index.html").exists()
    assert dvc(folder, "list", ".", "--dvc-only").split() == ["data"]
    assert "dvc.yaml" not in dvc(folder, "stage", "list")
    assert ran(dvc(folder, "repro")) == set()
    assert project.command(folder, "git", "status", "--porcelain").stdout == ""


def test_experiments(folder: Path) -> None:
    said = dvc(folder, "exp", "run", "--name", "finer", "-S", "figures.dpi=90")
    assert ran(said) == {"check_params", "compare", "report"}
    project.succeed(project.command(folder, "git", "checkout", "-q", "."))
    dvc(folder, "checkout")
    assert config.load(folder / "params.yaml")["figures"]["dpi"] != 90
    dvc(folder, "exp", "apply", "finer")
    assert config.load(folder / "params.yaml")["figures"]["dpi"] == 90
    assert dvc(folder, "status").strip() == UP_TO_DATE
    dvc(folder, "exp", "branch", "finer", "kept")
    assert "dpi: 90" in project.command(folder, "git", "show", "kept:params.yaml").stdout
    dvc(folder, "exp", "show", "--no-pager", "--drop", "(src|stages|data)/.*")
    project.succeed(project.command(folder, "git", "checkout", "-q", "."))
    dvc(folder, "checkout")


@of_dvc
def test_a_remote_and_a_second_clone(folder: Path, tmp_path: Path) -> None:
    remote, clone = tmp_path / "remote", tmp_path / "clone"
    dvc(folder, "remote", "add", "--local", "--default", "--force", "store", str(remote))
    assert "files pushed" in dvc(folder, "push")
    assert "Everything is up to date." in dvc(folder, "pull")
    project.succeed(project.command(tmp_path, "git", "clone", "-q", str(folder), str(clone)))
    dvc(clone, "remote", "add", "--local", "--default", "store", str(remote))
    assert "files fetched" in dvc(clone, "pull")
    assert dvc(clone, "status").strip() == UP_TO_DATE
    assert ran(dvc(clone, "repro")) == set()
    assert (clone / "data/models/vae/weights/seed_0.safetensors").is_file()
    assert dvc(clone, "push").strip() == "Everything is up to date."


@of_dvc
def test_checkout_brings_back_what_is_gone(folder: Path) -> None:
    (folder / "data/classifier/weights.safetensors").unlink()
    dvc(folder, "checkout")
    assert dvc(folder, "status").strip() == UP_TO_DATE


@of_dvc
def test_collecting_garbage_leaves_the_papers_cache_alone(folder: Path) -> None:
    papers = folder / "papers"
    (papers / "own.txt").write_text("of the papers\n")
    for command in (("add", "own.txt"), ("status",)):
        project.succeed(project.command(papers, sys.executable, "-m", "dvc", *command))
    (papers / "own.txt").unlink()
    dvc(folder, "gc", "-w", "-f")
    assert dvc(folder, "status").strip() == UP_TO_DATE
    project.succeed(project.command(papers, sys.executable, "-m", "dvc", "checkout", "own.txt.dvc"))
    assert (papers / "own.txt").read_text() == "of the papers\n"
    for name in ("own.txt", "own.txt.dvc", ".gitignore"):
        (papers / name).unlink()
