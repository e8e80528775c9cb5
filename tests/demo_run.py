"""The digits' study, run once for all tests: `make demo` in a fresh clone, as a new user does."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ganvae.core import config, storage
from tests import pipelines, project
from tests.project import ROOT, command, succeed


@dataclass(frozen=True)
class Demo:
    """What the run left.

    Attributes:
        clone: the project, with the study in its `.demo/`; not to be changed.
        first: what the command printed.
        second: what it printed when it was typed again.
        records: a file per process of a stage, with what it imported.
    """

    clone: Path
    first: str
    second: str
    records: Path

    @property
    def folder(self) -> Path:
        """The study."""
        return self.clone / ".demo"


def once(scratch: Path) -> Demo:
    """Runs the demo below `scratch`, or finds that another process has."""
    records, said = scratch / "records", [scratch / "first.txt", scratch / "second.txt"]
    if not said[-1].exists():
        assert not (scratch / "clone").exists(), "the demo has failed: see the first test of it"
        folder = clone(scratch)
        (scratch / "home").mkdir()
        for file in said:
            output = succeed(as_new_user(folder, *MAKE, **pipelines.recorder(records)))
            file.write_text(output, encoding="utf-8")
    first, second = (file.read_text(encoding="utf-8") for file in said)
    return Demo(scratch / "clone", first, second, records)


# Laid over demo.yaml, as the trainings' length shows in no test: seven steps, so few snapshots are
# judged, of the networks that are quickest to judge. The nightly set runs the demo as it is.
SHORT: dict[str, Any] = {
    "networks": {"architecture": "wide"},
    "train": {"epochs": 0.3},
    "evaluate": {"importance_samples": 2, "inversion_images": 20, "inversion_steps": 10},
    "figures": {"dpi": 50},
}

# `make demo` with this interpreter's environment in the place of one that make would install
MAKE = ("make", "-o", ".venv/ready", "demo", f"BIN={Path(sys.executable).parent}")


def clone(scratch: Path) -> Path:
    """A Git clone of the project as it lies here, what is not committed yet included.

    Its demo is shorter.
    """
    origin, folder = scratch / "origin", scratch / "clone"
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in succeed(command(ROOT, *listing)).rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, origin / name, follow_symlinks=False)
    demo = config.overlay(config.load(origin / "demo.yaml"), SHORT)
    del demo["networks"]["options"]  # wide has none
    storage.write_text(origin / "demo.yaml", yaml.safe_dump(demo, sort_keys=False))
    commit(origin, "All")
    succeed(command(origin, "git", "clone", "-q", str(origin), str(folder)))
    return folder


def commit(folder: Path, message: str) -> None:
    """Commits everything, in a repository that is begun where there is none."""
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", message)):
        succeed(command(folder, "git", *arguments))


def as_new_user(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command with an empty home folder and a Git that knows nobody."""
    home = str(folder.parent / "home")
    private = {"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1", **variables}
    known = project.environment(**private).items()
    environment = {k: v for k, v in known if not k.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)


def repository(demo: Demo, folder: Path) -> Path:
    """A repository with the study finished and committed, and the papers' project without data."""
    shutil.copytree(demo.clone, folder, symlinks=True, ignore=shutil.ignore_patterns(".demo"))
    for name in ("metrics", "plots"):
        shutil.rmtree(folder / name)
    for name in ("data", "metrics", "plots", "reports"):
        shutil.copytree(demo.folder / name, folder / name, dirs_exist_ok=True)
    for name in ("dvc.lock", "params.yaml"):
        shutil.copy2(demo.folder / name, folder / name)
    cache = Path(".dvc") / "cache"  # whose files DVC adds and removes, and never changes
    shutil.copytree(demo.folder / cache, folder / cache, copy_function=os.link)
    commit(folder, "The digits' study")
    return folder
