"""What the papers' trainings need of the loop: parts of epochs, checkpoints, terms, dropout."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from ganvae.core import config
from ganvae.core.imageset import quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.core.storage import read_tensors
from ganvae.errors import Interrupted
from ganvae.models.base.build import describe
from ganvae.models.base.contract import to_images
from ganvae.training import record
from ganvae.training.average import Average
from ganvae.training.step import Stepper
from ganvae.training.task import build
from tests.architectures import params
from tests.test_training import SETTINGS, after, images, task, to_the_end

CPU = torch.device("cpu")
DESCRIPTION = describe("vae", params("wide"), seed=0, data="none", images_sha256="none")


def test_a_part_of_an_epoch(tmp_path: Path) -> None:
    given = task(tmp_path, "vae", epochs=1.5)
    assert given.total_steps == round(1.5 * given.steps_per_epoch)
    assert task(tmp_path, "vae", epochs=0.0001).total_steps == 1


def test_checkpoints_hold_the_weights_of_their_epochs(tmp_path: Path) -> None:
    given = task(tmp_path / "long", "vae", epochs=2, lr_decay=0.0, checkpoints=[1, 2, 9])
    record.write(tmp_path / "result", to_the_end(given), DESCRIPTION)
    kept = read_tensors(tmp_path / "result" / "checkpoints.safetensors")
    steps = given.steps_per_epoch
    assert {int(name.split(".")[0]) for name in kept} == {steps, 2 * steps}, "9 is not reached"
    last = read_tensors(tmp_path / "result" / "weights.safetensors")
    assert all(torch.equal(kept[f"{2 * steps}.{name}"], value) for name, value in last.items())
    short = task(tmp_path / "short", "vae", epochs=1, lr_decay=0.0)
    to_the_end(short)
    for name, value in short.networks.state_dict().items():
        assert torch.equal(kept[f"{steps}.{name}"], value)


def test_no_checkpoints_no_file(tmp_path: Path) -> None:
    given = task(tmp_path, "vae", epochs=1, checkpoints=[])
    record.write(tmp_path / "result", to_the_end(given), DESCRIPTION)
    assert not (tmp_path / "result" / "checkpoints.safetensors").exists()


@pytest.mark.parametrize("name", ["vaegan", "cvaegan"])
def test_norms_of_both_terms_are_those_of_their_gradients(tmp_path: Path, name: str) -> None:
    given = task(tmp_path, name)
    given.networks.train()
    update = given.updates[1]
    batch = given.images[:32], given.labels[:32]
    loss = update.loss(*batch, Noise(5, CPU))
    decoder = list(given.networks["decoder"].parameters())
    expected = {
        f"{term}_gradient": torch.cat(
            [g.flatten() for g in torch.autograd.grad(value, decoder, retain_graph=True)]
        ).norm()
        for term, value in loss.terms.items()
    }
    assert set(expected) == {"l_vae_gradient", "l_gan_gradient"}
    _, logged = Stepper(given, update).step(*batch, Noise(5, CPU), 1, measured=True)
    for key, norm in expected.items():
        torch.testing.assert_close(logged[key], norm, rtol=1e-4, atol=1e-6)
    assert expected["l_vae_gradient"] > 0


def test_terms_are_recorded_in_every_row_and_change_nothing(tmp_path: Path) -> None:
    measured = task(tmp_path / "a", "vaegan", epochs=1)
    rows = to_the_end(measured).history.rows
    assert all(row["autoencoder.l_gan_gradient"] > 0 for row in rows)
    bare = task(tmp_path / "b", "vaegan", epochs=1)
    updates = tuple(
        replace(u, loss=lambda *batch, u=u: replace(u.loss(*batch), terms={})) for u in bare.updates
    )
    bare = replace(bare, updates=updates)
    assert "autoencoder.l_gan_gradient" not in to_the_end(bare).history.rows[0]
    pairs = zip(measured.networks.parameters(), bare.networks.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_average_is_the_recursion_with_its_warm_up() -> None:
    networks = nn.ModuleDict({"decoder": nn.BatchNorm1d(3), "discriminator": nn.Linear(3, 1)})
    given = Average(networks, 0.3)
    assert list(given.networks) == ["decoder"]
    expected = {key: value.clone() for key, value in networks["decoder"].state_dict().items()}
    decoder = networks["decoder"].train()
    for n in range(6):
        decoder(torch.randn(5, 3))  # moves the statistics
        with torch.no_grad():
            decoder.weight.add_(n + 1)
        given.update()
        kept = min(0.3, (1 + n) / (10 + n))
        for key in ("weight", "bias", "running_mean", "running_var"):
            now = decoder.state_dict()[key]
            expected[key] = kept * expected[key] + (1 - kept) * now
            torch.testing.assert_close(given.networks["decoder"].state_dict()[key], expected[key])


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_an_average_changes_what_is_drawn_and_not_the_training(tmp_path: Path, name: str) -> None:
    plain, averaged = task(tmp_path / "0", name), task(tmp_path / "1", name, ema=0.9)
    runs = to_the_end(plain), to_the_end(averaged)
    assert runs[0].history.rows == runs[1].history.rows
    assert all(
        torch.equal(a, b)
        for a, b in zip(plain.networks.parameters(), averaged.networks.parameters(), strict=True)
    )
    record.write(tmp_path / "result", runs[1], DESCRIPTION)
    weights = read_tensors(tmp_path / "result" / "weights.safetensors")
    for key, trained in averaged.networks.state_dict().items():
        drawn = key.startswith(("decoder", "encoder"))
        if not trained.is_floating_point():
            continue
        assert torch.equal(weights[key], trained) != drawn, key
    last = read_tensors(tmp_path / "result" / "snapshots.safetensors")["images"][-1]
    networks = averaged.networks
    networks.load_state_dict(weights)
    z = Noise(seed_for(0, "snapshots"), CPU).normal(len(last), averaged.latent_dim)
    with torch.no_grad():
        assert torch.equal(quantise(to_images(networks["decoder"].eval()(z))), last)


def test_a_run_with_an_average_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = to_the_end(task(tmp_path / "whole", "gan", ema=0.9))
    with pytest.raises(Interrupted):
        to_the_end(task(tmp_path / "parts", "gan", ema=0.9), after(7))
    resumed = to_the_end(task(tmp_path / "parts", "gan", ema=0.9)).weights()
    assert all(torch.equal(value, resumed[key]) for key, value in whole.weights().items())


def test_keras_start_comes_with_its_epsilon(tmp_path: Path) -> None:
    values = config.load()
    values["networks"] |= {"initialisation": "keras"}
    labels = torch.zeros(len(images()), dtype=torch.int64)
    for start, epsilon in (("torch", 1e-8), ("keras", 1e-7)):
        values["networks"]["initialisation"] = start
        given = build("vae", values, images(), labels, seed=0, folder=tmp_path)
        assert Stepper(given, given.updates[0]).optimizer.param_groups[0]["eps"] == epsilon


def test_dropout_comes_from_the_trainings_own_stream(tmp_path: Path) -> None:
    """So one seed gives one result, whatever else has drawn from torch's stream."""

    def trained(folder: str, before: int) -> torch.Tensor:
        given = task(tmp_path / folder, "gan", epochs=1)
        given.networks["discriminator"].append(nn.Unflatten(0, (-1, 1)))
        given.networks["discriminator"].append(nn.Dropout(0.5))
        given.networks["discriminator"].append(nn.Flatten(0))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(before)
            to_the_end(given)
        return torch.cat([p.detach().flatten() for p in given.networks.parameters()])

    assert torch.equal(trained("a", 1), trained("b", 2))
    assert SETTINGS.checkpoints == []
