"""Measurements that stay: rows of a file, and the table of a page of docs/ that shows them."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from ganvae.core import storage

END = "<!-- end -->"


def begin(result: Path) -> str:
    """The line of a page behind which the table of this file stands, up to `END`."""
    return f"<!-- from {result.as_posix()} -->"


def with_table(page: str, begins: str, lines: Sequence[str]) -> str:
    """The page with these lines in the place of those between `begins` and `END`."""
    table = "\n".join((begins, "", *lines, "", END))
    return re.sub(f"{begins}.*?{END}", lambda _: table, page, flags=re.DOTALL)


def read(result: Path) -> dict[str, Any]:
    """The rows by their names; none where there is no file yet."""
    return storage.read_json(result) if result.exists() else {}


def add(
    name: str,
    row: Mapping[str, Any],
    *,
    result: Path,
    page: Path,
    lock: Path,
    shown: Callable[[str, Mapping[str, Any]], str],
) -> None:
    """Adds a row to the file and shows all of them in the page; one process at a time.

    Args:
        name: of the row; one of this name is replaced.
        row: what was measured.
        result: the file.
        page: its page in docs/.
        lock: held meanwhile.
        shown: the page's text with the table of all rows.
    """
    lock.parent.mkdir(exist_ok=True)
    with FileLock(lock):
        made = {**read(result), name: row}
        storage.write_json(result, made)
        storage.write_text(page, shown(page.read_text(encoding="utf-8"), made))
