"""What a report says of the machine, and what keeps a measurement on it honest."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ganvae.core import machine
from ganvae.errors import UserError
from ganvae.jobs import executor

CPU = torch.device("cpu")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
BUSY_MACHINE = 0.95  # of a core; a process that got less shared it with something else


def described() -> dict[str, Any]:
    """The processor, how many cores this process may use, and the versions of Python and torch."""
    found = machine.description(CPU)
    return {
        "cpu": found["device"].removeprefix("cpu: "),
        "cores": executor.cores(),
        "python": found["python"],
        "torch": found["torch"],
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, this process computes on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def warn_if_shared(share: float | None) -> None:
    """Says on stderr that the least `share` of a core is too little for numbers to be quoted."""
    if share is not None and share < BUSY_MACHINE:
        sys.stderr.write(
            f"warning: a process got only {share:.0%} of its core, so other work ran on this "
            "machine: these numbers say little; measure again\n"
        )


def linux_only(command: str) -> None:
    """Raises `UserError` elsewhere."""
    if sys.platform != "linux":
        raise UserError(f"{command} measures memory by /proc, which only Linux has")


def positive(parser: ArgumentParser, **options: float) -> None:
    """Ends the command with an error for an option that is not above 0."""
    for name, value in options.items():
        if not value > 0:
            parser.error(f"--{name} {value}: allowed: > 0")
