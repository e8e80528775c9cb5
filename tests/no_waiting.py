"""What a step may not do, or a GPU would stand still: seen on a CPU."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# a value that the program reads, a size that it waits for, or a value that it sends
WAITING = ("_local_scalar_dense", "equal", "is_nonzero", "lift_fresh", "masked_select", "nonzero",
           "unique")  # fmt: skip


class NoWaiting(TorchDispatchMode):
    """Inside, an operator that makes the host wait for its device is an `AssertionError`."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Asks every call into torch, those of autograd included."""
        name = func.overloadpacket.__name__
        assert not name.startswith(WAITING), f"{name}: the host waits for the device"
        if name.startswith("index"):
            chosen = [index for index in args[1] if isinstance(index, Tensor)]
            assert all(i.dtype == torch.int64 for i in chosen), f"{name}: a mask has to be counted"
        return func(*args, **(kwargs or {}))
