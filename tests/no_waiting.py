"""What a step may not do, or a GPU would stand still: seen on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

# a value that the program reads, a size that it waits for, or a value that it sends
OPERATORS = ("_local_scalar_dense", "equal", "is_nonzero", "lift_fresh", "masked_select", "nonzero",
             "unique")  # fmt: skip
METHODS = {"__array__", "__bool__", "__float__", "__index__", "__int__", "cpu", "item", "numpy",
           "tolist"}  # fmt: skip


class _Operators(TorchDispatchMode):
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func.overloadpacket.__name__
        assert not name.startswith(OPERATORS), f"{name}: the host waits for the device"
        if name.startswith("index"):
            chosen = [index for index in args[1] if isinstance(index, Tensor)]
            assert all(i.dtype == torch.int64 for i in chosen), f"{name}: a mask has to be counted"
        return func(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        assert name not in METHODS, f"{name}: the host waits for the device"
        return func(*args, **(kwargs or {}))


@contextmanager
def no_waiting() -> Iterator[None]:
    """Inside, what makes the host wait for its device is an `AssertionError`.

    Every call into torch is asked, those of autograd included, and every method that gives a
    tensor's values to Python: `tolist` calls no operator on a CPU.
    """
    with _Methods(), _Operators():
        yield
