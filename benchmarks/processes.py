"""Fresh processes for what is measured: how they start, answer and end, and what they take."""

import contextlib
import multiprocessing
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ganvae import errors

WARM_UP_SECONDS = 1.0
END_SECONDS = 5.0


@contextlib.contextmanager
def started(
    serve: Callable[..., None], arguments: Iterable[tuple[Any, ...]], preload: str = ""
) -> Iterator[list[Connection]]:
    """Calls `serve(*one, pipe)` in a fresh process for each of the `arguments`; yields the pipes.

    They end with the context: a process that waits for its pipe then returns from `serve`.

    Args:
        serve: what a process does; a `UserError` in it is one line on stderr.
        arguments: of each process.
        preload: a module that all are to have imported, once, because they are copies of a process
            that has done nothing else (Python's `forkserver`).
    """
    context: SpawnContext | ForkServerContext
    context = multiprocessing.get_context("spawn")
    if preload:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([preload])
    pipes: list[Connection] = []
    processes: list[BaseProcess] = []
    try:
        for one in arguments:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(serve, one, theirs), daemon=True)
            process.start()
            theirs.close()  # so that the end of the process is seen here
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for each in processes:
            each.join(END_SECONDS)
            each.kill()
            each.join()


def _serve(serve: Callable[..., None], arguments: tuple[Any, ...], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle

    def main() -> None:
        with contextlib.suppress(EOFError, BrokenPipeError):  # the parent asks no more
            serve(*arguments, pipe)

    errors.run(main)


def received(pipe: Connection, what: object = "a measurement") -> Any:
    """What the process at the other end sends; `UserError` if it has ended instead."""
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        raise errors.UserError(f"{what}: the process has ended; the reason is above") from None


def asked(pipes: Sequence[Connection], what: object) -> list[Any]:
    """The answers of these processes, who work on them at the same time."""
    for pipe in pipes:
        pipe.send(what)
    return [received(pipe) for pipe in pipes]


@dataclass(frozen=True)
class Window:
    """One measurement of one process.

    Attributes:
        rate: images per second.
        busy: seconds of processor time per second; 1 for one thread that had a core to itself.
    """

    rate: float
    busy: float


def window(loop: Iterator[object], batch_size: int, seconds: float) -> Window:
    """Trains for at least `seconds`, in whole steps."""
    start, start_busy = time.perf_counter(), time.process_time()
    steps, elapsed = 0, 0.0
    while elapsed < seconds:
        next(loop)
        steps += 1
        elapsed = time.perf_counter() - start
    return Window(steps * batch_size / elapsed, (time.process_time() - start_busy) / elapsed)


def resident(pid: int | None = None) -> float:
    """Resident memory of a process, by default this one, in MiB. Linux only, as the next two."""
    return _status("VmRSS", pid)


def peak() -> float:
    """The most resident memory of this process since `forget_peak`, in MiB."""
    return _status("VmHWM", None)


def forget_peak() -> float:
    """Sets the kernel's mark of this process's most memory to what it is now, and returns that."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident()


def _status(key: str, pid: int | None) -> float:
    folder = Path("/proc") / ("self" if pid is None else str(pid))
    try:
        found = re.search(rf"{key}:\s+(\d+) kB", (folder / "status").read_text(encoding="ascii"))
    except FileNotFoundError:  # it has just ended
        return 0.0
    return int(found[1]) / 1024 if found else 0.0  # a process that is ending has no such line
