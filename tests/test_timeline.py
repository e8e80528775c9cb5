"""When a generator counts as collapsed, and from which snapshot on."""

import math

import pytest

from ganvae.evaluation.timeline import collapsed_at, is_collapsed

FINE, FEW = math.log(8), math.log(3)


def test_fewer_effective_classes_than_asked_for_are_a_collapse() -> None:
    assert is_collapsed(math.log(4.999), 5)
    assert not is_collapsed(math.log(5.001), 5)
    assert is_collapsed(0.0, 1.1), "one class is one effective class"


@pytest.mark.parametrize(
    ("entropies", "step"),
    [
        ([FINE, FINE], None),
        ([FEW, FINE], None),  # it had not learned the others yet
        ([FINE, FEW, FEW], 20),
        ([FINE, FEW, FINE, FEW], 40),  # what it recovered from does not count
        ([FEW, FEW], 10),
        ([], None),
    ],
)
def test_a_collapse_begins_after_the_last_snapshot_without(
    entropies: list[float], step: int | None
) -> None:
    entries = [{"step": 10 * (i + 1), "class_entropy": h} for i, h in enumerate(entropies)]
    assert collapsed_at(entries, 5.0) == step
