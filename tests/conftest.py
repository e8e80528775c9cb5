"""What all tests share: one thread, examples that do not vary between runs, double precision."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)

settings.register_profile("repeatable", database=None, deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def torch_modes() -> Iterator[None]:
    """What a test's call of `runtime.use_one_thread` changed is as before."""
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
