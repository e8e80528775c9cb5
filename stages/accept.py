"""Accepts comment-only edits of source files without running the stages again.

For every stage that DVC calls changed, the version of each changed file that `dvc.lock` records is
looked up in git and its syntax tree, docstrings apart, compared with the work tree's. Where all
are equal, `dvc commit -f <stage>` records the new files; a real edit is refused, and nothing is
recorded.
"""

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ganvae import config
from ganvae.errors import UserError, run


def main() -> None:
    """Entry point: `python -m stages.accept`."""
    lock = config.load(Path("dvc.lock"))["stages"]
    status = json.loads(_output([sys.executable, "-m", "dvc", "status", "--json"]))
    accepted = [stage for stage in status if _only_comments(stage, status[stage], lock)]
    if not accepted:
        print("nothing to accept: no stage is changed")
        return
    for stage in accepted:
        subprocess.run([sys.executable, "-m", "dvc", "commit", "-f", stage], check=True)
    print(f"accepted without a run: {', '.join(accepted)}")


def _only_comments(stage: str, changes: list[Any], lock: dict[str, Any]) -> bool:
    """True for a stage whose changed files differ in comments alone; raises for a real change."""
    for change in changes:
        files = change.get("changed deps") if isinstance(change, dict) else None
        if not files:
            raise UserError(f"{stage}: {change}: only edits of source files can be accepted")
        recorded = {dep["path"]: dep.get("md5") for dep in lock[stage]["deps"]}
        for path, kind in files.items():
            if kind != "modified" or not path.endswith(".py"):
                raise UserError(f"{stage}: {path} is {kind}: run dvc repro")
            old = recorded_version(path, recorded.get(path))
            if not same_program(old, Path(path).read_text(encoding="utf-8")):
                raise UserError(f"{stage}: {path} differs in more than comments: run dvc repro")
    return True


def recorded_version(path: str, md5: str | None) -> str:
    """The text of `path` in git whose MD5 `dvc.lock` records. Raises `UserError` if none has it."""
    commits = _output(["git", "log", "--format=%H", "--", path]).split()
    for commit in commits:
        shown = subprocess.run(["git", "show", f"{commit}:./{path}"], capture_output=True)
        if hashlib.md5(shown.stdout).hexdigest() == md5:
            return shown.stdout.decode()
    raise UserError(f"{path}: the version that dvc.lock records is in no commit: run dvc repro")


def same_program(old: str, new: str) -> bool:
    """Whether two source texts have the same syntax tree, docstrings and comments apart."""
    return _tree(old) == _tree(new)


def _tree(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{' '.join(command[:4])}: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


if __name__ == "__main__":
    run(main)
