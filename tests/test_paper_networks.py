"""The networks of the source papers, layer for layer as their texts say.

What is expected is written out from the texts and counts on none of the project's code. Networks
are built without memory (torch's device "meta"), so the one of 80 million weights costs nothing.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvae.core import config
from ganvae.models.base import build, systems
from ganvae.models.base.contract import NetworksParams
from tests.architectures import networks_of


@dataclass(frozen=True)
class Expected:
    """One network.

    Attributes:
        options: of its architecture.
        latent_dim: the paper's.
        parameters: weights and biases, layer by layer: inputs x outputs (x kernel) + biases;
            two per channel of a batch normalisation.
        sizes: pixels a side, after each (transposed) convolution and pooling.
        layers: how many activations, batch normalisations and dropouts.
    """

    architecture: str
    options: dict[str, Any]
    network: str
    latent_dim: int
    parameters: int
    sizes: list[int]
    layers: dict[str, int]


ENCODER, DECODER, DISCRIMINATOR = "encoder", "decoder", "discriminator"
# 5 x 5 kernels have 25 weights per pair of channels, 4 x 4 16, 3 x 3 9
EXPECTED = [
    Expected(
        "mi2018", {}, ENCODER, 100,
        784 * 392 + 392 + 392 * 196 + 196 + 196 * 98 + 98 + 98 * 200 + 200,
        [], {"ReLU": 3},
    ),
    Expected(
        "mi2018", {}, DECODER, 100,
        100 * 98 + 98 + 98 * 196 + 196 + 196 * 392 + 392 + 392 * 784 + 784,
        [], {"ReLU": 3},
    ),
    Expected(
        "mi2018", {}, DISCRIMINATOR, 100,
        784 * 392 + 392 + 392 * 196 + 196 + 196 * 98 + 98 + 98 * 1 + 1,
        [], {"ReLU": 3},
    ),
    Expected(
        "wide", {}, ENCODER, 32,
        784 * 512 + 512 + 512 * 256 + 256 + 256 * 64 + 64,
        [], {"UnitPixels": 1, "LeakyReLU": 2},
    ),
    Expected(
        "wide", {}, DECODER, 32,
        32 * 256 + 3 * 256 + 256 * 512 + 3 * 512 + 512 * 1024 + 3 * 1024 + 1024 * 784 + 784,
        [], {"LeakyReLU": 3, "BatchNorm1d": 3},
    ),
    Expected(
        "wide", {}, DISCRIMINATOR, 32,
        784 * 512 + 512 + 512 * 256 + 256 + 256 * 1 + 1,
        [], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 64, "dense_layers": 1}, DECODER, 100,
        100 * 6272 + 6272 + 128 * 64 * 25 + 64 + 64 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 64, "dense_layers": 1}, DISCRIMINATOR, 100,
        1 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512
        + 2048 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 64, "dense_layers": 2}, DECODER, 100,
        100 * 6272 + 6272 + 6272 * 12544 + 12544 + 256 * 64 * 25 + 64 + 64 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 3},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 32, "dense_layers": 1}, DECODER, 100,
        100 * 3136 + 3136 + 64 * 32 * 25 + 32 + 32 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 32, "dense_layers": 1}, DISCRIMINATOR, 100,
        1 * 32 * 25 + 32 + 32 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 128 * 256 * 25 + 256
        + 1024 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 128, "dense_layers": 1}, DECODER, 100,
        100 * 12544 + 12544 + 256 * 128 * 25 + 128 + 128 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan", {"channels": 128, "dense_layers": 1}, DISCRIMINATOR, 100,
        1 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512 + 512 * 1024 * 25 + 1024
        + 4096 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 32}, ENCODER, 10,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 3136 * 512 + 512 + 512 * 256 + 256 + 256 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 32}, DECODER, 10,
        10 * 256 + 256 + 256 * 512 + 512 + 512 * 3136 + 3136 + 64 * 64 * 9 + 64 + 64 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 16}, ENCODER, 10,
        1 * 16 * 9 + 16 + 16 * 32 * 9 + 32 + 1568 * 256 + 256 + 256 * 128 + 128 + 128 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 16}, DECODER, 10,
        10 * 128 + 128 + 128 * 256 + 256 + 256 * 1568 + 1568 + 32 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 64}, ENCODER, 10,
        1 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 6272 * 1024 + 1024 + 1024 * 512 + 512
        + 512 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", {"channels": 64}, DECODER, 10,
        10 * 512 + 512 + 512 * 1024 + 1024 + 1024 * 6272 + 6272 + 128 * 128 * 9 + 128
        + 128 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "ghosh2020_gan", {}, DECODER, 100,
        100 * 512 * 9 + 2 * 512 + 512 * 256 * 9 + 2 * 256 + 256 * 128 * 25 + 2 * 128
        + 128 * 64 * 16 + 2 * 64 + 64 * 1 * 16 + 1,
        [3, 7, 7, 14, 28], {"ReLU": 4, "BatchNorm2d": 4},
    ),
    Expected(
        "ghosh2020_gan", {}, DISCRIMINATOR, 100,
        1 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 256 * 120 + 120 + 120 * 84 + 84 + 84 * 1 + 1,
        [24, 12, 8, 4], {"ReLU": 4},
    ),
    Expected(
        "ghosh2020_gan", {}, ENCODER, 6,
        1 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 256 * 120 + 120 + 120 * 84 + 84 + 84 * 12 + 12,
        [24, 12, 8, 4], {"ReLU": 4},
    ),
    Expected(
        "ghosh2020_vae", {}, ENCODER, 20,
        1 * 64 * 16 + 64 + 64 * 128 * 16 + 128 + 6272 * 256 + 256 + 256 * 40 + 40,
        [14, 7], {"ReLU": 3},
    ),
    Expected(
        "ghosh2020_vae", {}, DECODER, 20,
        20 * 6272 + 6272 + 128 * 64 * 16 + 64 + 64 * 1 * 16 + 1,
        [14, 28], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 2}, ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 3136 * 4 + 4,
        [14, 7], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 2}, DECODER, 2,
        2 * 3136 + 3136 + 64 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [14, 28], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 3}, ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 2048 * 4 + 4,
        [14, 7, 4], {"ReLU": 3},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 3}, DECODER, 2,
        2 * 2048 + 2048 + 128 * 64 * 9 + 64 + 64 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [7, 14, 28], {"ReLU": 3},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 4}, ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 128 * 256 * 9 + 256
        + 1024 * 4 + 4,
        [14, 7, 4, 2], {"ReLU": 4},
    ),
    Expected(
        "tikayyolla2020_vae", {"layers": 4}, DECODER, 2,
        2 * 1024 + 1024 + 256 * 128 * 9 + 128 + 128 * 64 * 9 + 64 + 64 * 32 * 9 + 32
        + 32 * 1 * 9 + 1,
        [4, 7, 14, 28], {"ReLU": 4},
    ),
    *(
        expected
        for name, activation in [("leaky_relu", "LeakyReLU"), ("relu", "ReLU")]
        for expected in (
            Expected(
                "tikayyolla2020_gan", {"activation": name}, DECODER, 100,
                100 * 6272 + 2 * 128 + 128 * 64 * 25 + 2 * 64 + 64 * 1 * 25 + 1,
                [14, 28], {activation: 2, "BatchNorm2d": 2},
            ),
            Expected(
                "tikayyolla2020_gan", {"activation": name}, DISCRIMINATOR, 100,
                1 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 6272 * 1 + 1,
                [14, 7], {activation: 2, "Dropout": 2},
            ),
        )
    ),
    Expected(
        "mi2018_convolutional", {}, DECODER, 100,
        100 * 2048 + 2 * 128 + 128 * 64 * 25 + 2 * 64 + 64 * 32 * 25 + 2 * 32 + 32 * 1 * 25 + 1,
        [7, 14, 28], {"ReLU": 3, "BatchNorm2d": 3},
    ),
    Expected(
        "mi2018_convolutional", {}, DISCRIMINATOR, 100,
        1 * 32 * 25 + 32 + 32 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 2048 * 1 + 1,
        [14, 7, 4], {"LeakyReLU": 3},
    ),
    Expected(
        "conv", {"channels": 16}, ENCODER, 32,
        1 * 16 * 16 + 16 + 16 * 32 * 16 + 32 + 1568 * 256 + 256 + 256 * 64 + 64,
        [14, 7], {"UnitPixels": 1, "LeakyReLU": 3, "Unfold": 1},
    ),
    Expected(
        "conv", {"channels": 16}, DECODER, 32,
        32 * 512 + 2 * 512 + 512 * 1568 + 2 * 1568 + 32 * 16 * 16 + 2 * 16 + 16 * 1 * 16 + 1,
        [14, 28], {"ReLU": 3, "BatchNorm1d": 2, "BatchNorm2d": 1, "Fold": 1},
    ),
    Expected(
        "conv", {"channels": 16}, DISCRIMINATOR, 32,
        1 * 16 * 16 + 16 + 16 * 32 * 16 + 32 + 1568 * 256 + 256 + 256 * 1 + 1,
        [14, 7], {"LeakyReLU": 3, "Unfold": 1},
    ),
    Expected(
        "larsen2015", {}, ENCODER, 128,
        3 * 64 * 25 + 2 * 64 + 64 * 128 * 25 + 2 * 128 + 128 * 256 * 25 + 2 * 256
        + 16384 * 2048 + 2 * 2048 + 2048 * 256 + 256,
        [32, 16, 8], {"ReLU": 4, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
    Expected(
        "larsen2015", {}, DECODER, 128,
        128 * 16384 + 2 * 16384 + 256 * 256 * 25 + 2 * 256 + 256 * 128 * 25 + 2 * 128
        + 128 * 32 * 25 + 2 * 32 + 32 * 3 * 25 + 3,
        [16, 32, 64, 64], {"ReLU": 4, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
    Expected(
        "larsen2015", {}, DISCRIMINATOR, 128,
        3 * 32 * 25 + 32 + 32 * 128 * 25 + 2 * 128 + 128 * 256 * 25 + 2 * 256
        + 256 * 256 * 25 + 2 * 256 + 16384 * 512 + 2 * 512 + 512 * 1 + 1,
        [64, 32, 16, 8], {"ReLU": 5, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
]  # fmt: skip


def label(expected: Expected) -> str:
    values = [str(value) for value in expected.options.values()]
    return "-".join([expected.architecture, *values, expected.network])


def make(expected: Expected) -> nn.Module:
    """The network without memory: all shapes, no numbers."""
    params = NetworksParams(
        architecture=expected.architecture,
        latent_dim=expected.latent_dim,
        options=expected.options,
    )
    arguments = () if expected.network == DISCRIMINATOR else (expected.latent_dim,)
    with torch.device("meta"):
        network: nn.Module = getattr(build.networks_of(params), expected.network)(*arguments)
        return network


def test_every_network_is_in_the_table() -> None:
    found = {(expected.architecture, expected.network) for expected in EXPECTED}
    known = build.known("networks")
    assert found == {
        (a, n) for a in known for n in build.NETWORKS if hasattr(build.architecture(a), n)
    }


def test_every_system_of_a_paper_is_in_the_table() -> None:
    found = [(expected.architecture, expected.options) for expected in EXPECTED]
    for block in config.load(systems.PAPERS_FILE)["systems"].values():
        assert (block["architecture"], block.get("networks", {}).get("options", {})) in found


@pytest.mark.parametrize("expected", EXPECTED, ids=label)
def test_layer_for_layer(expected: Expected) -> None:
    """Weights, sizes on the way, and of these kinds of layers so many; no others."""
    network, sizes = make(expected), []

    def record(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert output.shape[2] == output.shape[3], "square"
        sizes.append(output.shape[2])

    leaves = [layer for layer in network.modules() if not list(layer.children())]
    for layer in leaves:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d):
            layer.register_forward_hook(record)
    images = (3, *build.image_shape(expected.architecture))
    shape = (3, expected.latent_dim) if expected.network == DECODER else images
    output = network(torch.zeros(shape, device="meta"))
    ends = {ENCODER: (3, 2 * expected.latent_dim), DECODER: images, DISCRIMINATOR: (3,)}
    assert output.shape == ends[expected.network]
    assert sizes == expected.sizes
    assert sum(parameter.numel() for parameter in network.parameters()) == expected.parameters

    weighted = {"Linear", "Conv2d", "ConvTranspose2d", "MaxPool2d", "Flatten", "Unflatten"}
    kinds = Counter(type(layer).__name__ for layer in leaves)
    assert {kind: n for kind, n in kinds.items() if kind not in weighted} == expected.layers
    assert {layer.negative_slope for layer in leaves if isinstance(layer, nn.LeakyReLU)} <= {0.2}
    assert {layer.p for layer in leaves if isinstance(layer, nn.Dropout)} <= {0.3}


def test_dropout_is_torchs_own_and_off_in_evaluation() -> None:
    """Its masks come from torch's global stream: a training has to seed it to be repeatable."""
    network = networks_of("tikayyolla2020_gan")[DISCRIMINATOR]
    images = torch.randn(4, 1, 28, 28)

    def scores(seed: int) -> Tensor:
        torch.manual_seed(seed)
        output: Tensor = network(images)
        return output

    assert torch.equal(scores(0), scores(0))
    assert not torch.equal(scores(0), scores(1))
    network.eval()
    assert torch.equal(scores(0), scores(1))
