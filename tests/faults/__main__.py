"""Faults on purpose: `python -m tests.faults kills|writes|inputs|clones|long --help`.

Each ends with a line of counts, and with a status other than 0 where one of them should be 0.
"""

import argparse
import sys

from ganvae.jobs import executor
from tests.faults import clones, inputs, kills, long, writes


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    of_inputs = kinds.add_parser("inputs", help="spoiled files of every kind that is read")
    of_inputs.add_argument("--count", type=int, default=1_000_000)
    of_inputs.add_argument("--seconds", type=float, default=float("inf"), help="no longer than")
    of_inputs.add_argument("--workers", type=int, default=executor.cores(), help="processes")
    of_kills = kinds.add_parser("kills", help="SIGKILL at random moments of a whole study")
    of_kills.add_argument("--count", type=int, default=100)
    of_clones = kinds.add_parser("clones", help="one worker and two, interrupted and not")
    of_clones.add_argument("--interrupts", type=int, default=5)
    of_long = kinds.add_parser("long", help="a training of many steps: nothing grows")
    of_long.add_argument("--steps", type=int, default=100_000)
    kinds.add_parser("writes", help="each write, flush, rename and read fails in turn")
    for each in (of_inputs, of_kills, of_clones):
        each.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.kind == "inputs":
        sys.exit(min(1, inputs.main(asked.count, asked.seed, asked.seconds, asked.workers)))
    if asked.kind == "kills":
        sys.exit(min(1, kills.main(asked.count, asked.seed)))
    if asked.kind == "clones":
        sys.exit(min(1, clones.main(asked.seed, asked.interrupts)))
    if asked.kind == "long":
        sys.exit(long.main(asked.steps))
    sys.exit(min(1, writes.main()))


if __name__ == "__main__":
    main()
