"""How a job learns that it is to stop."""

import os
import signal
from collections.abc import Callable


def watch_for_stop() -> Callable[[], bool]:
    """True after SIGINT, SIGTERM or the end of the parent: an orphan would go on writing.

    The parent can have ended before this process could look who it was, so `GANVAE_PARENT` says it.
    """
    named = os.environ.get("GANVAE_PARENT")
    parent = int(named) if named else os.getppid()
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: signals.append(number))
    return lambda: bool(signals) or os.getppid() != parent
