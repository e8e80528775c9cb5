"""The convolutional networks of the source papers, layer for layer as their texts say.

What is expected is written out from the texts and counts on none of the project's code. Networks
are built without memory (torch's device "meta"), so the one of 80 million weights costs nothing.
"""

from collections import Counter
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from ganvae.models.base import build
from tests.architectures import create_one, networks_of

FULLY_CONNECTED = {"mi2018", "wide"}


@dataclass(frozen=True)
class Expected:
    """One network.

    Attributes:
        latent_dim: the paper's.
        parameters: weights and biases, layer by layer: inputs x outputs (x kernel) + biases;
            two per channel of a batch normalisation.
        sizes: pixels a side, after each (transposed) convolution and pooling.
        layers: how many activations, batch normalisations and dropouts.
    """

    architecture: str
    network: str
    latent_dim: int
    parameters: int
    sizes: list[int]
    layers: dict[str, int]


ENCODER, DECODER, DISCRIMINATOR = "encoder", "decoder", "discriminator"
# 5 x 5 kernels have 25 weights per pair of channels, 4 x 4 16, 3 x 3 9
EXPECTED = [
    Expected(
        "battineedi2023_gan", DECODER, 100,
        100 * 6272 + 6272 + 128 * 64 * 25 + 64 + 64 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan", DISCRIMINATOR, 100,
        1 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512
        + 2048 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_gan_literal", DECODER, 100,
        100 * 6272 + 6272 + 6272 * 12544 + 12544 + 256 * 64 * 25 + 64 + 64 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 3},
    ),
    Expected(
        "battineedi2023_gan_literal", DISCRIMINATOR, 100,
        1 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512
        + 2048 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_gan_smaller", DECODER, 100,
        100 * 3136 + 3136 + 64 * 32 * 25 + 32 + 32 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan_smaller", DISCRIMINATOR, 100,
        1 * 32 * 25 + 32 + 32 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 128 * 256 * 25 + 256
        + 1024 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_gan_larger", DECODER, 100,
        100 * 12544 + 12544 + 256 * 128 * 25 + 128 + 128 * 1 * 25 + 1,
        [14, 28], {"LeakyReLU": 2},
    ),
    Expected(
        "battineedi2023_gan_larger", DISCRIMINATOR, 100,
        1 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512 + 512 * 1024 * 25 + 1024
        + 4096 * 1 + 1,
        [14, 7, 4, 2], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", ENCODER, 10,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 3136 * 512 + 512 + 512 * 256 + 256 + 256 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae", DECODER, 10,
        10 * 256 + 256 + 256 * 512 + 512 + 512 * 3136 + 3136 + 64 * 64 * 9 + 64 + 64 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae_smaller", ENCODER, 10,
        1 * 16 * 9 + 16 + 16 * 32 * 9 + 32 + 1568 * 256 + 256 + 256 * 128 + 128 + 128 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae_smaller", DECODER, 10,
        10 * 128 + 128 + 128 * 256 + 256 + 256 * 1568 + 1568 + 32 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae_larger", ENCODER, 10,
        1 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 6272 * 1024 + 1024 + 1024 * 512 + 512
        + 512 * 20 + 20,
        [14, 7], {"LeakyReLU": 4},
    ),
    Expected(
        "battineedi2023_vae_larger", DECODER, 10,
        10 * 512 + 512 + 512 * 1024 + 1024 + 1024 * 6272 + 6272 + 128 * 128 * 9 + 128
        + 128 * 1 * 9 + 1,
        [14, 28], {"LeakyReLU": 4},
    ),
    Expected(
        "ghosh2020_gan", DECODER, 100,
        100 * 512 * 9 + 2 * 512 + 512 * 256 * 9 + 2 * 256 + 256 * 128 * 25 + 2 * 128
        + 128 * 64 * 16 + 2 * 64 + 64 * 1 * 16 + 1,
        [3, 7, 7, 14, 28], {"ReLU": 4, "BatchNorm2d": 4},
    ),
    Expected(
        "ghosh2020_gan", DISCRIMINATOR, 100,
        1 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 256 * 120 + 120 + 120 * 84 + 84 + 84 * 1 + 1,
        [24, 12, 8, 4], {"ReLU": 4},
    ),
    Expected(
        "ghosh2020_gan", ENCODER, 6,
        1 * 6 * 25 + 6 + 6 * 16 * 25 + 16 + 256 * 120 + 120 + 120 * 84 + 84 + 84 * 12 + 12,
        [24, 12, 8, 4], {"ReLU": 4},
    ),
    Expected(
        "ghosh2020_vae", ENCODER, 20,
        1 * 64 * 16 + 64 + 64 * 128 * 16 + 128 + 6272 * 256 + 256 + 256 * 40 + 40,
        [14, 7], {"ReLU": 3},
    ),
    Expected(
        "ghosh2020_vae", DECODER, 20,
        20 * 6272 + 6272 + 128 * 64 * 16 + 64 + 64 * 1 * 16 + 1,
        [14, 28], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae2", ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 3136 * 4 + 4,
        [14, 7], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae2", DECODER, 2,
        2 * 3136 + 3136 + 64 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [14, 28], {"ReLU": 2},
    ),
    Expected(
        "tikayyolla2020_vae3", ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 2048 * 4 + 4,
        [14, 7, 4], {"ReLU": 3},
    ),
    Expected(
        "tikayyolla2020_vae3", DECODER, 2,
        2 * 2048 + 2048 + 128 * 64 * 9 + 64 + 64 * 32 * 9 + 32 + 32 * 1 * 9 + 1,
        [7, 14, 28], {"ReLU": 3},
    ),
    Expected(
        "tikayyolla2020_vae4", ENCODER, 2,
        1 * 32 * 9 + 32 + 32 * 64 * 9 + 64 + 64 * 128 * 9 + 128 + 128 * 256 * 9 + 256
        + 1024 * 4 + 4,
        [14, 7, 4, 2], {"ReLU": 4},
    ),
    Expected(
        "tikayyolla2020_vae4", DECODER, 2,
        2 * 1024 + 1024 + 256 * 128 * 9 + 128 + 128 * 64 * 9 + 64 + 64 * 32 * 9 + 32
        + 32 * 1 * 9 + 1,
        [4, 7, 14, 28], {"ReLU": 4},
    ),
    *(
        expected
        for name, activation in [("", "LeakyReLU"), ("_relu", "ReLU")]
        for expected in (
            Expected(
                f"tikayyolla2020_gan{name}", DECODER, 100,
                100 * 6272 + 2 * 128 + 128 * 64 * 25 + 2 * 64 + 64 * 1 * 25 + 1,
                [14, 28], {activation: 2, "BatchNorm2d": 2},
            ),
            Expected(
                f"tikayyolla2020_gan{name}", DISCRIMINATOR, 100,
                1 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 6272 * 1 + 1,
                [14, 7], {activation: 2, "Dropout": 2},
            ),
        )
    ),
    Expected(
        "mi2018_convolutional", DECODER, 100,
        100 * 2048 + 2 * 128 + 128 * 64 * 25 + 2 * 64 + 64 * 32 * 25 + 2 * 32 + 32 * 1 * 25 + 1,
        [7, 14, 28], {"ReLU": 3, "BatchNorm2d": 3},
    ),
    Expected(
        "mi2018_convolutional", DISCRIMINATOR, 100,
        1 * 32 * 25 + 32 + 32 * 64 * 25 + 64 + 64 * 128 * 25 + 128 + 2048 * 1 + 1,
        [14, 7, 4], {"LeakyReLU": 3},
    ),
    Expected(
        "larsen2015", ENCODER, 128,
        3 * 64 * 25 + 2 * 64 + 64 * 128 * 25 + 2 * 128 + 128 * 256 * 25 + 2 * 256
        + 16384 * 2048 + 2 * 2048 + 2048 * 256 + 256,
        [32, 16, 8], {"ReLU": 4, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
    Expected(
        "larsen2015", DECODER, 128,
        128 * 16384 + 2 * 16384 + 256 * 256 * 25 + 2 * 256 + 256 * 128 * 25 + 2 * 128
        + 128 * 32 * 25 + 2 * 32 + 32 * 3 * 25 + 3,
        [16, 32, 64, 64], {"ReLU": 4, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
    Expected(
        "larsen2015", DISCRIMINATOR, 128,
        3 * 32 * 25 + 32 + 32 * 128 * 25 + 2 * 128 + 128 * 256 * 25 + 2 * 256
        + 256 * 256 * 25 + 2 * 256 + 16384 * 512 + 2 * 512 + 512 * 1 + 1,
        [64, 32, 16, 8], {"ReLU": 5, "BatchNorm2d": 3, "BatchNorm1d": 1},
    ),
]  # fmt: skip
each = pytest.mark.parametrize(
    "expected", EXPECTED, ids=lambda expected: f"{expected.architecture}-{expected.network}"
)


def built(expected: Expected) -> nn.Module:
    """The network without memory: all shapes, no numbers."""
    module = build.architecture(expected.architecture)
    arguments = () if expected.network == DISCRIMINATOR else (expected.latent_dim,)
    with torch.device("meta"):
        network: nn.Module = getattr(module, expected.network)(*arguments)
        return network


def test_every_network_is_in_the_table() -> None:
    found = {(expected.architecture, expected.network) for expected in EXPECTED}
    papers = set(build.known("networks")) - FULLY_CONNECTED
    assert len(found) == len(EXPECTED)
    assert found == {(a, network) for a in papers for network in networks_of(a)}


@each
def test_number_of_parameters(expected: Expected) -> None:
    """`pytest -s tests/test_paper_networks.py -k parameters` prints them."""
    parameters = sum(parameter.numel() for parameter in built(expected).parameters())
    print(f"{expected.architecture} {expected.network}: {parameters:,} parameters")
    assert parameters == expected.parameters


@each
def test_images_grow_and_shrink_as_the_text_says(expected: Expected) -> None:
    network, sizes = built(expected), []

    def record(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert output.shape[2] == output.shape[3], "square"
        sizes.append(output.shape[2])

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d):
            layer.register_forward_hook(record)
    decodes = expected.network == DECODER
    images = (3, *build.image_shape(expected.architecture))
    shape = (3, expected.latent_dim) if decodes else images
    output = network(torch.zeros(shape, device="meta"))
    assert sizes == expected.sizes
    ends = {ENCODER: (3, 2 * expected.latent_dim), DECODER: images, DISCRIMINATOR: (3,)}
    assert output.shape == ends[expected.network]


@each
def test_layers_between_the_convolutions(expected: Expected) -> None:
    """Of these kinds so many, the activation's slope and the share dropped; no others."""
    leaves = [layer for layer in built(expected).modules() if not list(layer.children())]
    weighted = {"Linear", "Conv2d", "ConvTranspose2d", "MaxPool2d", "Flatten", "Unflatten"}
    kinds = Counter(type(layer).__name__ for layer in leaves)
    assert {kind: n for kind, n in kinds.items() if kind not in weighted} == expected.layers
    assert {layer.negative_slope for layer in leaves if isinstance(layer, nn.LeakyReLU)} <= {0.2}
    assert {layer.p for layer in leaves if isinstance(layer, nn.Dropout)} <= {0.3}


@pytest.mark.parametrize("architecture", ["tikayyolla2020_gan", "tikayyolla2020_gan_relu"])
def test_dropout_is_torchs_own_and_off_in_evaluation(architecture: str) -> None:
    """Its masks come from torch's global stream: a training has to seed it to be repeatable."""
    network, images = create_one(architecture, DISCRIMINATOR), torch.randn(4, 1, 28, 28)

    def scores(seed: int) -> Tensor:
        torch.manual_seed(seed)
        output: Tensor = network(images)
        return output

    assert torch.equal(scores(0), scores(0))
    assert not torch.equal(scores(0), scores(1))
    network.eval()
    assert torch.equal(scores(0), scores(1))
