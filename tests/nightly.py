"""Which tests a change leaves to the nightly set, beside those that are marked slow by hand.

- Those marked `touching` say which files they are there for, by the beginnings of their paths.
- The networks, each with several models, are many tests and change seldom: the main pipeline's
  are tested always.
- A paper's report takes the training of all its systems. One stands for what they share.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.project import ROOT

ALWAYS = {"wide", "mi2018"}
OF_NETWORKS = {
    "test_export",
    "test_models",
    "test_networks",
    "test_paper_models",
    "test_paper_networks",
}
LAYERS = "src/ganvae/networks/layers/"
REPORT_FOR_ALL = "mi2018"
OF_REPORTS = (
    "src/ganvae/papers/shared/", "papers/params.yaml", "stages/paper_report.py",
    "tests/paper_results.py", "tests/made_experiments.py",
)  # fmt: skip


def mark(items: Sequence[pytest.Item]) -> None:
    """Marks as slow what the change does not touch: all tests count where there is no history."""
    touched = changed_files()
    if touched is None:
        return
    for item in items:
        asked = _asked(item)
        own = str(Path(item.path).relative_to(ROOT))
        if not all(any(f.startswith((*files, own)) for f in touched) for files in asked):
            item.add_marker(pytest.mark.slow)


def changed_files() -> list[str] | None:
    """Files that differ from the last commit's parent, for a merge all that it brings; or None."""
    found = []
    for command in ("git diff --name-only HEAD~1", "git ls-files --others --exclude-standard"):
        done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            return None
        found += done.stdout.splitlines()
    return found


def _asked(item: pytest.Item) -> list[tuple[str, ...]]:
    """Of every tuple of beginnings of paths a file must be touched, if the test is to count."""
    asked = [marker.args for marker in item.iter_markers("touching")]
    for path in sum(asked, ()):
        assert next(ROOT.glob(f"{path}*"), None), f"{item.nodeid}: touching {path}: nothing there"
    if item.path.stem in OF_NETWORKS and (files := _of_networks(item)):
        asked.append(files)
    paper = item.path.stem.removeprefix("test_report_")
    if "papers" in getattr(item, "fixturenames", ()) and paper != REPORT_FOR_ALL:
        asked.append((f"src/ganvae/papers/{paper}/", f"papers/{paper}/claims.yaml", *OF_REPORTS))
    return asked


def _of_networks(item: pytest.Item) -> tuple[str, ...]:
    """What a test of a network, and perhaps of a model, is of; nothing if it always counts."""
    values = getattr(item, "callspec", None)
    given: list[Any] = list(values.params.values()) if values else []
    given = [getattr(value, "architecture", value) for value in given]
    names = {str(value) for value in given}
    architectures = {n for n in names if (ROOT / f"src/ganvae/networks/{n}.py").is_file()}
    if not architectures or architectures & ALWAYS:
        return ()
    networks = {f"src/ganvae/networks/{name}.py" for name in architectures}
    return (LAYERS, *networks, *(f"src/ganvae/models/{name}/" for name in names))
