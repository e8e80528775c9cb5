"""Commands of the project called in this process: nothing is imported anew."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from stages import download, preprocess


def call(folder: Path, main: Callable[[], None], *arguments: str) -> None:
    """What `python -m stages.<...> <arguments>` does in `folder`, with the code of this tree.

    Jobs are processes all the same, and run the folder's own copy of the code.
    """
    with contextlib.chdir(folder), mock.patch("sys.argv", ["stage", *arguments]):
        main()


def prepared(made: Path) -> Path:
    """A project that `project.make` has made, with the bundled digits processed."""
    call(made, download.main)
    call(made, preprocess.main)
    return made
