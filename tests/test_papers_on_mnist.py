"""Systems of the papers on real MNIST, one for each kind of network, where the data is at hand."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ganvae.core import storage
from tests import project

MIRROR = project.ROOT.parent / "shared" / "mnist"
# fully connected; convolutional; with dropout
KINDS = ("mi2018_gan", "battineedi2023_vae", "tikayyolla2020_gan")
STEPS: dict[str, Any] = {
    "length": {"epochs": 0.03},
    "budget": 1.0,
    "train": {"seeds": [0], "precision": "fp32"},  # minutes of bf16 on some processors
    "evaluate": {"images": 500, "importance_samples": 1, "inversion_images": 10},
}


@pytest.mark.touching(
    "papers/dvc.yaml", "papers/params.yaml", "stages/", "src/ganvae/core/", "src/ganvae/data/",
    "src/ganvae/networks/", "src/ganvae/models/base/", "src/ganvae/training/",
)  # fmt: skip
@pytest.mark.skipif(not MIRROR.is_dir(), reason="the four files of MNIST are not there")
def test_systems_of_three_kinds_of_network_finish(tmp_path: Path) -> None:
    """The VAE has learnt where most of an image is black: 543 nats is none."""
    judge = {"data": {"name": "mnist"}, "classifier": {"architecture": "mlp", "epochs": 1}}
    folder = project.make(tmp_path / "project", judge)
    project.succeed(project.command(folder, "git", "init", "-q"))
    project.add_systems(folder, dict.fromkeys(KINDS, STEPS))
    dvc = (sys.executable, "-m", "dvc", "repro", "--quiet", *(f"evaluate@{name}" for name in KINDS))
    project.succeed(project.command(folder / "papers", *dvc, GANVAE_MIRROR=str(MIRROR)))
    for name in KINDS:
        metrics = storage.read_json(folder / f"papers/metrics/{name}.json")
        assert metrics["seeds_finished"] == 1, (name, metrics)
    metrics = storage.read_json(folder / "papers/metrics/battineedi2023_vae.json")
    assert metrics["negative_elbo"] < 500, metrics
