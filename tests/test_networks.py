"""The architectures: shapes, widths, numbers of parameters, initialisation."""

import math

import pytest
import torch
from torch import Tensor, nn

from ganvae.core.machine import Noise
from ganvae.core.matmul import Linear
from ganvae.errors import UserError
from ganvae.models.base import build, contract
from tests.architectures import NETWORKS, NORMALISED, case, create, create_one, networks_of, pairs

ARCHITECTURES = build.known("networks")
each_pair = pytest.mark.parametrize(("name", "architecture"), [case(*pair) for pair in pairs()])
each_network = pytest.mark.parametrize(
    ("architecture", "network"), [case(a, n) for a in ARCHITECTURES for n in networks_of(a)]
)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def linear_widths(network: nn.Module) -> list[int]:
    linears = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    return [linears[0].in_features, *(layer.out_features for layer in linears)]


def inputs(architecture: str, network: str, n: int) -> Tensor:
    """A batch of `n` for a network: latent vectors of 7 dimensions, or images."""
    if network == "decoder":
        return torch.randn(n, 7)
    return torch.randn(n, *build.image_shape(architecture))


def test_every_architecture_is_for_some_model() -> None:
    """Most have the networks of a GAN or of a VAE alone; every one is reached by a model."""
    found = pairs()
    assert {architecture for _, architecture in found} == set(ARCHITECTURES)
    for architecture in ("wide", "mi2018"):
        assert networks_of(architecture) == list(NETWORKS)
        assert {m for m, a in found if a == architecture} == set(build.known("models"))
    fits = {m for m, a in found if a == "ghosh2020_vae"}
    assert "vae" in fits
    assert not fits & {"gan", "wgan", "vaegan", "cvaegan"}
    fits = {m for m, a in found if a == "battineedi2023_gan"}
    assert {"gan", "wgan"} <= fits
    assert not fits & {"vae", "vaegan", "cvaegan"}


