"""Every network leaves for torch.export, ONNX and TorchScript, and what docs/export.md shows runs.

An export takes seconds, whatever is exported, so the networks of an architecture leave as one.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from ganvae.judging import classifier
from ganvae.models.base import build
from ganvae.models.cgan.model import Conditional
from stages import train
from tests import inside, project
from tests.architectures import LATENT, case, networks_of, params
from tests.project import ROOT

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning"),
    # the batch's size is one number, of which each input is told
    pytest.mark.filterwarnings("ignore:# The axis name. batch will not be used:UserWarning"),
]
PAGE = (ROOT / "docs/export.md").read_text(encoding="utf-8")
Function = Callable[..., tuple[Tensor, ...]]


class Together(nn.Module):
    """Networks as one, in evaluation mode and with statistics of batch normalisation."""

    def __init__(self, networks: dict[str, nn.Module], shape: tuple[int, ...] = (1, 28, 28)):
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.shape = shape
        with torch.no_grad():
            self.train()(*self.inputs(16))
        self.eval().requires_grad_(False)

    def inputs(self, n: int) -> tuple[Tensor, ...]:
        """Latent vectors [N, D], images [N, C, H, W] and classes [N]."""
        return torch.randn(n, LATENT), torch.rand(n, *self.shape) * 2 - 1, torch.arange(n) % 10

    def forward(self, latent: Tensor, images: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """What each network makes of the inputs that it takes."""

        def output(name: str, network: nn.Module) -> Tensor:
            given = [latent] if name.endswith("decoder") else [images]
            found: Tensor = network(*given, *[labels] * isinstance(network, Conditional))
            return found

        return tuple(output(name, network) for name, network in self.networks.items())

    def check(self, exported: Function) -> None:
        """`exported` is this, for batches of other sizes than the two that it was exported with."""
        for n in (1, 5):
            given = self.inputs(n)
            outputs = zip(self.networks, exported(*given), self(*given), strict=True)
            for name, found, right in outputs:
                assert found.shape == right.shape, name
                torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5, msg=name)


def exported(together: Together, file: Path) -> dict[str, Function]:
    """The networks in each of the three forms."""
    given = together.inputs(2)
    batch = [{0: torch.export.Dim("batch")}] * len(given)
    program = torch.export.export(together, given, dynamic_shapes=batch)
    torch.onnx.export(program, (), file, verbose=False, external_data=False)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def by_onnxruntime(*inputs: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(("latent", "images", "labels"), inputs, strict=True))
        taken = {found.name: named[found.name].numpy() for found in session.get_inputs()}
        return tuple(map(torch.from_numpy, session.run(None, taken)))

    traced = torch.jit.trace(together, given)
    return {"torch.export": program.module(), "onnx": by_onnxruntime, "torch.jit": traced}


@pytest.mark.parametrize("architecture", [case(name) for name in build.known("networks")])
def test_an_architectures_networks(architecture: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    together = Together(networks_of(architecture), build.image_shape(architecture))
    for function in exported(together, tmp_path / "networks.onnx").values():
        together.check(function)


def test_networks_that_are_a_models_own_and_the_judges(tmp_path: Path) -> None:
    """Of the models those that are conditional on a class, or have codes."""
    torch.manual_seed(1)
    networks: dict[str, nn.Module] = {
        f"{model} {name}": network
        for model in ("cgan", "infogan")
        for name, network in build.create(model, params("mi2018"), seed=0).items()
    }
    networks |= {name: classifier.build(name, 10) for name in get_args(classifier.Architecture)}
    together = Together(networks)
    for function in exported(together, tmp_path / "networks.onnx").values():
        together.check(function)


def test_the_pages_examples_with_what_a_stage_has_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inside.prepared(project.make(tmp_path / "project", {"train": {"seeds": [0]}}))
    inside.whole(folder, train.main, "vae")
    monkeypatch.chdir(folder)
    known: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(examples) == 5
    for example in examples:
        exec(example, known)

    description, networks = build.from_file(Path("data/models/vae/weights/seed_0.safetensors"))
    images = Path("data/processed/train.safetensors").read_bytes()
    assert description == build.describe(
        "vae",
        params("wide", latent_dim=4),
        seed=0,
        data="digits",
        images_sha256=hashlib.sha256(images).hexdigest(),
    )
    z = torch.randn(3, 4)
    right = networks["decoder"](z)
    (by_onnx,) = onnxruntime.InferenceSession("decoder.onnx").run(None, {"latent": z.numpy()})
    for found in (
        torch.export.load("decoder.pt2").module()(z),
        torch.jit.load("decoder.ts")(z),
        torch.from_numpy(by_onnx),
    ):
        torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5)
    sent, copied = build.from_file(Path("vae.safetensors"))
    assert sent.commit == "unknown", "a copy of the project without git"
    assert sent.model_copy(update={"commit": None}) == description
    assert torch.equal(copied["decoder"](z), right)
