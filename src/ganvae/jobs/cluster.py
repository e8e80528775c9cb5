"""A Dask cluster as the executor of jobs: `DASK_SCHEDULER_ADDRESS` names its scheduler.

Its workers know no project code: they start commands, in the project's folder, which all machines
see under one path, with the interpreter of the stage. docs/scaling.md tells how to start a cluster.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ganvae.core import machine
from ganvae.errors import UserError

RETRIES = 2  # of a job that ends with an error or is killed; the loss of a worker counts apart
CONNECT_SECONDS = 10


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Yields the cluster's executor; what has not begun is cancelled at the end.

    Raises:
        UserError: Dask is not installed; no scheduler answers at `address`.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            f"DASK_SCHEDULER_ADDRESS={address}: Dask is not installed: pip install -e '.[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError):
        raise UserError(f"DASK_SCHEDULER_ADDRESS={address}: no scheduler answers there") from None
    with client:
        executor: Executor = client.get_executor(pure=False, retries=RETRIES)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)


def submit(executor: Executor, order: Path) -> Future[Any]:
    """Has a worker attend the job that `order` describes, see `ganvae.jobs.attend`."""
    command = [sys.executable, "-m", "stages.attend", str(order)]
    run = partial(subprocess.run, check=True, stderr=subprocess.PIPE, text=True)
    return executor.submit(run, command, cwd=os.getcwd())


def environment() -> dict[str, str]:
    """What a job finds in its environment beside its worker's own.

    The stage decides between CPU and GPU, the worker which GPU.
    """
    found = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found["GANVAE_DEVICE"] = machine.device().type
    if "GANVAE_SAVE_SECONDS" in os.environ:
        found["GANVAE_SAVE_SECONDS"] = os.environ["GANVAE_SAVE_SECONDS"]
    return found
