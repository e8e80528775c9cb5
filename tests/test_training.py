"""The loop: resuming, determinism, divergence, batch normalisation, what is recorded."""

import io
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvae.core import config, storage
from ganvae.core.machine import Noise, autocast
from ganvae.errors import Interrupted, UserError
from ganvae.models.base.contract import Loss, Optimizer, TrainParams, Update
from ganvae.models.base.snapshots import pack, snapshot_steps
from ganvae.training.history import History, NonFinite
from ganvae.training.loop import Run, train
from ganvae.training.step import Stepper, make_optimizer
from ganvae.training.task import Task, build
from tests.no_waiting import no_waiting

MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
# bf16 once: some processors emulate it, at a hundredth of the speed
PATHS = [*((name, "fp32") for name in MODELS), ("vae", "bf16")]
ADAM = Optimizer(optimizer="adam", lr_multiplier=1.0, betas=[0.5, 0.999])
SETTINGS = TrainParams(
    lr=0.0004, lr_decay=0.5, batch_size=32, epochs=3, checkpoints=[], precision="fp32", seeds=[0]
)


@pytest.fixture(autouse=True)
def _few_images_per_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvae.models.base.snapshots.IMAGES", 20)


def images(n: int = 200) -> Tensor:
    return Noise(7, torch.device("cpu")).uniform(n, 1, 28, 28) * 2 - 1


def task(folder: Path, name: str = "vaegan", seed: int = 0, **changes: object) -> Task:
    values = {**config.load(), "train": SETTINGS.model_copy(update=changes).model_dump()}
    labels = torch.zeros(200, dtype=torch.int64)
    return build(name, values, images(), labels, seed=seed, folder=folder)


def to_the_end(task: Task, stopped: Callable[[], bool] = lambda: False) -> Run:
    return train(task, save_seconds=math.inf, report=lambda run: None, stopped=stopped)


def after(steps: int) -> Callable[[], bool]:
    """Says stop when it has been asked `steps` times."""
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def same(a: nn.Module, b: nn.Module) -> bool:
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize(("name", "precision"), PATHS)
def test_a_run_stopped_and_resumed_ends_with_the_same_bits(
    tmp_path: Path, name: str, precision: str
) -> None:
    whole = task(tmp_path / "whole", name, precision=precision)
    undisturbed = to_the_end(whole)
    for steps in (5, 6, 3):  # 18 in all, six an epoch: within and at the end of an epoch
        with pytest.raises(Interrupted):
            to_the_end(task(tmp_path / "parts", name, precision=precision), after(steps))
    interrupted = Run(task(tmp_path / "parts", name, precision=precision))
    interrupted.restore()
    assert interrupted.done == 14
    parts = task(tmp_path / "parts", name, precision=precision)
    resumed = to_the_end(parts)
    assert resumed.last_step == undisturbed.last_step == 18
    assert same(whole.networks, parts.networks)
    assert resumed.history.rows == undisturbed.history.rows
    snapshots = [pack(tmp_path / f / "snapshots", 18, 32)["images"] for f in ("whole", "parts")]
    assert torch.equal(*snapshots)


def test_a_state_from_before_the_last_steps_gives_the_same_bits(tmp_path: Path) -> None:
    whole = task(tmp_path / "whole")
    to_the_end(whole)
    early = task(tmp_path / "early")
    run = Run(early)
    early.networks.train()
    for _ in range(4):
        run.step()
    run.save()
    for _ in range(5):  # done, but lost with the process
        run.step()
    late = task(tmp_path / "early")
    to_the_end(late)
    assert same(whole.networks, late.networks)


@pytest.mark.parametrize(("name", "precision"), PATHS)
def test_one_seed_gives_one_result_and_two_seeds_two(
    tmp_path: Path, name: str, precision: str
) -> None:
    first, again, other = (
        task(tmp_path / str(i), name, seed, precision=precision) for i, seed in enumerate((0, 0, 1))
    )
    for each in (first, again, other):
        to_the_end(each)
    assert same(first.networks, again.networks)
    assert not same(first.networks, other.networks)


@pytest.mark.parametrize("name", MODELS)
def test_the_learning_rate_reaches_every_network(tmp_path: Path, name: str) -> None:
    start = task(tmp_path / "start", name).networks
    slow, fast = task(tmp_path / "slow", name), task(tmp_path / "fast", name, lr=0.002)
    to_the_end(slow)
    to_the_end(fast)
    for network in start:
        before, less, more = (
            torch.cat([p.flatten() for p in nets[network].parameters()])
            for nets in (start, slow.networks, fast.networks)
        )
        assert 0 < (less - before).abs().mean() < (more - before).abs().mean()


