"""One training over several processes, as `torchrun` starts them: each takes its part of a batch.

Gradients are averaged over the processes (`torch.distributed`), so that every process makes the
step of the joint batch. Alone, as usual, a process is the only part of one.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, distributed

from ganvae.errors import UserError


def launched() -> int:
    """How many processes `torchrun` has started for this training, this one among them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def count() -> int:
    """Processes that are joined; 1 outside `joined`."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is; the first one, 0, writes the files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Inside, the processes of this training know each other; alone, nothing happens."""
    if launched() == 1:
        yield
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def averaged(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors' means over the processes, by one exchange; alone, the tensors."""
    if count() == 1:
        return list(tensors)
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(flat)
    flat /= count()
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]


def joint_mean(mean: Tensor) -> Tensor:
    """The joint batch's mean of which `mean` is this part's; its gradient is that of this part.

    For a loss that is not linear in the mean: the average of the parts' gradients, which the
    training takes, is then the joint batch's gradient.
    """
    if count() == 1:
        return mean
    (joint,) = averaged([mean.detach()])
    return mean + (joint - mean.detach())


def any_of(flag: bool, device: torch.device) -> bool:
    """Whether one of the processes says so: all stop at the same step."""
    if count() == 1:
        return flag
    (share,) = averaged([torch.tensor([float(flag)], device=device)])
    return share.item() > 0


def wait() -> None:
    """Until all processes are here."""
    if count() > 1:
        distributed.barrier()


def watch_for_stop() -> Callable[[], bool]:
    """True after SIGINT, SIGTERM or the end of the parent: an orphan would go on writing.

    The parent can have ended before this process could look who it was, so `GANVAE_PARENT` says it.
    Between that one and several processes of a training there is `torchrun`.
    """
    named = os.environ.get("GANVAE_PARENT")
    parent = os.getppid() if launched() > 1 or not named else int(named)
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: signals.append(number))

    def stopped() -> bool:
        orphan = os.getppid() != parent
        if launched() > 1 and named and os.name == "posix":
            orphan = orphan or not _is_alive(int(named))
        return bool(signals) or orphan

    return stopped


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check_batch_size(size: int) -> None:
    """Raises `UserError` if a batch cannot be dealt out evenly."""
    if size % count():
        raise UserError(
            f"params.yaml: train.batch_size = {size}: allowed: a multiple of {count()}, the number "
            "of processes of a training"
        )
