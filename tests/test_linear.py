"""The faster layer is torch's own: its values, its gradients, and the gradients of those."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvae.core import matmul
from ganvae.core.matmul import Linear

SHAPES = [(128, 32, 256), (128, 1024, 784), (7, 3, 1), (1, 784, 512)]


def layers(inputs: int, outputs: int, dtype: torch.dtype = torch.float32) -> list[nn.Linear]:
    """Torch's in float64, and ours."""
    torch.manual_seed(inputs)
    ours = Linear(inputs, outputs, dtype=dtype)
    exact = nn.Linear(inputs, outputs, dtype=torch.float64)
    exact.load_state_dict(ours.state_dict())
    return [exact, ours]


@pytest.mark.parametrize(("rows", "inputs", "outputs"), SHAPES)
def test_values_and_gradients_are_as_exact_as_torchs(rows: int, inputs: int, outputs: int) -> None:
    """Against float64: an error of float32's size; bfloat16's would be 65,000 times as large."""
    exact, ours = layers(inputs, outputs)
    plain = nn.Linear(inputs, outputs)
    plain.load_state_dict(ours.state_dict())
    x, c = torch.randn(rows, inputs), torch.randn(rows, outputs)

    def results(layer: nn.Linear) -> list[Tensor]:
        here = x.to(layer.weight.dtype).requires_grad_()
        y = torch.tanh(layer(here))
        found = torch.autograd.grad((y * c).sum(), [here, *layer.parameters()])
        return [value.detach().double() for value in (y, *found)]

    for right, mine, torchs in zip(*map(results, (exact, ours, plain)), strict=True):
        scale = right.abs().max()
        assert (mine - right).abs().max() <= 4 * (torchs - right).abs().max() + 4e-6 * scale


def test_a_gradient_penalty_can_be_differentiated() -> None:
    exact, ours = layers(20, 30)
    x, c = torch.randn(8, 20), torch.randn(8, 30)

    def penalty(layer: nn.Linear) -> list[Tensor]:
        here = x.to(layer.weight.dtype).requires_grad_()
        (slope,) = torch.autograd.grad((torch.tanh(layer(here)) * c).sum(), here, create_graph=True)
        loss = ((slope.norm(dim=1) - 1) ** 2).mean()
        return [found.double() for found in torch.autograd.grad(loss, list(layer.parameters()))]

    for right, mine in zip(penalty(exact), penalty(ours), strict=True):
        torch.testing.assert_close(mine, right, rtol=1e-4, atol=1e-5)


def test_what_is_not_trained_costs_no_product(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    fast = matmul.ONEDNN
    monkeypatch.setattr(matmul, "ONEDNN", lambda *a: calls.append(a[0].shape) or fast(*a))
    layer = Linear(3, 5)
    for x_too, weights_too, expected in [(1, 1, 3), (0, 1, 2), (1, 0, 2), (0, 0, 1)]:
        layer.requires_grad_(bool(weights_too))
        x = torch.randn(7, 3, requires_grad=bool(x_too))
        calls.clear()
        y = layer(x).sum()
        if y.requires_grad:
            y.backward()
        assert len(calls) == expected


def test_elsewhere_it_is_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In other precisions, under autocast, and where torch has no oneDNN."""
    monkeypatch.setattr(matmul._Product, "apply", None)
    exact, ours = layers(4, 6, torch.float64)
    x = torch.randn(5, 4)
    assert torch.equal(ours(x.double()), exact(x.double()))
    single = Linear(4, 6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert single(x).dtype == torch.bfloat16
    with pytest.raises(TypeError):
        single(x)
    monkeypatch.setattr(matmul, "ONEDNN", None)
    torch.testing.assert_close(single(x), nn.functional.linear(x, single.weight, single.bias))


def operators(program: torch.fx.GraphModule) -> set[str]:
    return {str(node.target) for node in program.graph.nodes if node.op == "call_function"}


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_what_leaves_or_is_compiled_holds_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other program, and no other device, has oneDNN's operator."""
    monkeypatch.setattr(matmul._Product, "apply", None)
    layer, x = Linear(4, 6), torch.randn(5, 4)
    for strict in (False, True):
        program = torch.export.export(layer, (x,), strict=strict)
        assert operators(program.graph_module) == {"aten.linear.default"}
    traced = torch.jit.trace(layer, x, check_trace=False)  # the check calls the layer itself
    assert "aten::linear" in str(traced.inlined_graph)
    compiled: list[set[str]] = []

    def backend(graph: torch.fx.GraphModule, inputs: object) -> Any:
        compiled.append(operators(graph))
        return graph.forward

    torch.compile(layer, backend=backend)(x)
    assert len(compiled) == 1
    assert "linear" in compiled[0].pop()


def test_it_saves_and_starts_as_torchs() -> None:
    torch.manual_seed(3)
    ours = Linear(4, 6).state_dict()
    torch.manual_seed(3)
    theirs = nn.Linear(4, 6).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
