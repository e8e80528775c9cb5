"""Fully connected layers on the fastest float32 matrix product of this machine's processor.

On a CPU torch multiplies float32 matrices with MKL, which leaves half the width of an AMD
processor's vector units unused. oneDNN, a part of torch as well, uses all of it: the same precision
and twice the speed there (docs/performance.md). torch offers it for float32 only by the operator
that its compiler calls, so that is what is called here.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


def _onednn() -> Any:
    """oneDNN's x, w, b -> x w^T + b; None where torch was built without it."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    return getattr(getattr(torch.ops.mkldnn, "_linear_pointwise", None), "default", None)


ONEDNN = _onednn()
_is_tracing: Callable[[], bool] = torch.jit.is_tracing  # type: ignore[attr-defined]


def product(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    """x [M, K], w [N, K], b [N] or None -> x w^T + b [M, N], for float32 on a CPU by oneDNN.

    What is exported, traced or compiled holds torch's own `linear`: no other program has oneDNN's
    operator, and torch's compiler chooses it by itself.
    """
    if torch.compiler.is_compiling() or _is_tracing():
        return linear(x, w, b)
    if not ONEDNN or x.dtype != torch.float32 or x.device.type != "cpu":
        return linear(x, w, b)
    if torch.is_autocast_enabled("cpu"):
        return linear(x, w, b)
    y: Tensor = _Product.apply(x, w, b)
    return y


class Linear(nn.Linear):
    """`torch.nn.Linear` on matrices [N, in_features], multiplied by `product`."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_features] -> [N, out_features]."""
        return product(x, self.weight, self.bias)


class _Product(torch.autograd.Function):
    """x [M, K], w [N, K], b [N] or None -> x w^T + b; differentiable any number of times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, w)
        return _onednn_product(x, w, b)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, w = ctx.saved_tensors
        of_x, of_w, of_b = ctx.needs_input_grad
        # where no gradient of the gradient is wanted, without autograd's share of the time
        multiply = _Product.apply if torch.is_grad_enabled() else _onednn_product
        return (
            multiply(g, w.t(), None) if of_x else None,
            multiply(g.t(), x.t(), None) if of_w else None,
            g.sum(dim=0) if of_b else None,
        )


def _onednn_product(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    y: Tensor = ONEDNN(x, w, b, "none", [], "")
    return y


def flops(x: list[int], w: list[int], *rest: object, **named: object) -> int:
    """Of one product, for `torch.utils.flop_counter`: a multiplication and an addition count two.

    Args:
        x: shape [M, K].
        w: shape [N, K].
    """
    return 2 * x[0] * x[1] * w[0]
