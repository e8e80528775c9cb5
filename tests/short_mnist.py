"""A short run on real MNIST: `python -m tests.short_mnist <folder with the IDX files>`.

One seed, half an epoch, every stage, in a copy of the project; then numbers that only a working
pipeline gives; then one of the papers' systems for three kinds of network, for some steps. Not
collected by pytest: CI calls it where the data is at hand.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ganvae.core import storage
from tests import project

SHORT = {
    "data": {"name": "mnist"},
    "networks": {"latent_dim": 32},
    "train": {"batch_size": 128, "epochs": 0.5, "seeds": [0]},
    "classifier": {"architecture": "mlp", "epochs": 4},
    "evaluate": {"images": 2000, "inversion_images": 100},
}
# fully connected; convolutional; with dropout
KINDS = ("mi2018_gan", "battineedi2023_vae", "tikayyolla2020_gan")
STEPS: dict[str, Any] = {
    "length": {"epochs": 0.03},
    "budget": 1.0,
    "train": {"seeds": [0], "precision": "fp32"},  # minutes of bf16 on some processors
    "evaluate": {"images": 500, "importance_samples": 1, "inversion_images": 10},
}


def main() -> None:
    """Entry point."""
    mirror = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = project.make(Path(scratch) / "project", SHORT)
        project.succeed(project.command(folder, "git", "init", "-q"))
        start = time.monotonic()

        def repro(where: Path, *targets: str) -> str:
            dvc = (sys.executable, "-m", "dvc", "repro", "--quiet", *targets)
            return project.succeed(project.command(where, *dvc, GANVAE_MIRROR=str(mirror)))

        print(repro(folder))
        print((folder / "metrics/comparison.md").read_text())
        print(f"{time.monotonic() - start:.0f} s")
        check(folder)
        project.add_systems(folder, dict.fromkeys(KINDS, STEPS))
        print(repro(folder / "papers", *(f"evaluate@{name}" for name in KINDS)))
        check_systems(folder)
        print(f"{time.monotonic() - start:.0f} s")


def check(folder: Path) -> None:
    """Bounds far from what a defect gives and far from what half an epoch reaches."""
    accuracy = storage.read_json(folder / "metrics/classifier.json")["test_accuracy"]
    assert accuracy > 0.96, accuracy
    for model in ("vae", "vaegan", "cvaegan"):
        metrics = storage.read_json(folder / f"metrics/{model}.json")
        assert 100 < metrics["negative_elbo"] < 150, (model, metrics)
        assert metrics["class_entropy"] > 1.9, (model, metrics)
    for model in ("gan", "wgan"):
        metrics = storage.read_json(folder / f"metrics/{model}.json")
        assert metrics["seeds_finished"] == 1, (model, metrics)


def check_systems(folder: Path) -> None:
    """All finished; the VAE has learnt where most of an image is black (543 nats is none)."""
    for name in KINDS:
        metrics = storage.read_json(folder / f"papers/metrics/{name}.json")
        assert metrics["seeds_finished"] == 1, (name, metrics)
    metrics = storage.read_json(folder / "papers/metrics/battineedi2023_vae.json")
    assert metrics["negative_elbo"] < 500, metrics


if __name__ == "__main__":
    main()
