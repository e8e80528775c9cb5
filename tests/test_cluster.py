"""Trainings on a real Dask cluster: a scheduler and workers as processes of their own on loopback.

What is killed is run again, and the results are those of a run on this machine, byte for byte.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvae.errors import UserError
from ganvae.jobs import cluster as cluster_of_jobs
from stages import train
from tests import inside, project

pytestmark = pytest.mark.touching("src/ganvae/jobs/", "stages/attend.py")
LONG = {"train": {"epochs": 7, "seeds": [0, 1]}}  # 154 steps: some seconds on one core
# the environment's path file would put the project on the workers' path
DASK = (
    "import sys; sys.path = [p for p in sys.path if p and not p.endswith('src')]; "
    "from dask.__main__ import main; main()"
)


class Cluster:
    """A scheduler and its workers, all in process groups of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def scheduler(self) -> None:
        """Starts the scheduler and waits for its address."""
        self.folder.mkdir()
        file = self.folder / "scheduler.json"

        def address() -> re.Match[str] | None:  # the file is there before its text is
            return re.search(r"tcp://127\.0\.0\.1:\d+", file.read_text()) if file.exists() else None

        self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
        )
        self.address = wait(address, "the scheduler's address")[0]

    def worker(self) -> subprocess.Popen[bytes]:
        """Starts a worker of one thread: a nanny, and the worker proper as its child."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--local-directory", str(self.folder),
            "--death-timeout", "60",
        )  # fmt: skip

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        variables = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0"}
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", DASK, *arguments, "--no-dashboard"],
                cwd=self.folder,
                env={**os.environ, **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def wait(condition, what: str, seconds: float = 120):  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds:g} s")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "cluster")
    try:
        made.scheduler()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inside.prepared(project.make(tmp_path_factory.mktemp("cluster"), LONG))


@pytest.fixture(scope="module")
def local(folder: Path) -> dict[str, bytes]:
    """The VAE's results from this machine."""
    inside.whole(folder, train.main, "vae")
    return project.trained(folder, "vae")


def start(folder: Path, model: str, address: str, save: float = 0.1) -> subprocess.Popen[str]:
    """Starts a training stage on the cluster."""
    shutil.rmtree(folder / "data" / "models" / model, ignore_errors=True)
    variables = {"DASK_SCHEDULER_ADDRESS": address, "GANVAE_SAVE_SECONDS": str(save)}
    return project.start_training(folder, model, **variables)


