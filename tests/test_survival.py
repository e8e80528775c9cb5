"""A training stage killed, stopped or broken: it goes on from its state and nothing is lost."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ganvae.core import config
from ganvae.errors import UserError, run
from ganvae.jobs import locks
from ganvae.jobs.executor import Job
from ganvae.models.base import systems
from ganvae.training import seeds
from stages import train
from tests import inside, project

MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
LONG = {"train": {"epochs": 7, "seeds": [0]}}  # 154 steps: some seconds on one core
BOTH = {"train": {"seeds": [0, 1]}}
of_jobs = pytest.mark.touching(
    "src/ganvae/jobs/", "src/ganvae/training/", "src/ganvae/core/", "src/ganvae/errors.py",
    "stages/train.py", "stages/train_one.py",
)  # fmt: skip
LOSS = "src/ganvae/models/vae/elbo.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inside.prepared(project.make(tmp_path_factory.mktemp("survival"), LONG))


@pytest.fixture(scope="module")
def quiet(folder: Path) -> tuple[dict[str, bytes], subprocess.CompletedProcess[str]]:
    """An undisturbed training of the VAE with two seeds: what it leaves, and the command."""
    project.set_params(folder, BOTH)
    done = project.stage(folder, "train", "vae")
    project.set_params(folder, LONG)
    project.succeed(done)
    assert not list(folder.glob(".cache/runs/*/")), "finished jobs leave no folder behind"
    return project.trained(folder, "vae"), done


@pytest.fixture
def expected(quiet: tuple[dict[str, bytes], object]) -> dict[str, bytes]:
    """The VAE's record with seed 0, undisturbed."""
    return {name: content for name, content in quiet[0].items() if "seed_0" in name}


@pytest.fixture(autouse=True)
def _as_before(folder: Path) -> None:
    project.set_params(folder, config.load(project.ROOT / "params.yaml"))
    project.set_params(folder, project.overlay(project.TINY, LONG))
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def start(folder: Path, model: str, save_seconds: float = 0.3) -> subprocess.Popen[str]:
    return project.start_training(folder, model, GANVAE_SAVE_SECONDS=str(save_seconds))


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob(".cache/runs/*/state.pt"))


