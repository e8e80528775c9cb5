"""Whether an edit of source files changes the program."""

import ast
import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ganvae.errors import UserError

TEMPLATES = {"dvc_plots": (".json",), "templates": (".html", ".css", ".js")}  # as in .dvcignore


def counted(root: Path, name: str) -> list[str]:
    """The files, relative to `root`, that DVC counts of a file or folder, see .dvcignore."""
    path = root / name
    below = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sorted(file for f in below if _counts(file := f.relative_to(root).as_posix()))


def _counts(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    if "__pycache__" in path.parts or (hidden and path.suffix == ".py"):
        return False
    of_templates = path.suffix in TEMPLATES.get(path.parent.name, ())
    return path.parts[0] != "src" or path.suffix == ".py" or of_templates


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


def recorded(path: str, checksum: str | None) -> dict[str, str]:
    """The version of a file or folder in git's history that has DVC's checksum.

    Args:
        path: relative to the work folder.
        checksum: as `dvc.lock` records it.

    Returns:
        the text of the file, or of every file of the folder, by path.

    Raises:
        UserError: no commit has it.
    """
    for commit in output(["git", "log", "--format=%H", "--", path]).split():
        names = output(["git", "ls-tree", "-r", "--name-only", commit, "--", path]).splitlines()
        files = {
            name: subprocess.run(["git", "show", f"{commit}:./{name}"], capture_output=True).stdout
            for name in names
        }
        if files and checksum == (_md5(files[path]) if path in files else _folder(path, files)):
            return {name: content.decode() for name, content in files.items()}
    raise UserError(f"{path}: the version that dvc.lock records is in no commit: run dvc repro")


def _folder(path: str, files: Mapping[str, bytes]) -> str:
    return of_folder({n.removeprefix(f"{path}/"): _md5(c) for n, c in files.items() if _counts(n)})


def of_folder(checksums: Mapping[str, str]) -> str:
    """DVC's checksum of a folder, from those of its files by their names in it."""
    listed = [{"md5": checksums[name], "relpath": name} for name in checksums]
    listed.sort(key=lambda entry: entry["relpath"].split("/"))
    return _md5(json.dumps(listed).encode()) + ".dir"


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def output(command: list[str]) -> str:
    """What a command prints. Raises `UserError` with its last line of stderr if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"{' '.join(command[:4])}: {last}")
    return done.stdout
