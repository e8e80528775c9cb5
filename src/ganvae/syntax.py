"""Whether an edit of a source file can change what the program does."""

import ast
import hashlib
import subprocess

from ganvae.errors import UserError


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


def recorded_version(path: str, md5: str | None) -> str:
    """The text of `path` in git's history whose MD5 is `md5`, DVC's own checksum of a file.

    Raises:
        UserError: no commit has it.
    """
    for commit in output(["git", "log", "--format=%H", "--", path]).split():
        shown = subprocess.run(["git", "show", f"{commit}:./{path}"], capture_output=True)
        if hashlib.md5(shown.stdout).hexdigest() == md5:
            return shown.stdout.decode()
    raise UserError(f"{path}: the version that dvc.lock records is in no commit: run dvc repro")


def output(command: list[str]) -> str:
    """What a command prints. Raises `UserError` with its last line of stderr if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"{' '.join(command[:4])}: {last}")
    return done.stdout
