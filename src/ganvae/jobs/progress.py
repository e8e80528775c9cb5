"""Where the trainings under way stand, on stderr: bars on a terminal, else lines."""

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ganvae.core.storage import write_json
from ganvae.jobs import executor
from ganvae.jobs.executor import Job

FILE = "progress.json"
LINE_SECONDS = 30.0


def report(
    folder: Path, *, done: int, total: int, batch_size: int, losses: Mapping[str, float]
) -> None:
    """Says where a training stands, for whoever shows it.

    Args:
        folder: the job's.
        done: steps taken.
        total: steps in all.
        batch_size: images of a step.
        losses: the latest, by name.
    """
    state = {"done": done, "total": total, "batch_size": batch_size, "losses": dict(losses)}
    write_json(folder / FILE, state)


class Display:
    """Where the jobs stand: on a terminal a bar for each, elsewhere a line for each now and then.

    Rates are of the wall, since this process first saw the job under way: it may have waited for a
    core, or gone on from an earlier state.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        show = Bar if sys.stderr.isatty() else Line
        self._shown = {job.folder: show(job.label, place) for place, job in enumerate(jobs)}
        self._files = {folder: _Seen() for folder in self._shown}

    def watch(self) -> None:
        """Reads what is new of each job and shows it."""
        for folder, seen in self._files.items():
            if state := seen.read(folder / FILE):
                self._shown[folder].show(state)

    def close(self) -> None:
        """Leaves a terminal below the bars."""
        for shown in self._shown.values():
            shown.close()


class _Seen:
    """A file that is read again when it has changed."""

    def __init__(self) -> None:
        self._when = 0.0

    def read(self, file: Path) -> dict[str, Any] | None:
        try:
            when = file.stat().st_mtime
            if when == self._when:
                return None
            state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            if not state.keys() >= {"done", "total", "batch_size", "losses"}:
                return None
        except (OSError, ValueError, AttributeError):  # not started, or nobody's
            return None
        self._when = when
        return state


class Bar:
    """On a terminal: steps, time left, images a second and the losses."""

    def __init__(self, label: str, place: int) -> None:
        self._bar = tqdm(desc=label, position=place, unit="step", dynamic_ncols=True)

    def show(self, state: Mapping[str, Any]) -> None:
        """Redraws it."""
        bar = self._bar
        if not bar.total:
            bar.reset(total=state["total"])
            bar.initial = state["done"]
        bar.n = state["done"]
        rate = (bar.n - bar.initial) / max(bar.format_dict["elapsed"], 1e-9)
        bar.set_postfix_str(f"{rate * state['batch_size']:.0f} images/s {_losses(state)}")

    def close(self) -> None:
        """Ends it."""
        self._bar.close()


class Line:
    """In a file or a pipe: the same as a line each `LINE_SECONDS`."""

    def __init__(self, label: str, place: int) -> None:
        self._label = label
        self._first: tuple[int, float] | None = None
        self._told = time.monotonic()

    def show(self, state: Mapping[str, Any]) -> None:
        """Prints a line where one is due."""
        done, now = state["done"], time.monotonic()
        self._first = self._first or (done, now)
        if now - self._told < LINE_SECONDS:
            return
        self._told = now
        rate = (done - self._first[0]) / max(now - self._first[1], 1e-9)
        left = (state["total"] - done) / rate if rate else math.inf
        when = tqdm.format_interval(left) if left < math.inf else "?"
        sys.stderr.write(
            f"{self._label}: step {done:,} of {state['total']:,}, {_losses(state)}, "
            f"{rate * state['batch_size']:.0f} images/s, {when} left\n"
        )

    def close(self) -> None:
        """Nothing to leave behind."""


def _losses(state: Mapping[str, Any]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in state["losses"].items())


def run_counted(todo: Sequence[Job], gpus: int, progress: bool) -> None:
    """`executor.run` with one bar for all, which counts those that are done; see there."""
    with tqdm(total=len(todo), desc="train", unit="training", disable=not progress) as bar:

        def watch() -> None:
            bar.update(sum(job.result.exists() for job in todo) - bar.n)

        executor.run(todo, gpus, watch)
