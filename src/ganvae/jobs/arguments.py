"""What a stage script is called with: some words, or `--help`."""

import math
import sys
from pathlib import Path

from ganvae.errors import UserError


def arguments(script: str, about: str | None, *names: str) -> list[str]:
    """The words behind `python -m stages.<script>`; asked for help, it prints it and ends.

    Args:
        script: its `__file__`.
        about: its `__doc__`, which `--help` prints below the usage.
        names: what it takes, in order; those in brackets may be left out, one that ends in "...]"
            stands for any number.

    Raises:
        UserError: the usage, as there are words too many or too few, or an option.
    """
    given = sys.argv[1:]
    usage = " ".join([f"usage: python -m stages.{Path(script).stem}", *names])
    if {"-h", "--help"} & set(given):
        print(f"{usage}\n\n{about}".rstrip())
        sys.exit()
    required = [name for name in names if not name.startswith("[")]
    most = math.inf if names and names[-1].endswith("...]") else len(names)
    fits = len(required) <= len(given) <= most
    if not fits or any(word.startswith("-") for word in given):
        raise UserError(usage)
    return given