def succeed(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors


def pids(pattern: str) -> list[int]:
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def descendants(pid: int) -> list[int]:
    return [found for child in children(pid) for found in (child, *descendants(child))]


def training(folder: Path) -> int:
    """A training of that project that has saved a state: its process."""

    def look() -> int | None:
        for state in sorted(folder.glob(".cache/runs/*/state.pt")):
            if found := pids(f"train_one {state.parent}"):
                return found[0]
        return None

    found: int = wait(look, "a training with a state")
    return found


def test_two_workers_give_what_this_machine_gives_and_know_nothing_of_the_project(
    cluster: Cluster, folder: Path, local: dict[str, bytes]
) -> None:
    for _ in range(2):
        cluster.worker()
    succeed(start(folder, "vae", cluster.address))
    assert project.trained(folder, "vae") == local
    look = (
        "import sys; from distributed import Client; "
        "find = lambda: __import__('importlib.util').util.find_spec('ganvae') is None; "
        "print(sorted(Client(sys.argv[1]).run(find).values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look, cluster.address], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[True, True]", done.stderr


@pytest.mark.slow
def test_a_killed_group_of_processes_is_replaced_by_a_late_worker(
    cluster: Cluster, folder: Path, local: dict[str, bytes]
) -> None:
    first = cluster.worker()
    stage = start(folder, "vae", cluster.address)
    found = training(folder)
    kill_group(first)  # nanny, worker, and the training with who attends it
    assert found not in pids("train_one")
    assert stage.poll() is None
    cluster.worker()
    succeed(stage)
    assert project.trained(folder, "vae") == local


@pytest.mark.slow
def test_a_killed_stage_leaves_nothing_running_and_can_be_forced_again(
    cluster: Cluster, folder: Path, local: dict[str, bytes]
) -> None:
    cluster.worker()
    stage = start(folder, "vae", cluster.address, save=1000)
    wait(lambda: pids(f"train_one {folder}"), "a training")
    stage.send_signal(signal.SIGTERM)
    stage.communicate(timeout=60)
    assert stage.returncode == 130
    wait(lambda: not pids(f"train_one {folder}"), "the training stops with its stage")

    stage = start(folder, "vae", cluster.address)
    found = training(folder)
    stage.kill()  # it cannot say that it ends: the next stage takes its jobs over
    stage.communicate(timeout=60)
    succeed(start(folder, "vae", cluster.address))
    assert found not in pids("train_one")
    assert project.trained(folder, "vae") == local


@pytest.mark.slow
def test_a_job_that_always_dies_fails_alone(
    cluster: Cluster, folder: Path, local: dict[str, bytes]
) -> None:
    stage = start(folder, "vae", cluster.address)
    wait(lambda: list(folder.glob(".cache/runs/*/order.json")), "an order")
    stage.kill()
    stage.communicate(timeout=60)
    broken = sorted(folder.glob(".cache/runs/*/"))[0]
    (broken / "state.pt").write_bytes(b"damaged")
    cluster.worker()

    stage = start(folder, "vae", cluster.address)
    _, errors = stage.communicate(timeout=240)
    assert stage.returncode == 1
    assert f"{broken}/state.pt: damaged resume state; delete it" in errors
    assert re.search(r"error: vae seed \d \(exit status 1, the reason is above\)", errors)
    assert not (folder / "data/models/vae").exists()
    assert len(list(folder.glob(".cache/runs/*/result"))) == 1, "its neighbour finished"
    shutil.rmtree(broken)
    succeed(start(folder, "vae", cluster.address))
    assert project.trained(folder, "vae") == local


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["training", "worker"])
def test_what_is_killed_alone_is_run_again(
    cluster: Cluster, folder: Path, local: dict[str, bytes], victim: str
) -> None:
    nannies = [cluster.worker(), cluster.worker()]
    stage = start(folder, "vae", cluster.address)
    found = training(folder)
    if victim == "worker":
        workers = [pid for nanny in nannies for pid in children(nanny.pid)]
        found = next(pid for pid in workers if found in descendants(pid))
    os.kill(found, signal.SIGKILL)
    succeed(stage)
    assert project.trained(folder, "vae") == local


@pytest.mark.slow
def test_living_workers_run_edited_code_and_serve_two_stages(
    cluster: Cluster, folder: Path, local: dict[str, bytes]
) -> None:
    cluster.worker()
    succeed(start(folder, "vae", cluster.address))
    source = folder / "src/ganvae/models/vae/elbo.py"
    text = source.read_text()
    try:
        source.write_text(text.replace("0.5 * (mean", "0.25 * (mean"))
        stages = [start(folder, model, cluster.address) for model in ("vae", "gan")]
        cluster.worker()
        for stage in stages:
            succeed(stage)
        edited = {model: project.trained(folder, model) for model in ("vae", "gan")}
        for model in edited:
            project.succeed(project.stage(folder, "train", model))
            assert project.trained(folder, model) == edited[model]
    finally:
        source.write_text(text)
    assert edited["vae"] != local


def test_without_a_scheduler_one_line_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster_of_jobs, "CONNECT_SECONDS", 1)
    expected = "^DASK_SCHEDULER_ADDRESS=tcp://127.0.0.1:9: no scheduler answers there$"
    with pytest.raises(UserError, match=expected):
        inside.call(folder, train.main, "vae")


def test_without_dask_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=r"Dask is not installed: pip install -e '\.\[cluster\]'"),
        cluster_of_jobs.connected("tcp://127.0.0.1:9"),
    ):
        pass
