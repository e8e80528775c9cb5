"""The architectures: which models fit them, shapes, logits, initialisation, options."""

import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.models.base import build, contract
from ganvae.networks import conv
from tests.architectures import LATENT, NORMALISED, OPTIONS, case, networks_of, params

ARCHITECTURES = build.known("networks")
each_architecture = pytest.mark.parametrize("architecture", [case(a) for a in ARCHITECTURES])
ALL = set(build.known("models"))
GANS, VAES = {"gan", "wgan", "cgan"}, {"vae", "vae_alternating", "ae"}
FITS = {
    "battineedi2023_gan": GANS,
    "battineedi2023_vae": VAES,
    "conv": ALL,
    "ghosh2020_gan": ALL,  # its encoder reads the codes of its InfoGAN
    "ghosh2020_vae": VAES,
    "larsen2015": ALL,
    "mi2018": ALL,
    "mi2018_convolutional": GANS,
    "tikayyolla2020_gan": GANS,
    "tikayyolla2020_vae": VAES,
    "wide": ALL,
}


def test_which_models_fit() -> None:
    found = {a: {m for m in ALL if not build.missing(m, a)} for a in ARCHITECTURES}
    assert found == FITS


@pytest.mark.parametrize(
    ("name", "architecture", "missing"),
    [
        ("gan", "ghosh2020_vae", "no discriminator"),
        ("vae", "battineedi2023_gan", "no encoder"),
        ("vaegan", "tikayyolla2020_vae", "no discriminator"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(name: str, architecture: str, missing: str) -> None:
    """And the architectures that it fits are named, of those for images of the same shape."""
    with pytest.raises(UserError) as error:
        build.check_fit(name, params(architecture))
    fitting = ", ".join(a for a in FITS if name in FITS[a] and a != "larsen2015")
    start = f"params.yaml: networks.architecture = '{architecture}'"
    assert str(error.value) == f"{start}: has {missing}, which {name} needs; allowed: {fitting}"


@pytest.mark.parametrize(
    ("architecture", "options", "line"),
    [
        ("tikayyolla2020_vae", {}, "networks.options.layers: missing"),
        ("tikayyolla2020_vae", {"layers": 5}, "networks.options.layers = 5: allowed: 2, 3 or 4"),
        (
            "tikayyolla2020_vae",
            {"layers": 3, "layer": 3},
            "networks.options.layer: unknown key (did you mean layers?)",
        ),
        ("wide", {"layers": 3}, "networks.options = {'layers': 3}: wide has none, remove the key"),
    ],
)
def test_options_that_an_architecture_does_not_have_are_refused(
    architecture: str, options: dict[str, Any], line: str
) -> None:
    given = contract.NetworksParams(architecture=architecture, latent_dim=2, options=options)
    with pytest.raises(UserError) as error:
        build.check_fit("vae", given)
    assert str(error.value) == f"params.yaml: {line}"
    with pytest.raises(UserError, match=re.escape(line)):
        build.create("vae", given, seed=0)


def test_these_have_options() -> None:
    assert set(OPTIONS) == {a for a in ARCHITECTURES if hasattr(build.architecture(a), "Params")}


def inputs(architecture: str, network: str, n: int) -> Tensor:
    """A batch of `n` for a network: latent vectors or images."""
    if network == "decoder":
        return torch.randn(n, LATENT)
    return torch.randn(n, *build.image_shape(architecture))


@each_architecture
def test_shapes(architecture: str) -> None:
    for network, built in networks_of(architecture).items():
        for n in (2, 5):
            images = (n, *build.image_shape(architecture))
            expected = {"encoder": (n, 2 * LATENT), "decoder": images, "discriminator": (n,)}
            assert built(inputs(architecture, network, n)).shape == expected[network], network


@each_architecture
def test_each_image_is_scored_and_encoded_by_itself(architecture: str) -> None:
    """The gradient penalty holds only where a score depends on its own image alone.

    So none of these networks may have batch normalisation (decoders may); where a paper's have it
    nevertheless, this holds in evaluation. Dropout, which drops other activations of each image, is
    off here: it makes scores random, not dependent.
    """
    kind = nn.modules.batchnorm._BatchNorm
    for network, built in networks_of(architecture).items():
        if network == "decoder":
            continue
        normalised = [layer for layer in built.modules() if isinstance(layer, kind)]
        assert bool(normalised) == (architecture in NORMALISED), network
        for layer in built.modules():
            if isinstance(layer, nn.Dropout | kind):
                layer.eval()
        images = inputs(architecture, network, 4)
        together, alone = built(images), built(images[:2])
        torch.testing.assert_close(together[:2], alone, rtol=1e-4, atol=1e-6)  # float32


@each_architecture
def test_outputs_are_logits(architecture: str) -> None:
    """No sigmoid, tanh or ReLU at the end: scaling the last weights scales the output."""
    for network, built in networks_of(architecture).items():
        batch = inputs(architecture, network, 3)
        torch.manual_seed(0)  # for dropout: the same activations are dropped
        before = built(batch)
        with torch.no_grad():
            for parameter in list(built.parameters())[-2:]:
                parameter.mul_(-1000)
        torch.manual_seed(0)
        torch.testing.assert_close(built(batch), -1000 * before, rtol=1e-3, atol=1e-2)


@each_architecture
def test_first_weights(architecture: str) -> None:
    """A seed's are the same in every model, another seed's others, and torch's stream untouched.

    Only the losses differ between models: with one seed even the first weights are the same.
    """
    seen: dict[str, dict[str, Tensor]] = {}
    given = params(architecture)
    fits = sorted(FITS[architecture])
    taken_as_they_are = [name for name in fits if not hasattr(build.model(name), "makers")]
    for state, name in enumerate(taken_as_they_are):
        torch.manual_seed(state)
        drawn = torch.rand(3)
        torch.manual_seed(state)
        networks = build.create(name, given, seed=0)
        assert torch.equal(drawn, torch.rand(3))
        for network, built in networks.items():
            weights = built.state_dict()
            first = seen.setdefault(network, weights)
            assert list(first) == list(weights)
            assert all(torch.equal(first[key], weights[key]) for key in first), (name, network)
    assert set(seen) == set(networks_of(architecture))

    whole = max(taken_as_they_are, key=lambda name: len(build.model(name).NETWORKS))
    for network, built in build.create(whole, given, seed=1).items():
        for key, parameter in built.named_parameters():
            assert parameter.dim() == 1 or not torch.equal(parameter, seen[network][key]), key


@pytest.mark.parametrize("architecture", ["wide", "conv"])
def test_keras_weights_are_glorots_and_its_biases_zero(architecture: str) -> None:
    keras = params(architecture).model_copy(update={"initialisation": "keras"})
    for network in build.create("cvaegan", keras, seed=0).values():
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                taps = layer.weight[0, 0].numel()
                inputs, outputs = (size * taps for size in layer.weight.shape[:2])
                bound = math.sqrt(6 / (inputs + outputs))
                assert layer.weight.abs().max() <= bound
                few = 4 / math.sqrt(layer.weight.numel())
                assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=few)
                assert layer.bias is None or not layer.bias.any()


def test_the_initialisation_changes_the_first_weights_alone() -> None:
    torchs, keras = (
        build.create("gan", params("wide").model_copy(update={"initialisation": start}), seed=3)
        for start in ("torch", "keras")
    )
    assert [p.shape for p in torchs.parameters()] == [p.shape for p in keras.parameters()]
    norms = [layer for layer in keras.modules() if isinstance(layer, nn.BatchNorm1d)]
    assert norms
    assert all(bool((layer.weight == 1).all()) for layer in norms)
    assert not torch.equal(torchs["decoder"][0].weight, keras["decoder"][0].weight)


def test_channels_last_folds_move_nothing() -> None:
    fold, unfold = conv.Fold(), conv.Unfold()
    units = torch.randn(3, 7 * 7 * 5)
    images = fold(units)
    assert images.shape == (3, 5, 7, 7)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert images.data_ptr() == units.data_ptr()
    assert torch.equal(unfold(images), units)


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
