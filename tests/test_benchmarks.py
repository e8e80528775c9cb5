"""The benchmark compares the same training: same losses, same weights, from other code."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks import plain, training, worker
from ganvae import config, model, storage, task
from ganvae.errors import UserError
from ganvae.runtime import Noise
from ganvae.training import Stepper

CPU = torch.device("cpu")
MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
STEPS = 6  # WGAN's generator moves at every second
CLOSE = 1e-9  # float64: formulas and optimizers written differently round differently, no more


def values(**constrained: float) -> dict[str, Any]:
    """`params.yaml`; `constrained` for the block `models.cvaegan`."""
    found = config.load()
    found["models"]["cvaegan"] |= constrained
    return found


def batches(size: int = 8) -> list[tuple[Tensor, Tensor]]:
    noise = Noise(3, CPU)
    labels = torch.zeros(size, dtype=torch.int64)
    return [(noise.uniform(size, 1, 28, 28) * 2 - 1, labels) for _ in range(STEPS)]


def ours(
    name: str, settings: dict[str, Any], seed: int
) -> Iterator[tuple[dict[str, float], list[Tensor]]]:
    """This project's losses and the weights after each batch."""
    built = task.build(name, settings, *batches()[0], seed=0, folder=Path("unused"))
    steppers = [Stepper(built, update) for update in built.updates]
    noise = Noise(seed, CPU)
    for step, (images, labels) in zip(count(1), batches(), strict=False):
        losses = {
            stepper.update.name: stepper.step(images, labels, noise)[0].item()
            for stepper in steppers
            if step % stepper.update.every == 0
        }
        yield losses, [p.detach() for p in built.networks.parameters()]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("name", "constrained"),
    [*((name, {}) for name in MODELS), ("cvaegan", {"d": -1.0})],  # L_gan below and above d
    ids=[*MODELS, "cvaegan-active"],
)
def test_the_plain_loop_trains_the_same(name: str, constrained: dict[str, float]) -> None:
    settings = values(**constrained)
    networks = worker.networks(name, settings)
    params, lr = settings["models"][name], settings["train"]["lr"]
    seen: set[str] = set()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)  # the plain loop draws from torch's own stream
        loop = plain.loop(name, networks, batches(), params, lr, settings["networks"]["latent_dim"])
        for losses, weights in ours(name, settings, seed=5):
            by_hand = next(loop)
            assert by_hand == pytest.approx(losses, rel=CLOSE, abs=CLOSE)
            seen |= set(losses)
            for one, other in zip(networks.parameters(), weights, strict=True):
                torch.testing.assert_close(one.detach(), other, rtol=0, atol=1e-7)
    assert len(seen) == (1 if name == "vae" else 2)


def test_both_loops_take_whole_batches_of_the_same_size(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = values()
    images, labels = torch.rand(300, 1, 28, 28) * 2 - 1, torch.zeros(300, dtype=torch.int64)
    for build in (worker.ganvae_loop, worker.plain_loop):
        sizes: list[int] = []
        networks = worker.networks("vae", settings)
        before = [parameter.detach().clone() for parameter in networks.parameters()]
        networks["encoder"].register_forward_pre_hook(
            lambda module, inputs, sizes=sizes: sizes.append(len(inputs[0]))
        )
        with monkeypatch.context() as patch:
            patch.setattr(model, "create", lambda name, params, seed, found=networks: found)
            loop = build("vae", images, labels, settings)
            for _ in range(3):  # one more than an epoch has
                next(loop)
        assert sizes == [128] * 3
        moved = zip(networks.parameters(), before, strict=True)
        assert not any(torch.equal(one, other) for one, other in moved)


def test_a_window_counts_whole_steps_and_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, processor = iter([10.0, 10.4, 10.8, 11.2]), iter([5.0, 5.9])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: next(processor))
    found = worker.window(count(), batch_size=128, seconds=1.0)
    assert found.rate == pytest.approx(3 * 128 / 1.2)
    assert found.busy == pytest.approx(0.9 / 1.2)


SAMPLES = {
    "one_thread": {"ganvae": [300.0, 100.0, 200.0], "plain": [150.0, 100.0, 50.0]},
    "whole_machine": {"ganvae": [4.0, 4.0, 4.0], "plain": [8.0, 8.0, 8.0]},
}


def test_ratios_are_of_neighbouring_windows() -> None:
    found = training.summary(SAMPLES)["one_thread"]
    assert found["ganvae"] == {"median": 200, "min": 100, "max": 300}
    assert found["plain"] == {"median": 100, "min": 50, "max": 150}
    assert found["ratio"] == {"median": 2, "min": 1, "max": 4}


def test_report() -> None:
    measured = {
        "gan": training.Measured(SAMPLES, threads=7, core_share=0.75),
        "vae": training.Measured(SAMPLES, threads=7, core_share=0.5),
    }
    found = training.report(measured, values(), seconds=2.5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == {"machine", "settings", "images_per_second"}
    assert set(found["machine"]) == {"cpu", "cores", "python", "torch", "least_core_share"}
    assert found["machine"]["torch"].startswith(torch.__version__.split("+")[0])
    assert found["machine"]["least_core_share"] == 0.5
    assert found["settings"]["batch_size"] == 128
    assert found["settings"]["whole_machine"]["plain"] == "1 process of 7 threads"
    assert found["images_per_second"] == dict.fromkeys(measured, training.summary(SAMPLES))
    lines = training.rows("vae", found["images_per_second"]["vae"]).splitlines()
    assert [line.split()[:2] for line in lines] == [["vae", kind] for kind in SAMPLES]
    assert {len(line) for line in lines} == {len(training.HEADER.splitlines()[1])}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("models", "gan", "adversarial"), "minimax"),
        (("models", "wgan", "gradient_penalty"), 10.0),
        (("models", "vaegan", "likelihood"), "gaussian"),
        (("train", "precision"), "bf16"),
    ],
    ids=lambda part: str(part),
)
def test_a_variant_that_is_not_written_out_is_refused(path: tuple[str, ...], value: object) -> None:
    settings = values()
    plain.check(MODELS, settings)
    here = settings
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    with pytest.raises(UserError, match=".".join(path)):
        plain.check(MODELS, settings)


@pytest.mark.slow
def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    written: dict[str, Any] = {}
    monkeypatch.setattr(storage, "write_json", lambda path, value: written.update(value))
    monkeypatch.setattr("sys.argv", ["training", "--seconds", "0.05", "--models", "vae"])
    training.main()
    assert list(written["images_per_second"]) == ["vae"]
    for part in written["images_per_second"]["vae"].values():
        assert all(part[kind]["min"] > 0 for kind in ("ganvae", "plain"))
    assert len(capsys.readouterr().out.splitlines()) == 4
