"""What only a CUDA device can show: `pytest -m gpu`."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganvae.core import machine
from ganvae.errors import Interrupted
from ganvae.training.task import Task
from tests.test_training import MODELS, after, same, task, to_the_end

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def on_gpu(folder: Path, name: str) -> Task:
    """The small task of the loop's own tests, moved to the device before its optimizers exist."""
    given = task(folder, name)
    given.networks.to("cuda")
    return replace(given, images=given.images.to("cuda"), labels=given.labels.to("cuda"))


@pytest.mark.parametrize("name", MODELS)
def test_a_run_resumed_on_the_gpu_ends_with_the_same_bits(tmp_path: Path, name: str) -> None:
    machine.use_one_thread()
    whole = on_gpu(tmp_path / "whole", name)
    assert to_the_end(whole).diverged is None
    with pytest.raises(Interrupted):
        to_the_end(on_gpu(tmp_path / "parts", name), after(7))
    parts = on_gpu(tmp_path / "parts", name)
    to_the_end(parts)
    assert same(whole.networks, parts.networks)


def test_the_gpu_is_found_and_named() -> None:
    device = machine.device()
    assert device.type == "cuda"
    assert torch.cuda.get_device_name(device) in machine.description(device)["device"]
