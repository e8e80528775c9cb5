"""Accepts comment-only edits of source files without running the stages again.

For every stage that DVC calls changed, the version of each changed file or
folder that `dvc.lock` records is looked up in git and its syntax trees, docstrings apart, compared
with the work tree's. Where all are equal, `dvc commit -f <stage>` records the new files; a real
edit is refused, and nothing is recorded.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvae.core import config
from ganvae.errors import UserError, parameters_of, run
from ganvae.jobs.arguments import arguments
from ganvae.tools.syntax import counted, output, recorded, same_program


def main() -> None:
    """Entry point: `python -m stages.accept`."""
    arguments(__file__, __doc__)
    with parameters_of(Path("dvc.lock")):
        lock = config.section(config.load(Path("dvc.lock")), "stages")
    changed = json.loads(output([sys.executable, "-m", "dvc", "status", "--json"]))
    for stage, changes in changed.items():
        if stage not in lock:
            raise UserError(f"{stage}: never run: run dvc repro")
        check(stage, changes, lock[stage]["deps"])
    for stage in changed:
        subprocess.run([sys.executable, "-m", "dvc", "commit", "-f", stage], check=True)
    print(f"accepted without a run: {', '.join(changed) or 'nothing, no stage is changed'}")


def check(stage: str, changes: list[Any], dependencies: list[dict[str, str]]) -> None:
    """Raises `UserError` unless the stage's changed files differ in comments alone.

    Args:
        stage: its name.
        changes: what `dvc status --json` says of it.
        dependencies: its own in `dvc.lock`.
    """
    checksums = {dep["path"]: dep.get("md5") for dep in dependencies}
    for change in changes:
        files = change.get("changed deps") if isinstance(change, dict) else None
        if not files:
            raise UserError(f"{stage}: {change}: only edits of source files can be accepted")
        for path, kind in files.items():
            if kind != "modified":
                raise UserError(f"{stage}: {path} is {kind}: run dvc repro")
            _check_source(stage, recorded(path, checksums.get(path)), _present(path))


def _present(path: str) -> dict[str, str]:
    """The text of a file, or of every file of a folder that DVC looks at, by path."""
    return {name: Path(name).read_text(encoding="utf-8") for name in counted(Path(), path)}


def _check_source(stage: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for path in sorted(old.keys() | new.keys()):
        if path not in old or path not in new:
            raise UserError(f"{stage}: {path} is new or gone: run dvc repro")
        program = path.endswith(".py") and same_program(old[path], new[path])
        if old[path] != new[path] and not program:
            raise UserError(f"{stage}: {path} differs in more than comments: run dvc repro")


if __name__ == "__main__":
    run(main)
