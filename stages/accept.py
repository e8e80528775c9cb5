"""Accepts comment-only edits of source files without running the stages again.

For every stage that DVC calls changed, the version of each changed file that `dvc.lock` records is
looked up in git and its syntax tree, docstrings apart, compared with the work tree's. Where all
are equal, `dvc commit -f <stage>` records the new files; a real edit is refused, and nothing is
recorded.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ganvae import config
from ganvae.errors import UserError, run
from ganvae.syntax import output, recorded_version, same_program


def main() -> None:
    """Entry point: `python -m stages.accept`."""
    lock = config.load(Path("dvc.lock"))["stages"]
    changed = json.loads(output([sys.executable, "-m", "dvc", "status", "--json"]))
    for stage, changes in changed.items():
        if stage not in lock:
            raise UserError(f"{stage}: never run: run dvc repro")
        check(stage, changes, lock[stage]["deps"])
    for stage in changed:
        subprocess.run([sys.executable, "-m", "dvc", "commit", "-f", stage], check=True)
    print(f"accepted without a run: {', '.join(changed) or 'nothing, no stage is changed'}")


def check(stage: str, changes: list[Any], recorded: list[dict[str, str]]) -> None:
    """Raises `UserError` unless the stage's changed files differ in comments alone.

    Args:
        stage: its name.
        changes: what `dvc status --json` says of it.
        recorded: its dependencies in `dvc.lock`.
    """
    checksums = {dep["path"]: dep.get("md5") for dep in recorded}
    for change in changes:
        files = change.get("changed deps") if isinstance(change, dict) else None
        if not files:
            raise UserError(f"{stage}: {change}: only edits of source files can be accepted")
        for path, kind in files.items():
            if kind != "modified" or not path.endswith(".py"):
                raise UserError(f"{stage}: {path} is {kind}: run dvc repro")
            old = recorded_version(path, checksums.get(path))
            if not same_program(old, Path(path).read_text(encoding="utf-8")):
                raise UserError(f"{stage}: {path} differs in more than comments: run dvc repro")


if __name__ == "__main__":
    run(main)
