"""The metrics' benchmark compares the same numbers, says which limit was passed, and reports both.

Not what anything takes: that is the benchmark's own to say, on a machine without other work.
"""

import ast
import gc
import json
import multiprocessing
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import measure, metric_figure, metric_tables, metrics
from benchmarks.measure import TINY, Cost, Limits, Spec, cost, measured
from benchmarks.metric_cases import ALONE, CASES, OURS, REFERENCES
from ganvae.figures import style
from tests.project import ROOT

AMPLE = Limits(gib=4, seconds=100)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:The `disp` argument is deprecated:DeprecationWarning"  # called by pytorch-fid
    ),
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in the measuring processes; the threads of numpy's library would wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize(
    ("metric", "side"), [(metric, side) for metric in CASES for side in CASES[metric].references]
)
def test_both_sides_take_the_same_number(metric: str, side: str) -> None:
    case = CASES[metric]
    inputs = case.inputs(TINY)
    ours, theirs = case.ours(*inputs), case.side(side).call(*inputs)
    shared = ours.keys() & theirs.keys()
    assert shared
    for name in shared:
        tolerance = case.side(side).tolerance
        assert metrics.difference(theirs[name], ours[name]) <= tolerance, name
        assert np.isfinite(ours[name])
    assert case.side(side).differs


def test_the_numbers_are_no_limiting_cases() -> None:
    """Two sides that both say 0 or 1 whatever they are given would agree too."""
    shares = CASES["precision, recall, density, coverage"]
    found = shares.ours(*shares.inputs(TINY)) | CASES["memorization"].ours(
        *CASES["memorization"].inputs(TINY)
    )
    for name in ("precision", "recall", "coverage", "memorization"):
        assert 0.1 < found[name] < 0.95, name


def test_every_metric_is_measured() -> None:
    """A new file in ganvae/metrics needs a case, unless it is a helper."""
    helpers = {"__init__", "inputs", "neighbours"}
    there = {file.stem for file in (ROOT / "src/ganvae/metrics").glob("*.py")} - helpers
    tree = ast.parse((ROOT / "benchmarks/metric_ours.py").read_text(encoding="utf-8"))
    modules = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {f"ganvae.metrics.{name}" for name in there} <= modules
    called = {case.ours.__name__ for case in CASES.values()}
    written = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert called == written
    assert {metric for metric, *_ in REFERENCES} | set(ALONE) == set(CASES)
    assert all(bool(case.alone) != bool(case.references) for case in CASES.values())


def memory_of_a_call(answer: Connection) -> None:
    """In a process of its own, with garbage from before the call that is only collected in it."""
    gc.disable()
    garbage: list[object] = [np.ones(20_000_000)]
    garbage.append(garbage)
    del garbage

    def call() -> dict[str, float]:
        gc.collect()
        return {"sum": float(np.ones(8_000_000).sum())}  # 61 MiB, free again at the end

    answer.send(cost(call))


@linux
def test_memory_is_what_a_call_adds_at_its_peak() -> None:
    context = multiprocessing.get_context("spawn")  # other tests' threads have memory of their own
    ours, theirs = context.Pipe()
    process = context.Process(target=memory_of_a_call, args=(theirs,))
    process.start()
    assert ours.poll(100)
    found = ours.recv()
    process.join()
    assert found.mib == pytest.approx(61, abs=4)
    assert found.values == {"sum": 8e6}
    assert found.calls >= 3


@linux
def test_a_process_of_its_own_measures_one_side() -> None:
    found = measured(Spec("importance-weighted bound", OURS, 20000, threads=1), AMPLE)
    assert isinstance(found, Cost)
    assert found.mib > 7  # the log weights as float64
    assert found.seconds > 0
    case = CASES["importance-weighted bound"]
    assert found.values == pytest.approx(case.ours(*case.inputs(20000)), rel=1e-9)


@linux
@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(gib=0.02, seconds=100), "more than 0.02 GiB"),
        (Limits(gib=4, seconds=0.05), "more than 0.05 s"),
    ],
)
def test_a_limit_is_a_reason_instead_of_a_number(limits: Limits, reason: str) -> None:
    spec = Spec("precision, recall, density, coverage", "prdc", 4000, threads=1)
    assert measured(spec, limits) == reason


def a_cost(**values: float) -> Cost:
    return Cost(seconds=0.25, calls=3, mib=40.0, core_share=0.97, values=values)


def test_a_side_that_passed_a_limit_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def measured(spec: Spec, limits: Limits) -> Cost | str:
        asked.append((spec.side, spec.images))
        return a_cost(fid=3.0) if spec.side != "pytorch-fid" else "more than 8 GiB"

    monkeypatch.setattr(measure, "measured", measured)
    found = metrics.measure_metric("FID", [1000, 5000], 1, AMPLE)
    reasons = {(one["side"], one["images"]): one.get("reason") for one in found}
    assert reasons["pytorch-fid", 1000] == "more than 8 GiB"
    assert reasons["pytorch-fid", 5000] == "more than 8 GiB, at 1,000 images already"
    assert reasons["torchmetrics", 5000] is None
    assert ("pytorch-fid", 5000) not in asked
    assert len(asked) == 5


def test_another_result_has_no_cost() -> None:
    spec = Spec("FID", "pytorch-fid", 1000, 1)
    ours = {"fid": 3.0}
    same = metrics.entry(spec, a_cost(fid=3.0 + 1e-9), ours)
    assert same["seconds"] == 0.25
    assert 0 < same["difference"] < 1e-8
    other = metrics.entry(spec, a_cost(fid=3.1), ours)
    assert other["reason"] == "another result, fid 3.1 instead of 3"
    assert "seconds" not in other


def test_report_tables_and_figure() -> None:
    found = [
        metrics.entry(Spec(metric, side, images, 1), a_cost(), {})
        for metric, case in CASES.items()
        for images in (1000, 50000)
        for side in case.sides
    ]
    gone = Spec("FID", "torchmetrics", 50000, 1)
    found = [one for one in found if (one["side"], one["images"]) != (gone.side, gone.images)]
    found += [
        metrics.entry(Spec(metric, gone.side, gone.images, 1), "more than 8 GiB", {})
        for metric, case in CASES.items()
        if gone.side in case.references
    ]
    report = metrics.report(found, 1, metrics.LIMITS)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["machine"]["least_core_share"] == 0.97
    assert set(report["versions"]) >= {"torch", "pytorch-fid", "torch-fidelity", "prdc"}
    for table in (metric_tables.comparison(report), metric_tables.growth(report)):
        lines = [line for line in table.splitlines() if line.startswith("|")]
        assert len({line.count(" | ") for line in lines}) == 1
        assert "more than 8 GiB" in table
        assert all(any(line.startswith(f"| {metric} |") for line in lines) for metric in CASES)
    png = style.to_png(metric_figure.growth(report, dpi=20))
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [(30.0, 10.0, "3"), (0.5, 0.25, ""), (0.5, 20.0, "< 0.05"), (1234.0, 0.0, "> 1200")],
)
def test_memory_too_small_to_tell_gives_a_bound(theirs: float, ours: float, expected: str) -> None:
    assert metric_tables.ratio({"mib": theirs}, {"mib": ours}, "mib") == expected


def test_numbers_have_two_digits_and_no_exponent() -> None:
    shown = [metric_tables.number(value) for value in (0.0000123, 0.0456, 1.0, 12.34, 7654.3)]
    assert shown == ["0.000012", "0.046", "1", "12", "7700"]
