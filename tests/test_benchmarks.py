"""The benchmark compares the same training: same losses, same weights, from other code."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks import bench, peers, pipeline, plain, processes, rows, training, worker
from ganvae.core import config, storage
from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.models.base import build
from ganvae.training import task
from ganvae.training.step import Stepper
from tests import project

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
KINDS = ("one_thread", "whole_machine")
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
            stepper.update.name: stepper.step(images, labels, noise, 1)[0].item()
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
        latent_dim = settings["networks"]["latent_dim"]
        loop = plain.LOOPS[name](networks, batches(), params, lr, latent_dim)
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
    for ours, looped in ((True, worker.ganvae_loop), (False, worker.plain_loop)):
        sizes: list[int] = []
        networks = worker.networks("vae", settings)
        before = [parameter.detach().clone() for parameter in networks.parameters()]
        networks["encoder"].register_forward_pre_hook(
            lambda module, inputs, sizes=sizes: sizes.append(len(inputs[0]))
        )
        with monkeypatch.context() as patch:
            for module in (build, task):
                patch.setattr(module, "create", lambda name, params, seed, found=networks: found)
            loop = looped(worker.Spec("vae", ours, 1, settings), images, labels)
            for _ in range(3):  # one more than an epoch has
                next(loop)
        assert sizes == [128] * 3
        moved = zip(networks.parameters(), before, strict=True)
        assert not any(torch.equal(one, other) for one, other in moved)


@pytest.mark.usefixtures("float64")
def test_the_published_vae_is_the_same_training(tmp_path: Path) -> None:
    """One step from the same weights, on the same images in the same order, with the same noise."""
    levels = torch.randint(256, (128, 28, 28))
    images, labels = (levels / 255 * 2 - 1)[:, None], torch.zeros(128, dtype=torch.int64)
    described = peers.ours("examples_vae", images, labels, "fp32")
    with torch.random.fork_rng(devices=[]), worker.torchvision_mnist(images, labels) as root:
        torch.manual_seed(1)
        theirs = peers.examples_vae(root, network := peers.VAE())
        encoder, decoder = described.networks["encoder"], described.networks["decoder"]
        pairs = [
            (encoder[1], [network.fc1]),
            (encoder[3], [network.fc21, network.fc22]),
            (decoder[0], [network.fc3]),
            (decoder[2], [network.fc4]),
        ]
        for layer, sources in pairs:
            for name in ("weight", "bias"):
                value = torch.cat([getattr(source, name) for source in sources])
                getattr(layer, name).data = value.detach().clone()
        first = encoder[1]  # it sees 2 x - 1 where theirs sees x
        first.bias.data += first.weight.data.sum(dim=1) / 2
        first.weight.data /= 2

        seen: list[Tensor] = []
        network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        drawn: list[Tensor] = []
        draw = torch.randn_like
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch, "randn_like", lambda x: drawn.append(draw(x)) or drawn[-1])
            loss = next(theirs)["autoencoder"]

    class Same(Noise):
        def normal(self, *shape: int) -> Tensor:
            return drawn[0]

    (update,) = described.updates
    stepper = Stepper(described, update)
    batch = seen[0].double() * 2 - 1
    total, _ = stepper.step(batch, labels, Same(0, CPU), 1)
    assert total.item() * 128 == pytest.approx(loss, rel=1e-6)  # theirs is a sum; float32 images
    for layer, sources in pairs[1:]:
        gradient = torch.cat([source.weight.grad for source in sources]) / 128
        torch.testing.assert_close(layer.weight.grad, gradient, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", list(peers.THEIRS))
def test_peers_and_ours_both_train(name: str) -> None:
    images, labels = torch.rand(300, 1, 28, 28) * 2 - 1, torch.zeros(300, dtype=torch.int64)
    settings = values()
    loop = worker.ganvae_loop(worker.Spec(name, True, 1, settings), images, labels)
    for _ in range(6):
        next(loop)
    with worker.torchvision_mnist(images, labels) as root:
        found = [next(step) for step in [peers.THEIRS[name](root)] for _ in range(6)]
    assert all(torch.tensor(list(losses.values())).isfinite().all() for losses in found)


def test_a_window_counts_whole_steps_and_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, processor = iter([10.0, 10.4, 10.8, 11.2]), iter([5.0, 5.9])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: next(processor))
    found = processes.window(count(), batch_size=128, seconds=1.0)
    assert found.rate == pytest.approx(3 * 128 / 1.2)
    assert found.busy == pytest.approx(0.9 / 1.2)


def row(ours: list[float], theirs: list[float], **changed: Any) -> rows.Row:
    settings = {"unit": "images/s", "against": "plain loop", "target": 2.0}
    return rows.row(ours, theirs, **{**settings, **changed})


def test_ratios_are_of_neighbouring_measurements() -> None:
    found = row([300.0, 100.0, 200.0], [150.0, 100.0, 50.0])
    assert found["ours"] == {"median": 200, "min": 100, "max": 300}
    assert found["theirs"] == {"median": 100, "min": 50, "max": 150}
    assert found["ratio"] == {"median": 2, "min": 1, "max": 4}
    less = row([1.0, 2.0, 4.0], [2.0, 2.0, 2.0], unit="s", more_is_better=False)
    assert less["ratio"] == {"median": 1, "min": 0.5, "max": 2}


def test_a_fallen_ratio_is_named_and_a_risen_one_is_not() -> None:
    before = {"a": row([20.0], [10.0]), "b": row([20.0], [10.0]), "c": row([1.0], [1.0])}
    after = {"a": row([16.9], [10.0]), "b": row([17.1], [10.0]), "new": row([1.0], [9.0])}
    assert rows.fallen(before, after) == ["a: 1.69, was 2.00"]


CEILINGS = {"fp32": 220.0, "fp32, torch.mm": 100.0, "bf16": 460.0}


def test_reports_of_other_kinds_of_processors_are_not_compared() -> None:
    report = bench.report({}, values(), seconds=1.0, share=1.0, ceilings=CEILINGS)
    half_as_fast = {way: speed / 2 for way, speed in CEILINGS.items()}
    assert bench.same_kind(half_as_fast, report)
    assert bench.same_kind({**CEILINGS, "bf16": 400.0}, report)
    assert not bench.same_kind({**CEILINGS, "fp32, torch.mm": 180.0}, report)
    assert not bench.same_kind({**CEILINGS, "bf16": 2.0}, report)
    assert not bench.same_kind({"fp32": 220.0}, report)


def test_some_rows_are_replaced_and_the_others_stay() -> None:
    kept, new = (
        bench.report(found, values(), seconds=1.0, share=share, ceilings=CEILINGS)
        for found, share in (({"a": row([1.0], [1.0]), "b": row([1.0], [1.0])}, 0.9),
                             ({"b": row([3.0], [1.0])}, 1.0))
    )  # fmt: skip
    assert bench.joined({}, new) == new
    found = bench.joined(kept, new)
    assert {name: each["ratio"]["median"] for name, each in found["rows"].items()} == {
        "a": 1,
        "b": 3,
    }
    assert found["machine"]["least_core_share"] == 0.9


def test_report() -> None:
    found = {"train/gan/fp32/one_thread": row([2.0], [1.0])}
    content = bench.report(found, values(), seconds=2.5, share=0.5, ceilings=CEILINGS)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    machine = {"cpu", "cores", "python", "torch", "gflops_per_second", "least_core_share"}
    assert set(content["machine"]) == machine
    assert content["machine"]["torch"].startswith(torch.__version__.split("+")[0])
    assert content["machine"]["least_core_share"] == 0.5
    assert content["settings"]["batch_size"] == 128
    assert content["rows"] == found
    (name,) = found
    assert len(rows.line(name, found[name])) == len(rows.HEADER)


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


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    other = bench.report({}, values(), seconds=1.0, share=1.0, ceilings={"fp32": 1.0})
    storage.write_json(file, {"reports": [other]})
    monkeypatch.setattr(bench, "RESULT", file)
    monkeypatch.setattr(bench, "ceiling", lambda: CEILINGS)
    monkeypatch.setattr(training, "TARGETS", {"vae": (2.0, 3.0)})
    monkeypatch.setattr(bench, "GROUPS", (training.measured,))
    monkeypatch.setattr("sys.argv", ["bench", "--seconds", "0.05", "--check"])
    with pytest.raises(UserError, match="no ratios of a processor of this kind"):
        bench.main()
    capsys.readouterr()

    monkeypatch.setattr("sys.argv", ["bench", "--seconds", "0.05"])
    bench.main()
    expected = [f"train/vae/{p}/{k}" for k in KINDS for p in ("fp32", "bf16")]
    kept, written = storage.read_json(file)["reports"]
    assert kept == other
    assert list(written["rows"]) == expected
    assert all(found["ratio"]["min"] > 0 for found in written["rows"].values())
    assert len(capsys.readouterr().out.splitlines()) == 5

    for found in written["rows"].values():
        found["ratio"]["median"] = 1e9
    storage.write_json(file, {"reports": [kept, written]})
    monkeypatch.setattr("sys.argv", ["bench", "--seconds", "0.05", "--check", "--only", "train/v"])
    with pytest.raises(UserError, match=r"fallen by more than 15%: train/vae/bf16/one_thread: "):
        bench.main()


def test_the_floor_of_a_no_op_repro_is_an_equal_graph(tmp_path: Path) -> None:
    made = project.make(tmp_path / "project", {})
    (made / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
    ours = pipeline.graph(made)
    floor = tmp_path / "floor"
    floor.mkdir()
    pipeline.write_floor(ours, floor)
    theirs = pipeline.graph(floor)
    assert len(ours) == len(theirs) > 10
    edges = {name.replace("@", "_"): len(stage["deps"]) > 0 for name, stage in ours.items()}
    assert {name: len(stage["deps"]) > 0 for name, stage in theirs.items()} == edges
    assert sum(len(s["outs"]) for s in ours.values()) == sum(
        len(s["outs"]) for s in theirs.values()
    )
    assert pipeline.repro(floor) > 0
    assert (floor / "dvc.lock").exists()