@pytest.mark.parametrize(
    ("spec", "kind"), [("adam", torch.optim.Adam), ("rmsprop", torch.optim.Adam),
                       ("sgd", torch.optim.SGD)]
)  # fmt: skip
def test_optimizers_take_the_resolved_rate(spec: str, kind: type[torch.optim.Optimizer]) -> None:
    betas = [0.5, 0.9] if spec == "adam" else None
    block = Optimizer(optimizer=spec, lr_multiplier=3.0, betas=betas)  # type: ignore[arg-type]
    optimizer = make_optimizer(block, 2e-4, [nn.Parameter(torch.zeros(2))])
    assert type(optimizer) is kind
    assert optimizer.param_groups[0]["lr"] == pytest.approx(6e-4, rel=1e-12)
    if spec == "adam":
        assert optimizer.param_groups[0]["betas"] == (0.5, 0.9)


def rates(given: Task) -> list[list[float]]:
    """The rate with which every update stepped, step by step."""
    run = Run(given)
    given.networks.train()
    seen = []
    for _ in range(given.total_steps):
        run.step()
        seen.append([float(s.optimizer.param_groups[0]["lr"]) for s in run.steppers])
    return seen


def test_rates_fall_linearly_to_zero_over_the_last_share(tmp_path: Path) -> None:
    given = task(tmp_path, "vaegan", epochs=1, lr_decay=0.5)
    assert given.total_steps == 6
    full = [0.0004 * given.optimizers[update.name].lr_multiplier for update in given.updates]
    assert full[0] != full[1]
    # three steps at the full rate, then 3/3, 2/3, 1/3 of it: the next one would be zero
    expected = [[rate * share for rate in full] for share in (1, 1, 1, 1, 2 / 3, 1 / 3)]
    torch.testing.assert_close(torch.tensor(rates(given)), torch.tensor(expected))


def test_rates_are_constant_without_a_decay(tmp_path: Path) -> None:
    found = rates(task(tmp_path, "wgan", epochs=1, lr_decay=0.0))
    assert len(found) == 6
    assert len({rate for step in found for rate in step}) == 1  # its two multipliers are equal


def test_rmsprop_in_one_pass_takes_torchs_steps() -> None:
    block = Optimizer(optimizer="rmsprop", lr_multiplier=1.0, betas=None)
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 50)) for _ in range(2))
    steps = [
        (ours, make_optimizer(block, 1e-2, [ours])),
        (theirs, torch.optim.RMSprop([theirs], 1e-2)),
    ]
    stream = torch.Generator().manual_seed(0)
    for _ in range(300):
        gradient = torch.randn(50, generator=stream) * torch.logspace(-6, 2, 50)
        for parameter, optimizer in steps:
            parameter.grad = gradient.clone()
            optimizer.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert (ours - torch.linspace(-1, 1, 50)).abs().min() > 1e-3


def test_an_update_moves_its_own_networks_and_no_other(tmp_path: Path) -> None:
    given = task(tmp_path)
    run = Run(given)
    given.networks.train()
    for stepper in run.steppers:
        before = {k: v.clone() for k, v in given.networks.state_dict().items()}
        stepper.step(given.images[:32], given.labels[:32], run.noise, 1)
        moved = {k.split(".")[0] for k, v in given.networks.state_dict().items()
                 if not torch.equal(v, before[k])}  # fmt: skip
        assert moved == set(stepper.update.networks)  # running statistics included


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_a_gradient_of_another_memory_format_steps_the_right_weights(
    tmp_path: Path, optimizer: str
) -> None:
    """torch's fused optimizers on a CPU walk through memory without a look at strides."""
    betas = [0.5, 0.9] if optimizer == "adam" else None
    spec = Optimizer(optimizer=optimizer, lr_multiplier=100.0, betas=betas)  # type: ignore[arg-type]
    factors = torch.arange(48.0).cos()
    seen = {}
    for layout in (torch.contiguous_format, torch.channels_last):
        net = nn.Conv2d(3, 4, 2)
        with torch.no_grad():
            net.weight.copy_(torch.arange(48.0).view(4, 3, 2, 2).sin())
        net.to(memory_format=layout)

        def loss(*given: object, net: nn.Module = net) -> Loss:
            # through a contiguous copy, whose layout the gradient comes in
            total = (net.weight.contiguous().flatten() * factors).sum()
            return Loss(total + net.bias.sum(), {})

        update = Update("autoencoder", ("decoder",), loss)
        networks = nn.ModuleDict({"decoder": net})
        given = Task(
            networks, (update,), {"autoencoder": spec}, images(), torch.zeros(200), 2, SETTINGS, 0,
            tmp_path,
        )  # fmt: skip
        stepper = Stepper(given, update)
        for _ in range(3):
            stepper.step(images(32), torch.zeros(32), Noise(0, torch.device("cpu")), 1)
        seen[layout] = net.weight.detach().contiguous()
    torch.testing.assert_close(seen[torch.contiguous_format], seen[torch.channels_last])


