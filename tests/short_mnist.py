"""A short run on real MNIST: `python -m tests.short_mnist <folder with the IDX files>`.

One seed, half an epoch, every stage, in a copy of the project; then numbers that only a working
pipeline gives. Not collected by pytest: CI calls it beside the tests where the data is at hand.
"""

import sys
import tempfile
import time
from pathlib import Path

from ganvae.core import storage
from tests import project

SHORT = {
    "data": {"name": "mnist"},
    "networks": {"latent_dim": 32},
    "train": {"batch_size": 128, "epochs": 0.5, "seeds": [0]},
    "classifier": {"architecture": "mlp", "epochs": 4},
    "evaluate": {"images": 2000, "inversion_images": 100},
}


def main() -> None:
    """Entry point."""
    mirror = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = project.make(Path(scratch) / "project", SHORT)
        project.succeed(project.command(folder, "git", "init", "-q"))
        start = time.monotonic()

        dvc = (sys.executable, "-m", "dvc", "repro", "--quiet")
        print(project.succeed(project.command(folder, *dvc, GANVAE_MIRROR=str(mirror))))
        print((folder / "metrics/comparison.md").read_text())
        print(f"{time.monotonic() - start:.0f} s")
        check(folder)


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


if __name__ == "__main__":
    main()
