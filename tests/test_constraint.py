"""The condition L_gan <= d as a history tells it, held against the updates behind the history."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvae.comparison import constraint
from ganvae.training.history import History

D = 0.75
STEPS, EVERY = st.integers(1, 1300), st.integers(1, 5)


def recorded(total: int, every: int) -> tuple[pd.DataFrame, dict[int, float]]:
    """A history as the training loop writes it, and L_gan at each step with an update.

    L_gan is an eighth of an integer: a float32 holds it exactly.
    """
    history = History(total_steps=total)
    levels = np.random.default_rng(total).integers(0, 16, total) / 8
    updates = {}
    for step in range(1, total + 1):
        if step % every == 0:
            l_gan = torch.tensor(levels[step - 1])
            updates[step] = float(l_gan)
            records = {"l_gan": l_gan, "active": (l_gan > D).float()}
            history.add(step, "autoencoder", l_gan, records)
        history.end_step(step)
    table = pd.DataFrame(history.rows)
    return table.assign(images_seen=table["step"] * 64), updates


@given(total=STEPS, every=EVERY)
def test_the_share_counts_updates_not_rows(total: int, every: int) -> None:
    history, updates = recorded(total, every)
    share = constraint.active_share(history, every)
    if not updates:
        assert share is None
    else:
        active = [l_gan > D for l_gan in updates.values()]
        assert share == pytest.approx(sum(active) / len(active), abs=1e-12)


@given(total=STEPS, every=EVERY)
def test_the_final_excess_is_that_of_the_last_rows_updates(total: int, every: int) -> None:
    history, updates = recorded(total, every)
    final = constraint.final_excess(history, D, every)
    before = max((s for s in history["step"] if s <= 0.95 * total), default=0)
    late = [l_gan for step, l_gan in updates.items() if step > before]
    if not late:
        assert final is None
    else:
        assert final == pytest.approx(sum(late) / len(late) - D, abs=1e-12)


def test_a_short_last_row_weighs_less() -> None:
    history = pd.DataFrame({"step": [3, 6, 7], "autoencoder.active": [0.0, 1 / 3, 1.0]})
    assert constraint.active_share(history) == pytest.approx(2 / 7, abs=1e-15)


def test_excess_is_one_row_per_row_with_an_update() -> None:
    history = pd.DataFrame({"step": [1, 2, 3], "images_seen": [64, 128, 192]})
    history["autoencoder.l_gan"] = [np.nan, 0.5, 2.0]
    history["autoencoder.active"] = [np.nan, 0.0, 1.0]
    table = constraint.excess(history, d=1.5)
    assert list(table.columns) == ["images_seen", "l_gan_minus_d", "active"]
    assert table.to_numpy().tolist() == [[128.0, -1.0, 0.0], [192.0, 0.5, 1.0]]
    assert list(table.index) == [0, 1]
    assert "autoencoder.l_gan" in history.columns, "the argument stays as it is"


@pytest.mark.parametrize("columns", [["step", "images_seen"], ["step", "images_seen", "a.loss"]])
@pytest.mark.parametrize("num_rows", [0, 2])
def test_another_models_history_says_nothing(columns: list[str], num_rows: int) -> None:
    history = pd.DataFrame(np.ones((num_rows, len(columns))), columns=columns)
    assert constraint.active_share(history) is None
    assert constraint.final_excess(history, D) is None
    empty = constraint.excess(history, D)
    assert list(empty.columns) == ["images_seen", "l_gan_minus_d", "active"]
    assert len(empty) == 0


def test_a_history_without_rows_says_nothing() -> None:
    columns = ["step", "images_seen", constraint.ACTIVE, constraint.L_GAN]
    history = pd.DataFrame(columns=columns)
    assert constraint.active_share(history) is None
    assert constraint.final_excess(history, D) is None
    assert constraint.excess(history, D).empty
