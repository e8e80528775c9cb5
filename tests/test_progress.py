"""What is seen of trainings under way."""

import os
from pathlib import Path

import pytest

from ganvae.jobs import live, progress
from ganvae.jobs.executor import Job


def test_lines_now_and_then_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr("ganvae.jobs.progress.time.monotonic", lambda: now[0])
    display = progress.Display([Job("gan seed 2", [], tmp_path, {}, {})])
    display.watch()  # not started yet
    # it goes on from step 1000, with 100 steps a second
    for number, seconds in enumerate((0, 10, 31, 40, 62)):
        now[0] = 110.0 + seconds
        losses = {"generator.loss": 0.5, "discriminator.loss": 1.25}
        done = 1000 + 100 * seconds
        progress.report(tmp_path, done=done, total=10_300, batch_size=64, losses=losses)
        os.utime(tmp_path / progress.FILE, (number + 1, number + 1))
        display.watch()
    display.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "gan seed 2: step 4,100 of 10,300, generator.loss 0.5 discriminator.loss 1.25, "
        "6400 images/s, 01:02 left",
        "gan seed 2: step 7,200 of 10,300, generator.loss 0.5 discriminator.loss 1.25, "
        "6400 images/s, 00:31 left",
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorBoard's own imports
def test_curves_in_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert live.curves("gan/seed_0") is None
    monkeypatch.setenv("GANVAE_TENSORBOARD", str(tmp_path / "live"))
    curves = live.curves("gan/seed_0")
    assert curves
    rows = [{"step": step, "generator.loss": 1 / step} for step in (1, 2, 4)]
    for known in (rows[:1], rows[:1], rows):  # as a training reports: now and then a row is new
        curves.add(known, batch_size=64)
    read = EventAccumulator(str(tmp_path / "live" / "gan" / "seed_0"))
    read.Reload()
    assert [(e.step, e.value) for e in read.Scalars("generator.loss")] == [
        (64, 1.0), (128, 0.5), (256, 0.25),
    ]  # fmt: skip
