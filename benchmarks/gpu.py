"""How long a million steps of the GAN on mi2018's networks take on this machine's GPU.

Runs some thousand of them and says minutes; nothing is written. docs/performance.md has the row.
"""

import time
from pathlib import Path

import torch

from benchmarks.worker import endless
from ganvae import config, runtime, task
from ganvae.errors import UserError, run

IMAGES, BATCH, LATENT = 60000, 64, 100
WARM_UP, STEPS, MILLION = 500, 5000, 1_000_000


def main() -> None:
    device = runtime.device()
    if device.type != "cuda":
        raise UserError("benchmarks.gpu: no CUDA device here")
    runtime.use_one_thread()
    values = config.load()
    values["train"] |= {"batch_size": BATCH, "lr_decay": 0.0}
    values["networks"] |= {"architecture": "mi2018", "latent_dim": LATENT}
    images = runtime.Noise(0, device).uniform(IMAGES, 1, 28, 28).mul_(2).sub_(1)
    labels = torch.zeros(IMAGES, dtype=torch.int64, device=device)
    described = task.build("gan", values, images, labels, seed=0, folder=Path("unused"))
    loop = endless("gan", described)
    for _ in range(WARM_UP):
        next(loop)
    torch.cuda.synchronize(device)
    begun = time.perf_counter()
    for _ in range(STEPS):
        next(loop)
    torch.cuda.synchronize(device)
    minutes = (time.perf_counter() - begun) / STEPS * MILLION / 60
    name = runtime.description(device)["device"]
    print(f"{name}: {minutes:.1f} minutes for {MILLION:,} steps of the GAN, batch {BATCH}")


if __name__ == "__main__":
    run(main)
