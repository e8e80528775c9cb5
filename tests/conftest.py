"""What all tests share: one thread, examples that do not vary between runs, double precision.

And one run of the whole pipeline, which serves every test that needs one.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from tests import demo_run, nightly
from tests.demo_run import Demo

torch.set_num_threads(1)

settings.register_profile("repeatable", database=None, deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The demo first, as it takes longest: other files run beside it, the rest find it done."""
    nightly.mark(items)
    items.sort(key=lambda item: item.path.stem != "test_demo")


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
    torch.use_deterministic_algorithms(False)


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
