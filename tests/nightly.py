"""Which tests a change leaves to the nightly set, beside those that are marked slow by hand.

The networks, each with several models, are most of the tests and change seldom: the main
pipeline's are tested always, the others where the change touches them. So is the cluster.
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
CLUSTER = ("src/ganvae/jobs/", "stages/attend.py", "tests/test_cluster.py")


def mark(items: Sequence[pytest.Item]) -> None:
    """Marks as slow what the change does not touch: all tests count where there is no history."""
    touched = changed_files()
    if touched is None or any(file.startswith("src/ganvae/networks/layers/") for file in touched):
        return
    for item in items:
        name = item.path.stem
        if name == "test_cluster" and not any(file.startswith(CLUSTER) for file in touched):
            item.add_marker(pytest.mark.slow)
        if name in OF_NETWORKS and not _counts(item, touched):
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


def _counts(item: pytest.Item, touched: Sequence[str]) -> bool:
    """Whether a test is of no network in particular, of a main one, or of one that is touched."""
    values = getattr(item, "callspec", None)
    given: list[Any] = list(values.params.values()) if values else []
    given = [getattr(value, "architecture", value) for value in given]
    names = {str(value) for value in given}
    architectures = {n for n in names if (ROOT / f"src/ganvae/networks/{n}.py").is_file()}
    if not architectures or architectures & ALWAYS:
        return True
    own = {f"src/ganvae/networks/{name}.py" for name in architectures}
    own |= {f"src/ganvae/models/{name}/" for name in names}
    own.add(str(Path(item.path).relative_to(ROOT)))
    return any(file.startswith(tuple(own)) for file in touched)
