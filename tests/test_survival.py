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
from tests import project

MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
LONG = {"train": {"epochs": 7, "seeds": [0, 1]}}  # 154 steps: some seconds on one core


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project.prepared(tmp_path_factory.mktemp("survival"), LONG)


def start(folder: Path, model: str, save_seconds: float = 0.3) -> subprocess.Popen[str]:
    return project.start_training(folder, model, GANVAE_SAVE_SECONDS=str(save_seconds))


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob(".cache/runs/*/state.pt"))


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> list[Path]:
    """Waits until files of that pattern are there while the stage still runs."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, "the stage ended before it could be killed"
        if found := sorted(folder.glob(pattern)):
            return found
        time.sleep(0.005)
    raise AssertionError(f"no {pattern} within two minutes")


def undisturbed(folder: Path, model: str) -> dict[str, bytes]:
    project.succeed(project.stage(folder, "train", model))
    assert not list(folder.glob(".cache/runs/*/")), "finished jobs leave no folder behind"
    return project.trained(folder, model)


@pytest.mark.parametrize(
    "model", [pytest.param(m, marks=[] if m == "vaegan" else pytest.mark.slow) for m in MODELS]
)
def test_sigkill_at_a_random_step_and_during_a_write(folder: Path, model: str) -> None:
    expected = undisturbed(folder, model)

    process = start(folder, model)
    wait_for(process, folder, ".cache/runs/*/state.pt")
    time.sleep(random.Random(model).uniform(0, 1))
    os.killpg(process.pid, signal.SIGKILL)  # the stage and its jobs
    process.communicate(timeout=30)
    steps_of = {p: torch.load(p, weights_only=True)["done"] for p in states(folder)}
    assert steps_of, "nothing was kept"
    assert all(0 < done <= 154 for done in steps_of.values())  # so fewer steps are repeated

    process = start(folder, model, save_seconds=0)  # writes at every step
    wait_for(process, folder, ".cache/runs/*/.state.pt.*.tmp")
    os.kill(process.pid, signal.SIGKILL)  # the stage alone: its jobs must notice
    process.communicate(timeout=30)  # ends when the last job has closed its stderr
    again = {p: torch.load(p, weights_only=True)["done"] for p in states(folder)}
    assert all(again[path] >= done for path, done in steps_of.items())

    project.succeed(project.stage(folder, "train", model))
    assert project.trained(folder, model) == expected


def test_ctrl_c_stops_at_the_next_step_and_keeps_the_state(folder: Path) -> None:
    expected = undisturbed(folder, "vae")
    process = start(folder, "vae", save_seconds=1000)
    wait_for(process, folder, ".cache/runs/*/snapshots/*.safetensors")
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert states(folder)
    project.succeed(project.stage(folder, "train", "vae"))
    assert project.trained(folder, "vae") == expected


def test_stale_state_is_never_used(folder: Path) -> None:
    process = start(folder, "vae", save_seconds=0.2)
    wait_for(process, folder, ".cache/runs/*/state.pt")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    left = {path.parent for path in states(folder)}
    source = folder / "src/ganvae/losses/elbo.py"
    text = source.read_text()
    try:
        source.write_text(text.replace("0.5 * (mean", "0.25 * (mean"))  # other code
        project.succeed(project.stage(folder, "train", "vae"))
        other_code = project.trained(folder, "vae")
    finally:
        source.write_text(text)
    project.set_params(folder, {"train": {"lr": 0.001}})  # other parameters
    project.succeed(project.stage(folder, "train", "vae"))
    other_rate = project.trained(folder, "vae")
    project.set_params(folder, {"train": {"lr": config.load()["train"]["lr"]}})
    assert {path.parent for path in states(folder)} == left, "the killed run's state was touched"
    original = undisturbed(folder, "vae")
    weights = "weights/seed_0.safetensors"
    assert len({other_code[weights], other_rate[weights], original[weights]}) == 3


def test_a_seeds_result_depends_on_no_other_seed_and_no_core(folder: Path) -> None:
    both = undisturbed(folder, "gan")
    project.set_params(folder, {"train": {"seeds": [1]}})
    try:
        project.succeed(project.stage(folder, "train", "gan", GANVAE_WORKERS="1"))
        alone = project.trained(folder, "gan")
    finally:
        project.set_params(folder, LONG)
    assert len(alone) == 4
    assert all(both[name] == content for name, content in alone.items())


def test_rates_are_printed_and_runs_are_quiet(folder: Path) -> None:
    project.set_params(folder, {"train": {"epochs": 1}})
    done = project.stage(folder, "train", "gan")
    project.set_params(folder, LONG)
    assert "gan discriminator: adam, lr 0.0004 x 0.5 = 0.0002" in done.stdout
    assert "gan: all rates fall to 0 over the last 20% of the steps" in done.stdout
    assert len(done.stdout.splitlines()) == 5
    assert done.stderr == ""


def test_a_job_that_fails_fails_alone_and_leaves_earlier_results(folder: Path) -> None:
    before = undisturbed(folder, "vae")
    project.set_params(folder, {"train": {"lr": 0.0005}})
    process = start(folder, "vae", save_seconds=0.2)
    first = wait_for(process, folder, ".cache/runs/*/state.pt")[0].parent
    pids = subprocess.run(["pgrep", "-f", f"train_one {first}"], capture_output=True, text=True)
    os.kill(int(pids.stdout.split()[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(r"vae seed \d \(killed by SIGKILL\): failed", errors.splitlines()[-1])
    assert len(list(folder.glob(".cache/runs/*/result"))) == 1, "its neighbour finished"
    assert project.trained(folder, "vae") == before
    project.succeed(project.stage(folder, "train", "vae"))
    project.set_params(folder, LONG)


@pytest.mark.parametrize("edited", ["params.yaml", "src/ganvae/losses/elbo.py"])
def test_an_edit_during_the_trainings_is_refused(folder: Path, edited: str) -> None:
    """DVC would record the new content as what made the weights."""
    before = undisturbed(folder, "vae")
    path = folder / edited
    text = path.read_text()
    shutil.rmtree(folder / ".cache")
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
    project.succeed(project.stage(folder, "train", "vae"))
    assert project.trained(folder, "vae") == before


def test_a_job_whose_parent_is_gone_stops_though_it_never_saw_it(folder: Path) -> None:
    process = start(folder, "vae", save_seconds=0.1)
    job = wait_for(process, folder, ".cache/runs/*/job.json")[0].parent
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    done = project.stage(folder, "train_one", str(job), GANVAE_PARENT="1")
    assert done.returncode == 130
    assert not (job / "result").exists()
    project.succeed(project.stage(folder, "train", "vae"))


def test_a_full_disk_while_the_state_is_written_is_one_line(folder: Path) -> None:
    limited = "import resource, runpy, sys; " + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)); "
        "sys.argv = ['-m', *sys.argv[1:]]; "
        "runpy.run_module('stages.train_one', run_name='__main__')"
    )
    process = start(folder, "gan", save_seconds=1000)
    job = wait_for(process, folder, ".cache/runs/*/job.json")[0].parent
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    done = project.command(folder, sys.executable, "-c", limited, str(job), GANVAE_SAVE_SECONDS="0")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "state.pt" in done.stderr
    project.succeed(project.stage(folder, "train", "gan"))


def test_bad_input_is_one_line(folder: Path) -> None:
    for arguments, line in [
        (("gann",), "models.gann: unknown key (did you mean gan?)"),
        ((), "usage: python -m stages.train <ae|cgan|cvaegan|gan|"),
    ]:
        done = project.stage(folder, "train", *arguments)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert line in done.stderr


def test_every_seed_diverged_leaves_no_outs(folder: Path) -> None:
    project.set_params(folder, {"train": {"lr": 1.0}, "models": {"vae": {"autoencoder": {
        "optimizer": "sgd", "betas": None, "lr_multiplier": 1000.0}}}})  # fmt: skip
    before = project.contents(folder / "data/models")
    done = project.stage(folder, "train", "vae")
    project.set_params(folder, config.load())
    project.set_params(folder, project.overlay(project.TINY, LONG))
    assert done.returncode == 1
    assert "every seed diverged" in done.stderr.splitlines()[-1]
    assert "vae seed 0: diverged, the loss of autoencoder is not finite at step" in done.stdout
    assert project.contents(folder / "data/models") == before
