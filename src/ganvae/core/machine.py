"""The machine: device, threads, precision, random numbers, library versions."""

import contextlib
import hashlib
import os
import platform
import subprocess
import time
from importlib.metadata import version
from typing import Literal

import torch
from torch import Tensor

from ganvae.errors import UserError

Precision = Literal["fp32", "bf16"]


def device() -> torch.device:
    """The fastest device found: CUDA, then MPS, then the CPU.

    `GANVAE_DEVICE` (for instance `cpu` or `cuda:1`) overrides it. It is no parameter: the same
    experiment on another machine is the same experiment.

    Raises:
        UserError: `GANVAE_DEVICE` names no device of this machine.
    """
    asked = os.environ.get("GANVAE_DEVICE")
    if asked:
        try:
            return torch.empty(0, device="cuda:0" if asked == "cuda" else asked).device
        except (RuntimeError, AssertionError, ImportError):
            raise UserError(f"GANVAE_DEVICE={asked}: no such device on this machine") from None
    if torch.cuda.is_available():
        return torch.device("cuda:0")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def gpus() -> int:
    """GPUs that trainings can be dealt to; 0 where `device` is another one."""
    return torch.cuda.device_count() if device().type == "cuda" else 0


def use_one_thread() -> None:
    """One thread on the CPU, deterministic kernels on a GPU: more threads change the bits."""
    torch.set_num_threads(1)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # as use_deterministic_algorithms(True), which imports the compiler first: seconds of a start
    torch.set_deterministic_debug_mode("error")
    # else every new tensor is filled with NaN first, a tenth of a step
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_flush_denormal(True)  # a collapsing generator's gradients would crawl otherwise


def clock(device: torch.device) -> float:
    """Seconds to take differences of: this process's own on a CPU, of the wall beside a GPU.

    On a CPU a training has one thread, so these are seconds of one core, whatever else the machine
    does meanwhile.
    """
    return time.process_time() if device.type == "cpu" else time.monotonic()


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[None]:
    """bf16 matrix products where `precision` asks for them; weights stay float32."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def seed_for(seed: int, purpose: str) -> int:
    """An independent 63-bit seed for one purpose of a run, such as "shuffle" or "decoder"."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


class Noise:
    """A stream of random numbers of its own: explicit, resumable, independent of torch's global."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self._generator = torch.Generator(device=device).manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Samples of N(0, 1), float32."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def uniform(self, *shape: int) -> Tensor:
        """Samples of U[0, 1), float32."""
        return torch.rand(shape, generator=self._generator, device=self.device)

    def permutation(self, n: int) -> Tensor:
        """A random order of 0 .. n-1, int64."""
        return torch.randperm(n, generator=self._generator, device=self.device)

    def state(self) -> Tensor:
        """The stream's position, to go on from later."""
        return self._generator.get_state()

    def restore(self, state: Tensor) -> None:
        """Goes on from a position that `state` returned."""
        self._generator.set_state(state.cpu())


def description(device: torch.device) -> dict[str, str]:
    """Device, library versions and the code's commit, kept with every result."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    libraries = ("torch", "torchvision", "numpy", "scipy", "pytorch-fid", "dvc")
    return {
        "device": f"{device.type}: {name}",
        "python": platform.python_version(),
        **{library: version(library) for library in libraries},
        "commit": _commit(),
    }


def _commit() -> str:
    """The commit that git has checked out here, and whether files differ from it."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "src", "stages", "params.yaml", "dvc.yaml")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with changes" if changed else head


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
