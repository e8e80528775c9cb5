"""One training over two processes makes the steps of the joint batch, as one process does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from ganvae import processes
from ganvae.errors import UserError
from ganvae.processes import check_batch_size
from tests import project
from tests.test_survival import wait_for

# without batch normalisation, whose statistics are of each process's own part
PLAIN = {"networks": {"architecture": "mi2018"}, "train": {"epochs": 2, "seeds": [0]}}
MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # the hinge is active for some batches and not for others
    constrained = {"models": {"cvaegan": {"d": 0.72, "lambda": 50.0}}}
    return project.prepared(tmp_path_factory.mktemp("processes"), PLAIN | constrained)


def outcome(folder: Path, model: str) -> tuple[dict[str, torch.Tensor], pd.DataFrame]:
    made = folder / "data" / "models" / model
    history = pd.read_csv(made / "history" / "seed_0.csv")
    return load_file(made / "weights" / "seed_0.safetensors"), history


@pytest.mark.parametrize(
    "model", [pytest.param(m, marks=[] if m == "cvaegan" else pytest.mark.slow) for m in MODELS]
)
def test_two_processes_train_as_one_with_the_joint_batch(folder: Path, model: str) -> None:
    project.succeed(project.stage(folder, "train", model))
    alone, history = outcome(folder, model)
    project.succeed(project.stage(folder, "train", model, GANVAE_PROCESSES="2"))
    both, joint_history = outcome(folder, model)
    assert any(not torch.equal(alone[name], both[name]) for name in alone), "the same run twice"
    for name, weights in alone.items():
        torch.testing.assert_close(both[name], weights, rtol=1e-3, atol=2e-4)
    pd.testing.assert_frame_equal(joint_history, history, rtol=1e-3, atol=1e-3)
    if model == "cvaegan":
        assert 0 < history["autoencoder.active"].mean() < 1


def test_they_stop_together_and_go_on_to_the_same_bytes(folder: Path) -> None:
    project.set_params(folder, {"train": {"epochs": 20}})
    project.succeed(project.stage(folder, "train", "vae", GANVAE_PROCESSES="2"))
    expected = outcome(folder, "vae")[0]
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.train", "vae"],
        cwd=folder,
        env=project.environment(GANVAE_PROCESSES="2", GANVAE_SAVE_SECONDS="0.2"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    wait_for(process, folder, ".cache/runs/*/state.pt")
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(folder.glob(".cache/runs/*/state.pt"))
    project.succeed(project.stage(folder, "train", "vae", GANVAE_PROCESSES="2"))
    again = outcome(folder, "vae")[0]
    project.set_params(folder, PLAIN)
    assert all(torch.equal(again[name], expected[name]) for name in expected)


def test_a_batch_that_cannot_be_dealt_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "count", lambda: 3)
    check_batch_size(63)
    with pytest.raises(UserError, match=r"train\.batch_size = 64: allowed: a multiple of 3"):
        check_batch_size(64)
