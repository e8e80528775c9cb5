"""A minute of each of the drivers in `tests/faults`; docs/reliability.md has their long runs."""

import pytest

from tests.faults import inputs, kills, writes


def test_spoiled_files_are_read_or_refused_with_one_line() -> None:
    assert inputs.main(4000, seed=1, seconds=60) == 0


def test_every_write_of_the_first_stages_fails_in_turn() -> None:
    assert writes.main(["download", "preprocess"]) == 0


@pytest.mark.slow
def test_every_write_fails_in_turn() -> None:
    assert writes.main(["train_classifier", "train", "evaluate"]) == 0


@pytest.mark.touching(
    "src/ganvae/core/storage.py", "src/ganvae/jobs/", "src/ganvae/errors.py", "stages/mend.py",
    "tests/faults/kills.py",
)  # fmt: skip
def test_killed_runs_go_on_to_the_same_bytes() -> None:
    assert kills.main(3, seed=1, targets=["evaluate@vae"]) == 0
