"""What a `dvc repro` costs that finds nothing to do, against DVC's own floor.

The floor is an equal graph of empty stages: the same stages and the same files between them, each a
few bytes, without code or parameters to look at. This project's side is the demo, `.demo/`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks import rows
from benchmarks.rows import Measured
from stages import beside

REPETITIONS = 5
TARGET = 1 / 1.5
NAME = "pipeline/no_op_repro"


def measured(values: Mapping[str, Any], seconds: float, only: str) -> Measured:
    """`rows.Group`: one row; `values` and `seconds` play no part."""
    if not rows.wanted(NAME, only):
        return
    demo = beside.lay_out(Path("demo.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder)
        write_floor(graph(demo), floor)
        for project in (demo, floor):
            repro(project)  # runs what is to run
            repro(project)  # and warms the caches of the disk
        ours, theirs = [], []
        for _ in range(REPETITIONS):
            ours.append(repro(demo))
            theirs.append(repro(floor))
    found = rows.row(
        ours,
        theirs,
        unit="s",
        against="as many empty stages",
        target=TARGET,
        more_is_better=False,
    )
    yield NAME, found, 1.0


def repro(project: Path) -> float:
    """Seconds of one `dvc repro`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--quiet"],
        cwd=project,
        env={**os.environ, "PATH": path},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begun


def graph(project: Path) -> dict[str, dict[str, list[str]]]:
    """The stages of a project: which outs of other stages each depends on, and its own outs."""
    from dvc.repo import Repo  # a second of imports that no other row needs

    with Repo(str(project)) as repo:
        stages = repo.index.stages
        made = [out.fs_path for stage in stages for out in stage.outs]

        def inner(path: str) -> bool:
            return any(path == out or path.startswith(out + os.sep) for out in made)

        return {
            stage.name: {
                "deps": [dep.fs_path for dep in stage.deps if inner(dep.fs_path)],
                "outs": [out.fs_path for out in stage.outs],
            }
            for stage in stages
        }


def write_floor(stages: Mapping[str, Mapping[str, list[str]]], folder: Path) -> None:
    """Writes a DVC project without git of stages that only write their outs."""
    (folder / ".dvc").mkdir()
    settings = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"
    (folder / ".dvc" / "config").write_text(settings, encoding="utf-8")
    outs = {out for stage in stages.values() for out in stage["outs"]}
    files = {out: f"out_{number}" for number, out in enumerate(sorted(outs))}

    def maker(path: str) -> str:
        return next(out for out in outs if path == out or path.startswith(out + os.sep))

    empty = {
        name.replace("@", "_"): {
            "cmd": " && ".join(f"echo {number} > {files[out]}" for out in stage["outs"]),
            "deps": sorted({files[maker(dep)] for dep in stage["deps"]}),
            "outs": [files[out] for out in stage["outs"]],
        }
        for number, (name, stage) in enumerate(stages.items())
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": empty}), encoding="utf-8")
