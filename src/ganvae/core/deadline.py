"""An end to waiting for a network: a peer that sends a byte now and then never times out."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns, or raises, in a thread of its own.

    Raises:
        TimeoutError: it took longer. Its thread is left to itself and ends with this process.
    """
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"not complete after {seconds:g} s")
    if failed:
        raise failed[0]
    return found[0]