@pytest.mark.parametrize(
    ("name", "architecture", "missing"),
    [
        ("gan", "ghosh2020_vae", "no discriminator"),
        ("vae", "battineedi2023_gan", "no encoder"),
        ("vaegan", "tikayyolla2020_vae2", "no discriminator"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(name: str, architecture: str, missing: str) -> None:
    with pytest.raises(UserError) as error:
        create(name, architecture)
    start = f"params.yaml: networks.architecture = '{architecture}'"
    assert str(error.value) == f"{start}: has {missing}, which {name} needs"


@each_network
@pytest.mark.parametrize("n", [2, 5])
def test_shapes(architecture: str, network: str, n: int) -> None:
    output = create_one(architecture, network)(inputs(architecture, network, n))
    images = (n, *build.image_shape(architecture))
    expected = {"encoder": (n, 14), "decoder": images, "discriminator": (n,)}
    assert output.shape == expected[network]
    if network == "encoder":
        mean, log_var = contract.posterior(output)
        assert mean.shape == log_var.shape == (n, 7)


@pytest.mark.parametrize(
    ("architecture", "network"),
    [case(a, n) for a in ARCHITECTURES for n in networks_of(a) if n != "decoder"],
)
def test_each_image_is_scored_and_encoded_by_itself(architecture: str, network: str) -> None:
    """The gradient penalty holds only where a score depends on its own image alone.

    So none of these networks may have batch normalisation (decoders may); where a paper's have it
    nevertheless, this holds in evaluation. Dropout, which drops other activations of each image, is
    off here: it makes scores random, not dependent.
    """
    built = create_one(architecture, network)
    kind = nn.modules.batchnorm._BatchNorm
    normalised = [layer for layer in built.modules() if isinstance(layer, kind)]
    assert bool(normalised) == (architecture in NORMALISED)
    for layer in built.modules():
        if isinstance(layer, nn.Dropout | kind):
            layer.eval()
    images = inputs(architecture, network, 4)
    together, alone = built(images), built(images[:2])
    torch.testing.assert_close(together[:2], alone, rtol=1e-4, atol=1e-6)  # float32


@each_network
def test_outputs_are_logits(architecture: str, network: str) -> None:
    """No sigmoid, tanh or ReLU at the end: scaling the last weights scales the output."""
    built, batch = create_one(architecture, network), inputs(architecture, network, 3)

    def output() -> Tensor:
        torch.manual_seed(0)  # for dropout: the same activations are dropped
        result: Tensor = built(batch)
        return result

    before = output()
    with torch.no_grad():
        for parameter in list(built.parameters())[-2:]:
            parameter.mul_(-1000)
    torch.testing.assert_close(output(), -1000 * before, rtol=1e-3, atol=1e-2)


def test_widths_of_mi2018() -> None:
    networks = create("vaegan", "mi2018", latent_dim=100)
    assert linear_widths(networks["encoder"]) == [784, 392, 196, 98, 200]
    assert linear_widths(networks["decoder"]) == [100, 98, 196, 392, 784]
    assert linear_widths(networks["discriminator"]) == [784, 392, 196, 98, 1]
    kinds = {type(layer) for layer in networks.modules() if not list(layer.children())}
    assert kinds == {nn.Flatten, nn.Unflatten, Linear, nn.ReLU}, "plain"
    for network in networks.values():
        relus = sum(isinstance(layer, nn.ReLU) for layer in network.modules())
        assert relus == 3, "between the four layers, none after the last"


def test_widths_of_wide() -> None:
    networks = create("vaegan", "wide", latent_dim=32)
    assert linear_widths(networks["encoder"]) == [784, 512, 256, 64]
    assert linear_widths(networks["decoder"]) == [32, 256, 512, 1024, 784]
    assert linear_widths(networks["discriminator"]) == [784, 512, 256, 1]
    normalised = {
        name: [m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm1d)]
        for name, network in networks.items()
    }
    assert normalised == {"encoder": [], "decoder": [256, 512, 1024], "discriminator": []}
    slopes = {m.negative_slope for m in networks.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


@pytest.mark.parametrize(
    ("architecture", "latent_dim", "network", "parameters"),
    [  # (inputs + 1) x outputs per layer, two per feature of a batch normalisation; by hand
        ("mi2018", 100, "encoder", 307_720 + 77_028 + 19_306 + 19_800),
        ("mi2018", 100, "decoder", 9_898 + 19_404 + 77_224 + 308_112),
        ("mi2018", 100, "discriminator", 307_720 + 77_028 + 19_306 + 99),
        ("wide", 32, "encoder", 401_920 + 131_328 + 16_448),
        ("wide", 32, "decoder", 8_448 + 512 + 131_584 + 1_024 + 525_312 + 2_048 + 803_600),
        ("wide", 32, "discriminator", 401_920 + 131_328 + 257),
    ],
)
def test_numbers_of_parameters(
    architecture: str, latent_dim: int, network: str, parameters: int
) -> None:
    assert count(create("vaegan", architecture, 0, latent_dim)[network]) == parameters


@each_pair
def test_all_models_start_from_the_same_networks(name: str, architecture: str) -> None:
    """Only the losses differ: with one seed even the first weights are the same."""
    if hasattr(build.model(name), "makers"):
        pytest.skip("makes networks of its own around the architecture's")
    for network, built in create(name, architecture).items():
        assert same(built, create_one(architecture, network)), network


@each_network
def test_another_seed_gives_other_weights(architecture: str, network: str) -> None:
    one, other = (create_one(architecture, network, seed).parameters() for seed in (0, 1))
    weights = zip(one, other, strict=True)
    assert not any(torch.equal(a, b) for a, b in weights if a.dim() > 1)


@each_network
def test_create_leaves_the_global_random_numbers_alone(architecture: str, network: str) -> None:
    torch.manual_seed(5)
    first = create_one(architecture, network)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))
    torch.manual_seed(6)
    assert same(first, create_one(architecture, network)), "nor does it depend on them"


def test_to_images_and_logits_agree_with_the_bernoulli_likelihood() -> None:
    logits = torch.linspace(-8, 8, 33, dtype=torch.float64)
    expected = 2 / (1 + (-logits).exp()) - 1
    torch.testing.assert_close(contract.to_images(logits), expected, rtol=1e-12, atol=1e-12)


def test_reparameterize() -> None:
    class Twos(Noise):
        def normal(self, *shape: int) -> Tensor:
            return torch.full(shape, 2.0)

    noise = Twos(0, torch.device("cpu"))
    mean = torch.tensor([[1.0, -1.0]], requires_grad=True)
    log_var = torch.tensor([[-1e9, 2 * math.log(2)]], requires_grad=True)  # sigma 0 and 2
    z = contract.reparameterize(mean, log_var, noise)
    torch.testing.assert_close(z, torch.tensor([[1.0, -1.0 + 2 * 2.0]]), rtol=1e-6, atol=0)
    by_mean, by_log_var = torch.autograd.grad(z.sum(), (mean, log_var))
    assert torch.equal(by_mean, torch.ones(1, 2))
    expected = torch.tensor([[0.0, 2 * 2 / 2.0]])  # noise x sigma / 2
    torch.testing.assert_close(by_log_var, expected, rtol=1e-6, atol=0)


def test_posterior_is_mean_then_log_variance() -> None:
    mean, log_var = contract.posterior(torch.arange(12.0).view(2, 6))
    assert mean.tolist() == [[0, 1, 2], [6, 7, 8]]
    assert log_var.tolist() == [[3, 4, 5], [9, 10, 11]]
