"""The benchmark's rows beyond the trainings: both sides do the same work."""

import math
import sys
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from benchmarks import features, growth, memory, parallel, profile, worker
from ganvae.core import config
from ganvae.core.matmul import Linear
from ganvae.jobs import executor
from ganvae.models.base import build, contract
from tests import project
from tests.test_benchmarks import values

pytestmark = pytest.mark.slow
linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def test_both_sides_see_the_same_in_an_image() -> None:
    with features.classifier_sides(30) as (ours, theirs):
        torch.testing.assert_close(ours(), theirs(), rtol=1e-4, atol=1e-6)


def test_the_plain_loop_has_torchs_own_layers() -> None:
    built = worker.networks("vaegan", config.load())
    assert any(type(layer) is Linear for layer in built.modules())
    kinds = {type(layer) for layer in worker.as_usual(built).modules()}
    assert nn.Linear in kinds
    assert Linear not in kinds


def test_features_are_timed_in_turn() -> None:
    calls: list[str] = []
    row, share = features._one_thread(
        lambda: calls.append("ours"), lambda: calls.append("theirs"), 10, "nothing", 1.0
    )
    assert calls == ["ours", "theirs"] * (1 + features.REPETITIONS)
    assert row["ratio"]["median"] > 0
    assert share >= 0


@linux
def test_memory_counts_what_the_training_holds() -> None:
    images = worker.training_images()[0]
    found = memory.of_process(worker.Spec("vae", True, 1, config.load()))
    assert found > images.numel() * 4 / 2**20


def test_the_scaled_networks_are_the_wide_ones() -> None:
    wide = build.create(
        "gan", contract.NetworksParams(architecture="wide", latent_dim=growth.LATENT), seed=0
    )
    for width, times in ((1.0, 1.0), (2.0, 2.0)):
        scaled = growth.scaled(width)
        assert [type(layer) for layer in scaled.modules()] == [type(m) for m in wide.modules()]
        hidden = [m.out_features for m in scaled.modules() if isinstance(m, nn.Linear)]
        expected = [m.out_features for m in wide.modules() if isinstance(m, nn.Linear)]
        ends = {784, 1}
        assert hidden == [n if n in ends else round(times * n) for n in expected]


@linux
def test_growth_measures_one_and_two_trainings() -> None:
    for trainings in (1, 2):
        point = growth.Point(images=2000, batch_size=64, width=0.25, trainings=trainings)
        found = growth.measured(point, 0.1)
        images = 2000 * trainings
        assert found["epoch_seconds"] == pytest.approx(images / found["images_per_second"])
        assert found["mib"] > images * 784 * 4 / 2**20


def test_growth_is_drawn_for_every_axis() -> None:
    rows = [
        {"axis": axis, **dict.fromkeys(growth.AXES, 1), axis: number,
         "images_per_second": 10.0, "epoch_seconds": 1.0 * number, "mib": 5.0}
        for axis, numbers in growth.AXES.items()
        for number in numbers
    ]  # fmt: skip
    drawn = growth.figure(pd.DataFrame(rows))
    assert [ax.get_title() for ax in drawn.axes[:4]] == list(growth.TITLES.values())


def test_the_shares_of_a_step_are_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "STEPS", 3)
    loop = worker.ganvae_loop(
        worker.Spec("gan", True, 1, values()),
        torch.rand(300, 1, 28, 28) * 2 - 1,
        torch.zeros(300, dtype=torch.int64),
    )
    found = profile.shares(lambda: next(loop))
    assert math.isclose(sum(found.values()), 1, rel_tol=1e-6)
    assert all(share >= 0 for share in found.values())
    assert found["matrix products"] > 0.05
    assert found["optimizer"] > 0.01


def test_all_cores_and_one_train_the_same_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, list[str]]] = []
    original = executor.run

    def watched(todo: Any, *arguments: Any) -> None:
        seen.append((executor.workers(0), [job.label for job in todo]))
        original(todo, *arguments)

    monkeypatch.setattr(executor, "run", watched)
    monkeypatch.setattr(parallel, "SEEDS", [0])
    images = torch.rand(300, 1, 28, 28) * 2 - 1
    labels = torch.zeros(300, dtype=torch.int64)
    monkeypatch.setattr(parallel, "training_images", lambda: (images, labels))
    monkeypatch.chdir(project.ROOT)
    ((name, row, _),) = parallel.measured(config.load(), 1.0, "study/")
    assert name == parallel.NAME
    assert [workers for workers, _ in seen] == [executor.cores(), 1]
    assert seen[0][1] == seen[1][1]
    assert len(seen[0][1]) == len(config.load()["models"])
    assert row["ratio"]["median"] > 0
