"""A small copy of the project for tests that run its commands for real."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ganvae.core import config, storage
from ganvae.core.config import overlay

ROOT = Path(__file__).resolve().parents[1]

# One epoch of the bundled digits on small latents: every stage in a second or two of computing.
TINY: dict[str, Any] = {
    "data": {"name": "digits"},
    "networks": {"latent_dim": 4},
    "train": {"batch_size": 64, "epochs": 1, "seeds": [0, 1]},
    "classifier": {"epochs": 1},
    "evaluate": {"images": 1000, "importance_samples": 2, "inversion_steps": 10},
    "figures": {"dpi": 50},
}


def make(folder: Path, changes: dict[str, Any]) -> Path:
    """Copies code and pipeline to `folder`, with `changes` laid over TINY over params.yaml."""
    for name in ("stages", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", ".gitattributes"):
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache"))
    (folder / ".dvc" / "config.local").unlink(missing_ok=True)
    (folder / "data").mkdir()
    shutil.copy2(ROOT / "data" / ".gitignore", folder / "data")
    set_params(folder, overlay(TINY, changes))
    return folder


def set_params(folder: Path, changes: dict[str, Any]) -> None:
    """Lays `changes` over the project's own `params.yaml`."""
    path = folder / "params.yaml"
    values = config.load(path if path.exists() else ROOT / "params.yaml")
    storage.write_text(path, yaml.safe_dump(overlay(values, changes), sort_keys=False))


def environment(**variables: str) -> dict[str, str]:
    """This interpreter first on PATH, as in an activated environment; git with an identity.

    Nothing of the user's own settings: neither git's nor this project's.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    identity = {f"GIT_{who}_{what}": "test@example.org"
                for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip
    clean = {
        name: value
        for name, value in os.environ.items()
        if name == "GANVAE_DEVICE" or not name.startswith(("GANVAE_", "DASK_"))
    }
    fixed = {"PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, **identity}
    return {**clean, **fixed, **variables}


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in the project and returns it with its output, whatever its status."""
    return subprocess.run(
        arguments, cwd=folder, env=environment(**variables), capture_output=True, text=True
    )


def stage(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m stages.<...>` in the project."""
    name, *rest = arguments
    return command(folder, sys.executable, "-m", f"stages.{name}", *rest, **variables)


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a command that had to succeed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by its relative name."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def with_papers(made: Path) -> Path:
    """Adds the papers' project, as it is committed, to what `make` returned."""
    papers = made / config.PAPERS
    for name in (".dvc", "celeba", "data"):
        (papers / name).mkdir(parents=True)
    for name in (
        "dvc.yaml", "params.yaml", "celeba/dvc.yaml", "celeba/params.yaml",
        ".dvcignore", ".dvc/config", ".dvc/.gitignore", "data/.gitignore",
    ):  # fmt: skip
        shutil.copy2(ROOT / config.PAPERS / name, papers / name)
    for name in ("src", "stages"):
        (papers / name).symlink_to(f"../{name}")
    return made


def add_systems(
    made: Path,
    changes: Mapping[str, dict[str, Any]],
    experiments: Mapping[str, dict[str, Any]] | None = None,
) -> None:
    """Adds the papers' project to another, with these systems and experiments alone.

    Their images are the project's own.

    Args:
        made: what `make` returned.
        changes: a key of `systems` -> what is laid over it; `length` is replaced.
        experiments: name -> block.
    """
    content = config.load(ROOT / config.PAPERS_FILE)
    chosen = {}
    for name, change in changes.items():
        block = overlay(content["systems"][name], change)
        chosen[name] = block | {"length": change.get("length", block["length"])}
    content |= {
        "data_sets": {"mnist": config.load(made / "params.yaml")["data"]},
        "systems": chosen,
        "experiments": dict(experiments or {}),
        "maps": {},
        "initial_weights": {},
    }
    text = yaml.safe_dump(content, sort_keys=False)
    storage.write_text(with_papers(made) / config.PAPERS_FILE, text)


def prepared(folder: Path, changes: dict[str, Any]) -> Path:
    """`make`, with the images downloaded and processed."""
    made = make(folder, changes)
    succeed(stage(made, "download"))
    succeed(stage(made, "preprocess"))
    return made


def start_training(folder: Path, model: str, **variables: str) -> subprocess.Popen[str]:
    """Starts a training stage in a process group of its own, as a shell would."""
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train", model],
        cwd=folder,
        env=environment(**variables),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def trained(folder: Path, model: str) -> dict[str, bytes]:
    """A stage's results but the costs: all that must not depend on where and how it ran."""
    found = contents(folder / "data" / "models" / model)
    return {name: content for name, content in found.items() if not name.startswith("costs")}
