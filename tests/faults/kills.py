"""SIGKILL at random moments of `dvc repro`, which then goes on to the end: to the same bytes."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests import project

# a study of all five models whose stages take seconds, and whose trainings save all the time: small
# networks, so that these are many states and not large ones
CHANGES: dict[str, Any] = {
    "networks": {"architecture": "conv", "options": {"channels": 2}},
    "train": {"epochs": 3, "seeds": [0]},
    "evaluate": {"images": 200, "inversion_images": 20, "mixture_components": 2},
}
VARIABLES = {"GANVAE_SAVE_SECONDS": "0.2"}
SAVING = 20.0  # seconds in which a process whose DVC is gone saves its state and ends
LONGEST = 900.0  # seconds of a whole run; a hang beyond
# of seconds, memory and images a second; of the comparison's files the JSON holds all that the
# others show, and is compared without these columns
TIMINGS = ("costs", "budget", "comparison.csv", "comparison.md", "comparison.tex")
TIMED = ("train_seconds", "train_images_per_second", "sample_images_per_second", "peak_memory_mib")


def main(count: int, seed: int, targets: Sequence[str] = ()) -> int:
    """Kills `count` times. Returns how many files differed, runs did not go on, processes did.

    Args:
        count: of kills, some of them in one run.
        seed: of the moments.
        targets: of `dvc repro`; all stages without any.
    """
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        fresh = made(Path(scratch) / "fresh")
        quiet = Path(scratch) / "quiet"
        shutil.copytree(fresh, quiet, symlinks=True)
        started = time.monotonic()
        project.succeed(finish(quiet, targets))
        length, expected = time.monotonic() - started, hashes(quiet)
        kills, differing, failed, outlived = Counter[str](), 0, 0, 0
        while kills.total() < count:
            folder = Path(scratch) / "killed"
            shutil.copytree(fresh, folder, symlinks=True)
            for _ in range(min(count - kills.total(), rng.randint(5, 15))):
                kind, left = _kill(folder, rng, length, targets)
                kills[kind] += 1
                outlived += left
            done = finish(folder, targets)
            failed += done.returncode != 0
            if done.returncode:
                print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            found = hashes(folder)
            wrong = [n for n in found.keys() | expected if found.get(n) != expected.get(n)]
            differing += len(wrong)
            print(
                f"{kills.total()} kills; differing: {', '.join(sorted(wrong)) or 'none'}",
                flush=True,
            )
            shutil.rmtree(folder)
    each = ", ".join(f"{number} {kind}" for kind, number in sorted(kills.items()))
    print(
        f"kills: {kills.total()} ({each}), seed {seed}; files of {len(expected)} that differed: "
        f"{differing}; runs that did not go on by themselves: {failed}; processes that outlived "
        f"their DVC: {outlived}"
    )
    return differing + failed + outlived


def made(folder: Path) -> Path:
    """A copy of the project with nothing run, a Git repository without a commit."""
    project.make(folder, CHANGES)
    project.succeed(project.command(folder, "git", "init", "-q"))
    return folder


def hashes(folder: Path) -> dict[str, bytes]:
    """What a study has made, the timings apart."""
    return {
        f"{part}/{name}": _untimed(content) if name == "comparison.json" else content
        for part in ("data", "metrics", "plots")
        for name, content in project.contents(folder / part).items()
        if not any(word in name for word in TIMINGS)
    }


def _untimed(content: bytes) -> bytes:
    comparison = json.loads(content)
    for row in comparison["rows"].values():
        for name in TIMED:
            row.pop(name, None)
    return json.dumps(comparison).encode()


def start(folder: Path, targets: Sequence[str] = (), **variables: str) -> "subprocess.Popen[str]":
    """`dvc repro`, in a group of processes of its own; what it says is dropped."""
    _mend(folder)
    asked = _repro(folder, targets, variables)
    asked |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen(**asked)


def finish(
    folder: Path, targets: Sequence[str] = (), **variables: str
) -> "subprocess.CompletedProcess[str]":
    """`dvc repro` to its end, as `make demo` and `make study` run it: nobody steps in."""
    _mend(folder)
    asked = _repro(folder, targets, variables)
    return subprocess.run(**asked, capture_output=True, timeout=LONGEST)


def _repro(folder: Path, targets: Sequence[str], variables: Mapping[str, str]) -> dict[str, Any]:
    return {
        "args": [sys.executable, "-m", "dvc", "repro", *targets],
        "cwd": folder,
        "env": project.environment(**VARIABLES, **variables),
        "text": True,
    }


def _kill(
    folder: Path, rng: random.Random, length: float, targets: Sequence[str]
) -> tuple[str, int]:
    """Starts the run, and kills it, DVC alone or one of its processes at a random moment.

    Returns which, and how many processes then went on without their DVC.
    """
    process = start(folder, targets)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(rng.uniform(0.5, length / 6))
    kind = rng.choice(("all at once", "dvc alone", "one process"))
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        below = psutil.Process(process.pid).children(recursive=True)
        if kind == "all at once" or not below:
            os.killpg(process.pid, signal.SIGKILL)
        elif kind == "dvc alone":
            process.kill()
        else:
            rng.choice(below).kill()
    process.wait(LONGEST)
    _, alive = psutil.wait_procs(below, SAVING)
    for each in alive:
        each.kill()
    return kind, len(alive)


def _mend(folder: Path) -> None:
    project.succeed(project.stage(folder, "mend"))
