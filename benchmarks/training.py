"""Training speed of this project's loop against a plain PyTorch loop, and against its peers'.

Each is measured twice: one training against one, both on one thread; and the whole machine, as many
of this project's one-thread trainings at once as it has cores against one of theirs with all its
threads.
"""

from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import plain, rows
from benchmarks.processes import Window, asked, received, started
from benchmarks.rows import Measured
from benchmarks.worker import Spec, serve
from ganvae.core import config
from ganvae.jobs import executor
from ganvae.models.base import build, contract

REPETITIONS = 3
PRECISIONS = ("fp32", "bf16")
# of the whole machine, in fp32 and bf16
TARGETS = {
    **dict.fromkeys(plain.LOOPS, (2.0, 3.0)),
    "examples_vae": (5.0, 7.0),
    "pytorch_gan_gan": (3.0, 4.0),
    "pytorch_gan_wgan": (3.0, 4.0),
}


def measured(values: Mapping[str, Any], seconds: float, only: str) -> Measured:
    """`rows.Group`: every training's rows."""
    wanted = [name for name in TARGETS if rows.wanted(f"train/{name}/", only)]
    config.block(contract.TrainParams, values, "train")
    config.block(contract.NetworksParams, values, "networks")
    for name in (name for name in wanted if name in plain.LOOPS):
        config.block(build.model(name).Params, values, f"models.{name}")
    plain.check([name for name in wanted if name in plain.LOOPS], values)
    for name in wanted:
        for row, found, share in measure(name, values, seconds):
            if rows.wanted(row, only):
                yield row, found, share


def measure(name: str, values: Mapping[str, Any], seconds: float) -> Measured:
    """Rows of one training: both precisions, on one thread and on the whole machine."""
    specs = [Spec(name, ours=False, threads=threads, values=values) for threads in (1, None)]
    for precision in PRECISIONS:
        train = {**values["train"], "precision": precision}
        specs += [Spec(name, True, 1, {**values, "train": train})] * executor.cores()
    with started(serve, [(spec,) for spec in specs]) as pipes:
        threads = [int(received(pipe)) for pipe in pipes]  # all are warm before the first window
        one, all_threads, *ours = pipes
        fp32, bf16 = ours[: executor.cores()], ours[executor.cores() :]
        measurements = {
            "one_thread": {"fp32": fp32[:1], "theirs": [one], "bf16": bf16[:1]},
            "whole_machine": {"fp32": fp32, "theirs": [all_threads], "bf16": bf16},
        }
        for kind, sides in measurements.items():
            found = _in_turns(sides, seconds)
            their_threads = threads[1] if kind == "whole_machine" else 1
            share = min(
                window.busy
                for side in (PRECISIONS if their_threads > 1 else found)
                for turn in found[side]
                for window in turn
            )
            rates = {side: [sum(w.rate for w in turn) for turn in found[side]] for side in found}
            for precision, target in zip(PRECISIONS, TARGETS[name], strict=True):
                against = "plain loop" if name in plain.LOOPS else "as published"
                row = rows.row(
                    rates[precision],
                    rates["theirs"],
                    unit="images/s",
                    against=f"{against}, fp32, {their_threads} threads",
                    target=target if kind == "whole_machine" else None,
                )
                yield f"train/{name}/{precision}/{kind}", row, share


def _in_turns(
    sides: Mapping[str, Sequence[Connection]], seconds: float
) -> dict[str, list[list[Window]]]:
    """The windows of each side's workers, `REPETITIONS` times, one side after the other."""
    found: dict[str, list[list[Window]]] = {side: [] for side in sides}
    for _ in range(REPETITIONS):
        for side, pipes in sides.items():
            found[side].append(asked(pipes, seconds))
    return found
