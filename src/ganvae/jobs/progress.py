"""Progress bars of the trainings under way; silent where stderr is no terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ganvae.core.storage import write_json
from ganvae.jobs import executor
from ganvae.jobs.executor import Job

FILE = "progress.json"


def report(
    folder: Path, *, done: int, total: int, images_per_second: float, losses: Mapping[str, float]
) -> None:
    """Says where a training stands, for whoever shows it.

    Args:
        folder: the job's.
        done: steps taken.
        total: steps in all.
        images_per_second: so far.
        losses: the latest, by name.
    """
    state = {
        "done": done,
        "total": total,
        "images_per_second": images_per_second,
        "losses": dict(losses),
    }
    write_json(folder / FILE, state)


class Bars:
    """One bar per job: its losses, images per second and the time left."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._bars: dict[Path, tqdm[Any]] = {}
        if sys.stderr.isatty():
            for position, job in enumerate(jobs):
                bar = tqdm(desc=job.label, position=position, unit="step", dynamic_ncols=True)
                self._bars[job.folder] = bar

    def watch(self) -> None:
        """Reads where each job stands and redraws its bar."""
        for folder, bar in self._bars.items():
            try:
                state = json.loads((folder / FILE).read_text(encoding="utf-8"))
            except FileNotFoundError:  # not started
                continue
            if not bar.total:  # its rate counts from here: it waited for a core, or was resumed
                bar.reset(total=state["total"])
                bar.initial = state["done"]
            bar.n = state["done"]
            losses = " ".join(f"{name} {value:.3g}" for name, value in state["losses"].items())
            bar.set_postfix_str(f"{state['images_per_second']:.0f} images/s {losses}")

    def close(self) -> None:
        """Leaves the terminal below the bars."""
        for bar in self._bars.values():
            bar.close()


def run_counted(todo: Sequence[Job], gpus: int, progress: bool) -> None:
    """`executor.run` with one bar for all, which counts those that are done; see there."""
    with tqdm(total=len(todo), desc="train", unit="training", disable=not progress) as bar:

        def watch() -> None:
            bar.update(sum(job.result.exists() for job in todo) - bar.n)

        executor.run(todo, gpus, watch)
