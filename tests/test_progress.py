"""What is seen of trainings under way."""

import os
from pathlib import Path

import pytest

from ganvae.jobs import progress
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
