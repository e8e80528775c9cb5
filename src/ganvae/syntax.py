"""What source files say: which others they import, and whether an edit changes the program."""

import ast
import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from ganvae.errors import UserError


def closure(roots: Iterable[Path], packages: Mapping[str, Path]) -> list[Path]:
    """The roots and the files that they import, directly or not, inside functions too.

    Args:
        roots: source files.
        packages: name -> folder of the packages whose files count.
    """
    found: set[Path] = set()
    todo = {root.resolve() for root in roots}
    while todo:
        file = todo.pop()
        found.add(file)
        todo |= _imported(file, packages) - found
    return sorted(found)


def _imported(file: Path, packages: Mapping[str, Path]) -> set[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = set()
    for name in names:
        package, *rest = name.split(".")
        if package in packages:
            path = packages[package].joinpath(*rest)
            files |= {path.with_suffix(".py"), path / "__init__.py"}
    return {path.resolve() for path in files if path.is_file()}


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
