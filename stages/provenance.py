"""Prints where the comparison's numbers come from: `python -m stages.provenance [row [metric]]`.

Reads `metrics/comparison.json`, `dvc.lock` and the sources; a clone without data is enough.
"""

from pathlib import Path

from ganvae.errors import run
from ganvae.jobs.arguments import arguments
from ganvae.tools import provenance


def main() -> None:
    """Entry point."""
    print(provenance.report(Path(), *arguments(__file__, __doc__, "[<row>]", "[<metric>]")))


if __name__ == "__main__":
    run(main)