def test_every_counts_steps(tmp_path: Path) -> None:
    given = task(tmp_path, "wgan")
    ended = to_the_end(given)
    assert [u.every for u in given.updates] == [1, 2]
    rows = ended.history.rows
    assert sorted({row["step"] for row in rows if "generator.loss" in row}) == [
        2,
        4,
        6,
        8,
        10,
        12,
        14,
        16,
        18,
    ]
    critic = given.networks["discriminator"].parameters()
    assert max(float(p.detach().abs().max()) for p in critic) <= 0.1 + 1e-7


def diverging(folder: Path, at: int, precision: str = "fp32") -> Task:
    """A task whose second update's loss is infinite from step `at` on."""
    net = nn.ModuleDict({"decoder": nn.Linear(2, 784), "discriminator": nn.Linear(784, 1)})
    steps = iter(range(1, 100))

    def fine(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        loss = net["discriminator"](images.flatten(1)).square().mean()
        return Loss(loss, {"loss": loss.detach()})

    def breaks(images: Tensor, labels: Tensor, noise: Noise) -> Loss:
        loss = net["decoder"](noise.normal(4, 2)).square().mean()
        return Loss(loss / 0 if next(steps) >= at else loss, {"loss": loss.detach()})

    updates = (
        Update("discriminator", ("discriminator",), fine),
        Update("generator", ("decoder",), breaks),
    )
    settings = SETTINGS.model_copy(update={"epochs": 5, "precision": precision})
    specs = {"discriminator": ADAM, "generator": ADAM}
    labels = torch.zeros(200, dtype=torch.int64)
    return Task(net, updates, specs, images(), labels, 2, settings, 0, folder)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("rows", [200, 4])  # of 30 steps: one each, or one for seven
def test_a_non_finite_loss_ends_the_run_with_update_and_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, precision: str
) -> None:
    monkeypatch.setattr("ganvae.training.history.ROWS", rows)
    monkeypatch.setattr("ganvae.training.loop.take", lambda *arguments: None)
    ended = to_the_end(diverging(tmp_path, at=12, precision=precision))
    assert ended.diverged == NonFinite(12, "generator")
    assert ended.last_step == 12
    assert all(row["step"] < 12 for row in ended.history.rows)


def test_weights_broken_by_the_last_step_count_as_diverged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvae.training.loop.take", lambda *arguments: None)
    given = diverging(tmp_path, at=1000)

    calls: list[None] = []

    def break_last() -> None:
        calls.append(None)
        if len(calls) == 30:
            given.networks["decoder"].weight.data[0, 0] = math.nan  # type: ignore[union-attr]

    broken = given.updates[1]
    updates = (given.updates[0], Update(broken.name, broken.networks, broken.loss, 1, break_last))
    given = replace(given, updates=updates)
    assert to_the_end(given).diverged == NonFinite(30, "generator")


def test_no_state_is_saved_of_a_run_that_has_diverged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvae.training.history.ROWS", 1)
    run = Run(diverging(tmp_path, at=3))
    for _ in range(4):
        run.step()
    run.save()
    assert not run.state_file.exists()


@pytest.mark.parametrize("name", MODELS)
def test_a_step_is_a_sequence_of_the_device_alone(tmp_path: Path, name: str) -> None:
    run = Run(task(tmp_path, name, ema=0.9, epochs=300))  # rows of nine steps
    run.task.networks.train()
    for _ in range(9):
        run.prepare()
        with no_waiting():
            run.sequence()
    with pytest.raises(AssertionError, match="tolist"), no_waiting():
        run.history.fetch()
    assert run.history.latest() == {}


def test_history_rows_are_means_over_the_steps_between() -> None:
    history = History(total_steps=800)
    for step in range(1, 9):
        value = torch.tensor(float(step))
        history.add(step, "u", value, {"loss": value})
        if step % 2 == 0:
            history.add(step, "v", value, {"x": value * 10})
        assert history.end_step(step) is None
    assert history.rows == [
        {"step": 4, "u.loss": 2.5, "v.x": 30.0},
        {"step": 8, "u.loss": 6.5, "v.x": 70.0},
    ]


