"""Independent pieces of work, each on a thread of its own core."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ganvae.core import machine
from ganvae.jobs import executor

T = TypeVar("T")


def side_by_side(tasks: Sequence[Callable[[], T]], label: str, progress: bool) -> list[T]:
    """Runs all tasks, as many at once as the machine has cores; `GANVAE_WORKERS` overrides it.

    Threads and no processes, because the work is done by libraries that let other threads run
    meanwhile, on images that all tasks share. Each task has one thread, so that its numbers do not
    depend on how many cores there are.

    Args:
        tasks: independent of each other; begun in this order.
        label: of the bar on stderr.
        progress: whether to draw it.

    Returns:
        The results in the order of the tasks. The first error is raised, after the tasks under way.
    """
    threads = ThreadPoolExecutor(executor.workers(gpus=0), initializer=_one_thread)
    try:
        futures = [threads.submit(task) for task in tasks]
        return [future.result() for future in tqdm(futures, label, disable=not progress)]
    finally:
        threads.shutdown(cancel_futures=True)


def _one_thread() -> None:
    """For torch, and for what scipy and scikit-learn compute with, for good.

    A limit that ends with its task would end for the tasks beside it too.
    """
    machine.use_one_thread()
    threadpool_limits(1)
