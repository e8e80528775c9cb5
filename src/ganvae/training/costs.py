"""What a training costs: seconds, floating-point operations, memory, and how fast it samples."""

import sys
from pathlib import Path

import torch

from ganvae.core import matmul
from ganvae.core.machine import Noise, clock, description, seed_for
from ganvae.models.base.build import image_shape
from ganvae.models.base.contract import to_images
from ganvae.models.base.systems import Plan
from ganvae.training.loop import Run
from ganvae.training.step import own_only
from ganvae.training.task import Task, build

SAMPLED = 1000  # images at a time
SAMPLING_SECONDS = 0.5


def measured(run: Run) -> dict[str, object]:
    """What a training cost; run-dependent, so no other stage but `compare` depends on it."""
    task = run.task
    counts = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in task.networks.items()
    }
    generator_every = next(u.every for u in task.updates if "decoder" in u.networks)
    device = task.images.device
    peak = peak_memory_mib(device)  # before anything is measured that training does not do
    return {
        "train_seconds": run.seconds,
        "train_images_per_second": run.last_step * task.train.batch_size / run.seconds,
        "sample_images_per_second": sampling_speed(task),
        "flops_per_image": flops_per_image(task),
        "parameters": sum(counts.values()),
        "parameters_by_network": counts,
        "steps": run.last_step,
        "generator_updates": run.last_step // generator_every,
        "peak_memory_mib": peak,
        "runtime": description(device),
    }


def flops_per_image(task: Task) -> float:
    """Floating-point operations of one training step, forward and backward, per image of its batch.

    Those of matrix products and convolutions, a multiplication and an addition counted as two;
    an update that takes part in every n-th step counts for an n-th. The networks stay as they are.
    """
    from torch.utils.flop_counter import FlopCounterMode  # a tenth of a second, at the end only

    size = task.train.batch_size
    noise = Noise(seed_for(task.seed, "flops"), task.images.device)
    counted = {matmul.ONEDNN.overloadpacket: matmul.flops} if matmul.ONEDNN else {}
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


def effort(plan: Plan) -> float:
    """Floating-point operations of a whole training of this plan per training image."""
    train = plan.train
    images = torch.zeros(train.batch_size, *image_shape(plan.networks.architecture))
    labels = torch.zeros(train.batch_size, dtype=torch.int64)
    task = build(plan.model, plan.values, images, labels, seed=0, folder=Path("unused"))
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