def test_a_damaged_state_is_one_line(tmp_path: Path) -> None:
    given = task(tmp_path)
    storage.write_bytes(tmp_path / "state.pt", b"not a state")
    with pytest.raises(UserError, match=r"state\.pt: damaged resume state"):
        to_the_end(given)


def test_a_state_that_no_run_has_written_is_one_line(tmp_path: Path) -> None:
    """Well-formed, and wrong: a moment lost, numbers that no run has, a row of no step."""
    with pytest.raises(Interrupted):
        to_the_end(task(tmp_path, "vae", ema=0.9), after(5))
    path = tmp_path / "state.pt"
    whole = path.read_bytes()
    wrong: list[Callable[[dict[str, Any]], Any]] = [
        lambda state: state["optimizers"][0]["state"][0].pop("exp_avg_sq"),
        lambda state: state.update(seconds=10**400),
        lambda state: state.update(averaged=-10),
        lambda state: state["history"]["rows"][0].pop("step"),
    ]
    for spoil in wrong:
        state = torch.load(io.BytesIO(whole), weights_only=True)
        spoil(state)
        torch.save(state, path)
        with pytest.raises(UserError, match=r"state\.pt: damaged resume state; delete it"):
            to_the_end(task(tmp_path, "vae", ema=0.9))
    path.write_bytes(whole)
    assert to_the_end(task(tmp_path, "vae", ema=0.9)).done == 18


def test_a_batch_larger_than_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.batch_size = 201: allowed: at most 200"):
        to_the_end(task(tmp_path, batch_size=201))


def test_snapshots_share_their_noise_over_seeds_and_models(tmp_path: Path) -> None:
    steps = snapshot_steps(9360)
    assert len(steps) == 16
    assert steps[0] == 1
    assert steps[-1] == 9360
    ratios = [b / a for a, b in pairwise(steps[8:])]
    assert max(ratios) / min(ratios) < 1.01
    packs = []
    for i, name in enumerate(("gan", "vae")):
        given = task(tmp_path / str(i), name, lr=1e-12)  # the decoders stay as they start: equal
        to_the_end(given)
        packs.append(pack(given.folder / "snapshots", 1, 32))
    assert packs[0]["images"].shape == (1, 20, 28, 28)
    assert packs[0]["images_seen"].tolist() == [32]
    difference = packs[0]["images"].int() - packs[1]["images"].int()
    assert difference.abs().max() <= 1


def test_bf16_trains_and_keeps_float32_weights(tmp_path: Path) -> None:
    given = task(tmp_path, "gan", precision="bf16", epochs=1)
    other = task(tmp_path / "fp32", "gan", epochs=1)
    assert to_the_end(given).diverged is None
    to_the_end(other)
    assert {p.dtype for p in given.networks.parameters()} == {torch.float32}
    assert not same(given.networks, other.networks)


def test_losses_of_bf16_products_are_taken_in_float32(tmp_path: Path) -> None:
    """In bf16 a divergence this small would be off by a third."""
    given = task(tmp_path, "vae", precision="bf16")
    with autocast("bf16", torch.device("cpu")):
        encoded = given.networks["encoder"](given.images[:32])
        loss = given.updates[0].loss(given.images[:32], given.labels[:32], Run(given).noise)
    assert encoded.dtype == loss.total.dtype == loss.logged["kl_nats"].dtype == torch.float32
    mean, log_var = encoded.detach().double().chunk(2, dim=1)
    by_hand = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(dim=1).mean()
    assert 0 < float(by_hand) < 1
    assert float(loss.logged["kl_nats"]) == pytest.approx(float(by_hand), rel=1e-4)


def test_of_a_decoder_that_is_broken_there_is_no_snapshot(tmp_path: Path) -> None:
    """Its loss says so a step later, if there is one; the image would be black."""
    given = task(tmp_path, "gan", epochs=1)
    calls: list[None] = []

    def break_last() -> None:
        calls.append(None)
        if len(calls) == given.total_steps:
            next(given.networks["decoder"].parameters()).data.fill_(math.nan)

    discriminator, generator = given.updates
    given = replace(given, updates=(discriminator, replace(generator, project=break_last)))
    assert to_the_end(given).diverged == NonFinite(given.total_steps, "generator")
    taken = pack(tmp_path / "snapshots", given.total_steps, 32)["steps"].tolist()
    assert taken == snapshot_steps(given.total_steps)[:-1]
