"""The pipeline's commands, one script per kind of stage: read, call, write.

A queued experiment runs in a copy of the repository, while an editable install points at the
original: the copy's own `src` comes first, so that the snapshot's code is the code that runs.
"""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import ganvae.errors  # noqa: F401 (it notes who began this process)

if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # a command that still imports for a second or two: Ctrl-C ends it without a traceback
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
