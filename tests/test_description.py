"""A weights file says what it is, and that is enough to build its networks."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from ganvae.models.base.description import Description, described
from tests.architectures import LATENT, params

PLAIN = {
    "model": "vae",
    "architecture": "wide",
    "initialisation": "torch",
    "options": "{}",
    "latent_dim": "7",
    "seed": "3",
    "data": "digits",
    "images_sha256": "0123",
    "convention": (
        "images: float32 [N, 1, 28, 28] in [-1, 1]; decoder: N(0, I) [N, 7] -> logits, "
        "images = tanh(logits / 2); encoder: images -> mean and log-variance side by side [N, 14]"
    ),
}


def describe(model: str, networks: NetworksParams, seed: int = 3) -> Description:
    return build.describe(model, networks, seed=seed, data="digits", images_sha256="0123")


def write(path: Path, metadata: Mapping[str, str]) -> None:
    networks = build.create("vae", params("wide"), seed=3)
    storage.write_tensors(path, networks.state_dict(), metadata)


@pytest.mark.parametrize(
    ("model", "architecture"),
    [("vae", "wide"), ("infogan", "wide"), ("cgan", "mi2018"), ("gan", "battineedi2023_gan")],
)
def test_a_file_is_enough(tmp_path: Path, model: str, architecture: str) -> None:
    path, given = tmp_path / "x.safetensors", describe(model, params(architecture))
    networks = build.create(model, given.networks, seed=3).eval()
    storage.write_tensors(path, networks.state_dict(), given.metadata())
    found, restored = build.from_file(path)
    assert found == given
    assert not restored.training
    assert not any(p.requires_grad for p in restored.parameters())
    z = torch.randn(2, LATENT)
    assert torch.equal(restored["decoder"](z), networks["decoder"](z))


def test_what_stands_in_it() -> None:
    """A reader without this project finds text, and JSON where it is no text."""
    assert describe("vae", params("wide")).metadata() == PLAIN
    layers = describe("vae", params("tikayyolla2020_vae")).metadata()
    assert layers["options"] == '{"layers": 3}'
    critic = describe("gan", params("larsen2015"), seed=2**63 - 1).metadata()
    assert "[N, 3, 64, 64]" in critic["convention"]
    assert "encoder" not in critic["convention"]
    assert critic["seed"] == "9223372036854775807"


def test_the_commit_is_in_files_that_are_given_away() -> None:
    given = describe("vae", params("wide"))
    assert "commit" not in given.metadata(), "DVC would take another commit for other weights"
    sent = given.model_copy(update={"commit": "0123456789ab"})
    assert sent.metadata() == {**PLAIN, "commit": "0123456789ab"}
    assert described(sent.metadata(), Path("x")) == sent


def test_keys_that_are_not_known_are_left_out() -> None:
    assert described({**PLAIN, "format": "pt"}, Path("x")) == describe("vae", params("wide"))


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"architecture": "resnet"}, "networks.architecture = 'resnet': allowed: battineedi"),
        ({"model": "diffusion"}, "models.diffusion: unknown key"),
        ({"architecture": "ghosh2020_gan"}, "weights of another architecture: Missing key"),
        ({"latent_dim": "8"}, "weights of another architecture: size mismatch"),
        ({"options": '{"layers": 3}'}, "networks.options = {'layers': 3}: wide has none"),
        ({"options": "[]"}, "damaged description of its networks: .*options"),
        ({"options": "{"}, "damaged description of its networks: "),
        ({"latent_dim": "true"}, "damaged description of its networks: .*latent_dim"),
        ({"latent_dim": "0"}, "damaged description of its networks: .*latent_dim"),
        ({"seed": "one"}, "damaged description of its networks: "),
        ({"latent_dim": None}, "does not describe its networks, it has no 'latent_dim'"),
        (dict.fromkeys(PLAIN), "does not describe its networks, it has no 'architecture'"),
    ],
)
def test_what_is_no_description_is_named(
    tmp_path: Path, changed: dict[str, str | None], line: str
) -> None:
    path = tmp_path / "x.safetensors"
    merged = {**PLAIN, **changed}
    write(path, {key: value for key, value in merged.items() if value is not None})
    with pytest.raises(UserError, match=rf"^{path}: {line}") as error:
        build.from_file(path)
    assert "\n" not in str(error.value)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write(path, PLAIN)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match=rf"^{path}: damaged tensor file"):
        build.from_file(path)
    with pytest.raises(UserError, match="absent: no such file"):
        build.from_file(tmp_path / "absent")


def test_weights_of_earlier_versions_are_read_with_their_parameters(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write(path, {})
    weights = storage.read_tensors(path)
    networks = build.restore("vae", params("wide"), weights, path)
    assert all(torch.equal(networks.state_dict()[name], weights[name]) for name in weights)
