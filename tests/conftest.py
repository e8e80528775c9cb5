"""What all tests share: one thread, examples that do not vary between runs, double precision.

And one run of the whole pipeline, which serves every test that needs one.
"""

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from tests import demo_run, nightly
from tests.demo_run import Demo

torch.set_num_threads(1)

settings.register_profile("repeatable", database=None, deadline=None, derandomize=True)
settings.load_profile("repeatable")


# Files in the order in which xdist deals them out: the demo takes longest, beside it run long ones
# that do not need it, the next find it done, and many short ones fill what is left.
FIRST = (
    "test_demo", "test_own_pipeline", "test_papers_pipeline", "test_study", "test_report_mi2018",
    "test_survival", "test_evaluation", "test_map", "test_experiments",
    "test_pipeline", "test_papers_apart", "test_sixth_model",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Says which tests are slow, and puts the long ones first."""
    nightly.mark(items)
    rank = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(FIRST)))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The digits' study by `make demo`, of all xdist's workers the first one's."""
    base = tmp_path_factory.getbasetemp()
    scratch = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    scratch.mkdir(exist_ok=True)
    with FileLock(scratch / "lock"):
        return demo_run.once(scratch)


@pytest.fixture(autouse=True)
def torch_modes() -> Iterator[None]:
    """What a test's call of `machine.use_one_thread` changed is as before."""
    yield
    torch.set_flush_denormal(False)
    torch.set_deterministic_debug_mode("default")


@pytest.fixture(autouse=True, scope="session")
def no_arguments() -> Iterator[None]:
    """A stage's `main` that a test calls would take pytest's own words for its own."""
    with mock.patch("sys.argv", ["stage"]):
        yield


@pytest.fixture
def float64() -> Iterator[None]:
    """Networks and noise made in the test are float64: equal formulas then agree to 1e-10."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Paper -> its report; each paper's systems are trained once a session."""
    from tests import paper_results

    return paper_results.reports(tmp_path_factory.mktemp("papers") / "project")


@pytest.fixture(scope="module")
def made(papers: Any, request: pytest.FixtureRequest) -> Any:
    """The report of the paper that a file of tests is named after."""
    return papers(request.path.stem.removeprefix("test_report_"))


@pytest.fixture
def results(made: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its systems, in the project that they lie in."""
    monkeypatch.chdir(made.folder)
    return made.results
