"""Every command of the benchmarks in its smallest form; nightly tests see to what they measure."""

import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest

from benchmarks import bench, dispatch, gpu, growth, measure, metrics, profile, rows
from benchmarks.metric_cases import CASES
from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.jobs import executor
from tests.project import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
CEILINGS = {"fp32": 220.0, "fp32, torch.mm": 100.0, "bf16": 460.0}


def test_bench_and_its_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    ratios = iter([2.0, 1.9, 1.0])

    def group(values: Any, seconds: float, only: str) -> rows.Measured:
        found = rows.row([next(ratios)], [1.0], unit="s", against="nothing", target=None)
        yield "train/none", found, 1.0

    monkeypatch.setattr(bench, "RESULT", file)
    monkeypatch.setattr(bench, "ceiling", lambda: CEILINGS)
    monkeypatch.setattr(bench, "GROUPS", (group,))
    monkeypatch.setattr("sys.argv", ["bench"])
    bench.main()
    (written,) = storage.read_json(file)["reports"]
    assert written["rows"]["train/none"]["ratio"]["median"] == 2
    monkeypatch.setattr("sys.argv", ["bench", "--check"])
    bench.main()
    assert "no ratio has fallen by more than 15%" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"train/none: 1\.00, was 2\.00"):
        bench.main()


@linux
def test_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(spec: measure.Spec, limits: measure.Limits) -> measure.Cost:
        case = CASES[spec.metric]
        inputs = case.inputs(spec.images)
        return measure.cost(lambda: case.side(spec.side).call(*inputs))

    monkeypatch.setattr(measure, "measured", measured)  # without a process for each
    monkeypatch.setattr(metrics, "RESULT", tmp_path / "metrics.json")
    monkeypatch.setattr(metrics, "FIGURE", tmp_path / "metrics.png")
    monkeypatch.setattr("sys.argv", ["metrics", "--images", "700", "--metrics", "active units"])
    for variable in metrics.THREAD_VARIABLES:
        monkeypatch.setenv(variable, "1")
    metrics.main()
    measured = storage.read_json(tmp_path / "metrics.json")["measurements"]
    assert [(one["side"], one["difference"]) for one in measured] == [("ganvae", 0), ("numpy", 0)]
    assert "`var` and a comparison; float32" in capsys.readouterr().out
    assert (tmp_path / "metrics.png").exists()


def test_gpu_says_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAE_DEVICE", "cpu")
    monkeypatch.setattr("sys.argv", ["gpu"])
    with pytest.raises(UserError, match="no CUDA device here"):
        gpu.main()


@pytest.mark.gpu
def test_gpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu, "STEPS", 10)
    monkeypatch.setattr(gpu, "SEEDS", 2)
    monkeypatch.setattr("sys.argv", ["gpu"])
    gpu.main()
    assert "2 seeds at once take" in capsys.readouterr().out


@linux
def test_growth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(point: growth.Point, seconds: float) -> dict[str, float]:
        return {"images_per_second": 10.0, "epoch_seconds": point.images / 10, "mib": 5.0}

    monkeypatch.setattr(growth, "measured", measured)
    monkeypatch.setattr(growth, "CSV", tmp_path / "growth.csv")
    monkeypatch.setattr(growth, "PNG", tmp_path / "growth.png")
    committed = pd.read_csv(ROOT / "benchmarks/results/growth.csv")
    monkeypatch.setattr("sys.argv", ["growth"])
    growth.main()
    written = pd.read_csv(tmp_path / "growth.csv")
    what = ["axis", *growth.AXES]
    pd.testing.assert_frame_equal(written[what], committed[what])
    assert list(written) == list(committed)
    assert (tmp_path / "growth.png").exists()


def test_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"IMAGES": 256, "WARM_UP": 1, "STEPS": 1, "REPETITIONS": 2, "SIZE": 64}
    for name, value in small.items():
        monkeypatch.setattr(profile, name, value)
    values = config.load()
    values["models"] = {"vae": values["models"]["vae"]}
    monkeypatch.setattr(config, "load", lambda: values)
    monkeypatch.setattr(profile, "RESULT", tmp_path / "profile.json")
    monkeypatch.setattr("sys.argv", ["profile", "--write", "--networks", "mi2018"])
    profile.main()
    steps = storage.read_json(tmp_path / "profile.json")["steps"]
    assert [(one["model"], one["precision"]) for one in steps] == [("vae", "fp32"), ("vae", "bf16")]
    lines = capsys.readouterr().out.splitlines()[-4:]
    assert len({line.count("|") for line in lines}) == 1


def test_dispatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str | None]] = []

    def cost(count: int) -> dict[str, float]:
        asked.append((count, os.environ.get(executor.CLUSTER)))
        return {"once": 1.0, "per_job": 0.5}

    cluster = MagicMock()
    cluster.return_value.scheduler_address = "tcp://127.0.0.1:1"
    monkeypatch.delenv(executor.CLUSTER, raising=False)
    monkeypatch.setattr(dispatch, "SubprocessCluster", cluster)
    monkeypatch.setattr(dispatch, "RESULT", tmp_path / "dispatch.json")
    monkeypatch.setattr(dispatch, "cost", cost)
    monkeypatch.setattr(dispatch, "start", lambda: 2.5)
    monkeypatch.setattr("sys.argv", ["dispatch", "--jobs", "99"])
    dispatch.main()
    assert asked == [(99, None), (99, "tcp://127.0.0.1:1")]
    written, committed = (
        storage.read_json(file)
        for file in (tmp_path / "dispatch.json", ROOT / "benchmarks/results/dispatch.json")
    )
    assert written.keys() == committed.keys()
    assert written["seconds"].keys() == committed["seconds"].keys()


@pytest.mark.slow
def test_dispatch_through_a_real_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(executor.CLUSTER, raising=False)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(dispatch, "RESULT", tmp_path / "dispatch.json")
    monkeypatch.setattr(dispatch, "REPETITIONS", 1)
    monkeypatch.setattr("sys.argv", ["dispatch", "--jobs", str(executor.cores() + 1)])
    dispatch.main()
    written = storage.read_json(tmp_path / "dispatch.json")
    assert set(written["seconds"]) == {"local", "dask"}
    assert written["seconds_to_start_a_training"] > 0
    assert executor.CLUSTER not in os.environ