def steps_done(folder: Path) -> dict[Path, int]:
    return {path: torch.load(path, weights_only=True)["done"] for path in states(folder)}


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> list[Path]:
    """Waits until files of that pattern are there while the stage still runs."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, "the stage ended before it could be killed"
        if found := sorted(folder.glob(pattern)):
            return found
        time.sleep(0.005)
    raise AssertionError(f"no {pattern} within two minutes")


def finish(folder: Path, model: str = "vae") -> dict[str, bytes]:
    """Trains what is missing in this process, and returns what is left then."""
    inside.whole(folder, train.main, model)
    assert not list(folder.glob(".cache/runs/*/")), "finished jobs leave no folder behind"
    return project.trained(folder, model)


def job_of(folder: Path, model: str) -> Job:
    """The job of seed 0, described in its folder as the stage does it."""

    def describe() -> None:
        of_seeds = seeds.jobs(systems.read(model))
        with locks.locked(of_seeds.values()):
            found.append(of_seeds[0])

    found: list[Job] = []
    inside.call(folder, describe)
    return found[0]


@pytest.mark.parametrize(
    "model", [pytest.param(m, marks=[] if m == "vae" else pytest.mark.slow) for m in MODELS]
)
def test_sigkill_at_a_random_step_and_during_a_write(
    folder: Path, expected: dict[str, bytes], model: str
) -> None:
    undisturbed = expected if model == "vae" else finish(folder, model)

    process = start(folder, model)
    wait_for(process, folder, ".cache/runs/*/state.pt")
    time.sleep(random.Random(model).uniform(0, 0.5))
    os.killpg(process.pid, signal.SIGKILL)  # the stage and its job
    process.communicate(timeout=30)
    before = steps_done(folder)
    assert before, "nothing was kept"
    assert all(0 < done <= 154 for done in before.values())  # so fewer steps are repeated

    process = start(folder, model, save_seconds=0)  # writes at every step
    wait_for(process, folder, ".cache/runs/*/.state.pt.*.tmp")
    os.kill(process.pid, signal.SIGKILL)  # the stage alone: its job must notice
    process.communicate(timeout=30)  # ends when the job has closed its stderr
    after = steps_done(folder)
    assert all(after[path] >= done for path, done in before.items())

    assert finish(folder, model) == undisturbed


def test_ctrl_c_stops_at_the_next_step_and_keeps_the_state_for_these_parameters_alone(
    folder: Path, expected: dict[str, bytes]
) -> None:
    process = start(folder, "vae", save_seconds=1000)
    wait_for(process, folder, ".cache/runs/*/snapshots/*.safetensors")
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    stopped = steps_done(folder)
    (at,) = stopped.values()
    told = f"vae seed 0: stopped after step {at} of 154, saved; the same command goes on from there"
    assert errors.splitlines() == [told, "stopped"]

    project.set_params(folder, {"train": {"lr": 0.0005}})
    inside.whole(folder, train.main, "vae")
    weights = "weights/seed_0.safetensors"
    assert project.trained(folder, "vae")[weights] != expected[weights]
    assert steps_done(folder) == stopped, "the stopped run's state was touched"

    project.set_params(folder, {"train": {"lr": config.load()["train"]["lr"]}})
    assert finish(folder) == expected


def test_a_seeds_result_depends_on_no_other_seed_and_no_core(
    folder: Path, quiet: tuple[dict[str, bytes], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    both, _ = quiet
    project.set_params(folder, {"train": {"seeds": [1]}})
    monkeypatch.setenv("GANVAE_WORKERS", "1")
    inside.call(folder, train.main, "vae")
    alone = project.trained(folder, "vae")
    assert len(alone) == 4
    assert all(both[name] == content for name, content in alone.items())


def test_rates_are_printed_and_runs_are_quiet(
    folder: Path,
    quiet: tuple[object, subprocess.CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, done = quiet
    assert done.stdout.splitlines() == [
        "vae autoencoder: adam, lr 0.0004 x 2.5 = 0.001, every step",
        "vae: all rates fall to 0 over the last 20% of the steps",
        "vae seed 0: finished after 154 steps",
        "vae seed 1: finished after 154 steps",
    ]
    rate = r"vae seed [01]: step \d+ of 154, autoencoder\.loss \d+, \d+ images/s, \d\d:\d\d left\n"
    assert re.fullmatch(f"({rate})*", done.stderr), "lines where it takes half a minute, or none"
    monkeypatch.chdir(folder)
    of_gan = list(train.resolved(systems.read("gan")))
    assert of_gan[0].startswith("gan discriminator: adam, lr 0.0004 x 1 = 0.0004")
    assert len(of_gan) == 3


@of_jobs
def test_a_job_that_fails_fails_alone_and_leaves_earlier_results(
    folder: Path, expected: dict[str, bytes]
) -> None:
    before = project.trained(folder, "vae")
    assert before
    project.set_params(folder, {"train": {"lr": 0.0006, "seeds": [0, 1]}})
    process = start(folder, "vae", save_seconds=0.2)
    first = wait_for(process, folder, ".cache/runs/*/state.pt")[0].parent
    pids = subprocess.run(["pgrep", "-f", f"train_one {first}"], capture_output=True, text=True)
    os.kill(int(pids.stdout.split()[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(r"vae seed \d \(killed by SIGKILL\): failed", errors.splitlines()[-1])
    assert len(list(folder.glob(".cache/runs/*/result"))) == 1, "its neighbour finished"
    assert project.trained(folder, "vae") == before


@of_jobs
@pytest.mark.parametrize("edited", ["params.yaml", LOSS])
def test_an_edit_during_the_trainings_is_refused(
    folder: Path, expected: dict[str, bytes], edited: str
) -> None:
    """DVC would record the new content as what made the weights."""
    before = project.trained(folder, "vae")
    path = folder / edited
    text = path.read_text()
    process = start(folder, "vae")
    try:
        wait_for(process, folder, ".cache/runs/*/state.pt")
        path.write_text(text + "# edited\n")
        _, errors = process.communicate(timeout=120)
    finally:
        path.write_text(text)
    assert process.returncode == 1
    assert f"{path.name}: edited meanwhile" in errors.splitlines()[-1]
    assert project.trained(folder, "vae") == before, "the earlier results stay"
    (result,) = folder.glob(".cache/runs/*/result")
    marked = result / "history.csv"
    marked.write_text(marked.read_text() + "found again\n")
    assert finish(folder)["history/seed_0.csv"].endswith(b"found again\n")


@of_jobs
def test_a_job_whose_parent_is_gone_stops_though_it_never_saw_it(folder: Path) -> None:
    job = job_of(folder, "vae")
    done = project.stage(folder, "train_one", str(job.folder), GANVAE_PARENT="1")
    assert done.returncode == 130
    assert not job.result.exists()


@of_jobs
def test_a_full_disk_while_the_state_is_written_is_one_line(folder: Path) -> None:
    limited = "import resource, runpy, sys; " + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)); "
        "sys.argv = ['-m', *sys.argv[1:]]; "
        "runpy.run_module('stages.train_one', run_name='__main__')"
    )
    job = str(job_of(folder, "gan").folder)
    done = project.command(folder, sys.executable, "-c", limited, job, GANVAE_SAVE_SECONDS="0")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "state.pt" in done.stderr


def test_bad_input_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, line in [
        (("gann",), "models.gann: unknown key (did you mean gan?)"),
        ((), "usage: python -m stages.train <ae|cgan|cvaegan|gan|"),
    ]:
        with pytest.raises(SystemExit) as ended:
            inside.call(folder, lambda: run(train.main), *arguments)
        assert ended.value.code == 1
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        assert line in said


def test_every_seed_diverged_leaves_no_outs(
    folder: Path, expected: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    project.set_params(folder, {"train": {"lr": 1.0}, "models": {"vae": {"autoencoder": {
        "optimizer": "sgd", "betas": None, "lr_multiplier": 1000.0}}}})  # fmt: skip
    before = project.contents(folder / "data/models")
    with pytest.raises(UserError, match="every seed diverged"):
        inside.whole(folder, train.main, "vae")
    told = capsys.readouterr().out
    assert "vae seed 0: diverged, the loss of autoencoder is not finite at step" in told
    assert project.contents(folder / "data/models") == before
