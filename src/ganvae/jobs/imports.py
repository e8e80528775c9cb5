"""What source files say they import."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path


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
