"""Prints where the comparison's numbers come from: `python -m stages.provenance [row [metric]]`.

Reads `metrics/comparison.json`, `dvc.lock` and the sources; a clone without data is enough.
"""

import sys
from pathlib import Path

from ganvae.errors import UserError, run
from ganvae.tools import provenance


def main() -> None:
    """Entry point."""
    if len(sys.argv) > 3:
        raise UserError("usage: python -m stages.provenance [row [metric]]")
    print(provenance.report(Path(), *sys.argv[1:]))


if __name__ == "__main__":
    run(main)
