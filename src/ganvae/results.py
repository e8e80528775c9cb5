"""The files that one training leaves: what `stages/evaluate.py` and `stages/compare.py` read."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from ganvae import config, linear
from ganvae.model import NetworksParams, TrainParams, image_shape, to_images
from ganvae.runtime import Noise, clock, description, seed_for
from ganvae.snapshots import pack
from ganvae.stepper import own_only
from ganvae.storage import read_tensors, write_json, write_tensors, write_text
from ganvae.task import Task, build
from ganvae.training import Outcome

FILES = {
    "weights": "safetensors",
    "checkpoints": "safetensors",
    "snapshots": "safetensors",
    "status": "json",
    "history": "csv",
    "costs": "json",
}
SAMPLED = 1000  # images at a time
SAMPLING_SECONDS = 0.5


def write(folder: Path, task: Task, outcome: Outcome) -> None:
    """Writes one file per kind of `FILES` into `folder`.

    A diverged run has no weights, and one without `train.checkpoints` no such file: it holds all of
    them, named `<step>.<tensor>`.
    """
    if not outcome.diverged:
        write_tensors(folder / "weights.safetensors", task.networks.state_dict())
    if checkpoints := _checkpoints(task.folder / "checkpoints", outcome.step):
        write_tensors(folder / "checkpoints.safetensors", checkpoints)
    size = task.train.batch_size
    snapshots = pack(task.folder / "snapshots", outcome.step, size)
    write_tensors(folder / "snapshots.safetensors", snapshots)
    status = {
        "state": "diverged" if outcome.diverged else "finished",
        "step": outcome.step,
        "steps": task.total_steps,
        "update": outcome.diverged.update if outcome.diverged else None,
    }
    write_json(folder / "status.json", status)
    table = pd.DataFrame(outcome.history.rows, columns=["step", *_columns(outcome)])
    table.insert(1, "images_seen", table["step"] * size)
    table.insert(2, "epoch", table["step"] / task.steps_per_epoch)
    write_text(folder / "history.csv", table.to_csv(index=False, float_format="%.6g"))
    write_json(folder / "costs.json", _costs(task, outcome))


def _checkpoints(folder: Path, last_step: int) -> dict[str, Tensor]:
    steps = sorted(int(path.stem) for path in folder.glob("*.safetensors"))
    return {
        f"{step}.{name}": tensor
        for step in steps
        if step <= last_step
        for name, tensor in read_tensors(folder / f"{step}.safetensors").items()
    }


def _columns(outcome: Outcome) -> list[str]:
    names = {name: None for row in outcome.history.rows for name in row if name != "step"}
    return list(names)


def _costs(task: Task, outcome: Outcome) -> dict[str, object]:
    """What the training cost; run-dependent, so no other stage but `compare` depends on it."""
    counts = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in task.networks.items()
    }
    generator_every = next(u.every for u in task.updates if "decoder" in u.networks)
    device = task.images.device
    peak = peak_memory_mib(device)  # before anything is measured that training does not do
    return {
        "train_seconds": outcome.seconds,
        "train_images_per_second": outcome.step * task.train.batch_size / outcome.seconds,
        "sample_images_per_second": sampling_speed(task),
        "flops_per_image": flops_per_image(task),
        "parameters": sum(counts.values()),
        "parameters_by_network": counts,
        "steps": outcome.step,
        "generator_updates": outcome.step // generator_every,
        "peak_memory_mib": peak,
        "runtime": description(device),
    }


def flops_per_image(task: Task) -> float:
    """Floating-point operations of one training step, forward and backward, per image of its batch.

    Those of matrix products and convolutions, a multiplication and an addition counted as two;
    an update that takes part in every n-th step counts for an n-th. The networks stay as they are.
    """
    size = task.train.batch_size
    noise = Noise(seed_for(task.seed, "flops"), task.images.device)
    counted = {linear.ONEDNN.overloadpacket: linear.flops} if linear.ONEDNN else {}
    total = 0.0
    statistics = [buffer.clone() for buffer in task.networks.buffers()]  # batch normalisation's
    for update in task.updates:
        with FlopCounterMode(display=False, custom_mapping=counted) as counter:
            with own_only(task.networks, update):
                loss = update.loss(task.images[:size], task.labels[:size], noise).total
            own = [p for name in update.networks for p in task.networks[name].parameters()]
            torch.autograd.grad(loss, own)
        total += counter.get_total_flops() / update.every
    for buffer, before in zip(task.networks.buffers(), statistics, strict=True):
        buffer.copy_(before)
    return total / size


def effort(name: str, values: Mapping[str, Any]) -> float:
    """Floating-point operations of a whole training of this model per training image."""
    train = config.block(TrainParams, values, "train")
    networks = config.block(NetworksParams, values, "networks")
    images = torch.zeros(train.batch_size, *image_shape(networks.architecture))
    labels = torch.zeros(train.batch_size, dtype=torch.int64)
    task = build(name, values, images, labels, seed=0, folder=Path("unused"))
    return flops_per_image(task) * train.epochs


@torch.no_grad()
def sampling_speed(task: Task) -> float:
    """Images a second that the decoder draws in evaluation mode, latent vectors included."""
    decoder = task.networks["decoder"].eval()
    device = task.images.device
    noise = Noise(seed_for(task.seed, "sampling speed"), device)

    def draw() -> None:
        images = to_images(decoder(noise.normal(SAMPLED, task.latent_dim)))
        images.sum().item()  # waits for the device

    draw()  # allocations
    start, drawn = clock(device), 0
    while clock(device) - start < SAMPLING_SECONDS:
        draw()
        drawn += SAMPLED
    seconds = clock(device) - start
    decoder.train()
    return drawn / seconds


def peak_memory_mib(device: torch.device) -> float:
    """The most memory this process has held, on the GPU where it trained on one."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource  # only where there is one

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
