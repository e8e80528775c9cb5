"""Attends one job on a cluster's machine: what a worker starts, so that it needs no project code.

`python -m stages.attend <order.json>` ends with the job's own status, see `ganvae.jobs.attend`.
"""

import subprocess
import sys
from pathlib import Path

from ganvae.errors import run
from ganvae.jobs.arguments import arguments
from ganvae.jobs.attend import attend


def main() -> None:
    (order,) = arguments(__file__, __doc__, "<order.json>")
    try:
        attend(Path(order))
    except subprocess.CalledProcessError as error:  # it has said why
        sys.exit(error.returncode if error.returncode > 0 else 128 - error.returncode)


if __name__ == "__main__":
    run(main)
