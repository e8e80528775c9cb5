"""Training images that stay on the disk: the same training as with images in memory."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ganvae.core import config, imageset
from ganvae.errors import UserError
from ganvae.models.base.build import image_shape
from ganvae.training import loop
from ganvae.training.task import Task, build

CPU = torch.device("cpu")
PIXELS = np.random.default_rng(3).integers(0, 256, (100, 1, 28, 28), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _few_images_per_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvae.models.base.snapshots.IMAGES", 20)


def stored(folder: Path, pixels: NDArray[np.generic] = PIXELS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "train.npy", pixels)
    return folder / "train.npy"


def task(folder: Path, images: imageset.Images, name: str = "vae") -> Task:
    values = config.load()
    values["train"] |= {"batch_size": 32, "epochs": 2}
    return build(name, values, images, torch.zeros(100).long(), seed=0, folder=folder)


def trained(given: Task) -> dict[str, torch.Tensor]:
    loop.train(given, save_seconds=1e9, report=lambda run: None, stopped=lambda: False)
    return given.networks.state_dict()


def test_batches_are_those_of_images_in_memory(tmp_path: Path) -> None:
    streamed, labels = imageset.training_set(stored(tmp_path), CPU)
    resident = imageset.dequantise(torch.from_numpy(PIXELS))
    assert streamed.shape == resident.shape
    assert streamed.device == CPU
    assert len(streamed) == len(labels) == 100
    chosen = torch.tensor([5, 99, 0, 5])
    assert torch.equal(streamed[chosen], resident[chosen])
    assert torch.equal(streamed[:7], resident[:7])
    in_memory = trained(task(tmp_path / "resident", resident))
    for key, value in trained(task(tmp_path / "streamed", streamed)).items():
        assert torch.equal(value, in_memory[key]), key


def test_quantising_colours_and_back() -> None:
    colours = torch.from_numpy(PIXELS[:12].reshape(4, 3, 28, 28))
    assert torch.equal(imageset.quantise(imageset.dequantise(colours)), colours)
    grey = torch.from_numpy(PIXELS[:4])
    assert torch.equal(imageset.quantise(imageset.dequantise(grey)), grey.squeeze(1))
    assert torch.equal(imageset.dequantise(grey.squeeze(1)), imageset.dequantise(grey))


@pytest.mark.parametrize(
    ("pixels", "held"),
    [
        (PIXELS.astype(np.float32), r"float32 \[100, 1, 28, 28\]"),
        (PIXELS[:, 0], r"uint8 \[100, 28, 28\]"),
        (PIXELS[:0], r"uint8 \[0, 1, 28, 28\]"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, pixels: NDArray[np.generic], held: str) -> None:
    with pytest.raises(UserError, match=f"train.npy: {held}; uint8"):
        imageset.training_set(stored(tmp_path, pixels), CPU)


def test_missing_and_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        imageset.training_set(tmp_path / "none.npy", CPU)
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"train.npy: damaged"):
        imageset.training_set(path, CPU)


def test_images_of_another_shape_are_refused(tmp_path: Path) -> None:
    colours = torch.zeros(100, 3, 64, 64)
    with pytest.raises(UserError, match=r"'wide': is for images of \[1, 28, 28\] .* not \[3, 64"):
        task(tmp_path, colours)
    assert image_shape("wide") == (1, 28, 28)
