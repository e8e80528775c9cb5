"""A job's process is there as long as somebody wants the job, and not where its code is another."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvae.jobs import attend

# says that it runs and by whom it is attended; ends when it is asked to
JOB = (
    "import os, pathlib, signal, sys, time;"
    "signal.signal(signal.SIGTERM, lambda *a: (pathlib.Path('stopped').touch(), sys.exit(130)));"
    "pathlib.Path('started').write_text(os.environ['GANVAE_PARENT'] + os.environ['WORD']);"
    "time.sleep(60)"
)


def write(folder: Path, command: str = JOB, sources: dict[str, str] | None = None) -> Path:
    order = folder / "order.json"
    content = {
        "id": "one",
        "command": [sys.executable, "-c", command],
        "folder": str(folder),
        "environment": {"WORD": " word"},
        "sources": sources or {},
    }
    order.write_text(json.dumps(content))
    return order


def attended_until(folder: Path, order: Path, change: Callable[[], object]) -> float:
    """Attends the job, changes something once it runs; the seconds from then to its end."""
    thread = threading.Thread(target=attend.attend, args=[order])
    thread.start()
    end = time.monotonic() + 60
    while not (folder / "started").exists():
        assert time.monotonic() < end, "the job does not start"
        time.sleep(0.02)
    start = time.monotonic()
    change()
    thread.join(30)
    assert not thread.is_alive()
    return time.monotonic() - start


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_job_whose_order_is_gone_or_another_one_is_stopped(
    tmp_path: Path, taken_over: bool
) -> None:
    order = write(tmp_path)
    other = order.read_text().replace("one", "two")
    change = (lambda: order.write_text(other)) if taken_over else order.unlink
    assert attended_until(tmp_path, order, change) < 20
    assert (tmp_path / "stopped").exists()
    assert (tmp_path / "started").read_text() == f"{os.getpid()} word"


def test_a_job_that_no_stage_holds_any_more_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attend, "LOST_SECONDS", 2.0)
    order = write(tmp_path)

    def hold_for_three_seconds() -> None:
        for _ in range(15):
            time.sleep(0.2)
            os.utime(order)
            assert not (tmp_path / "stopped").exists()

    seconds = attended_until(tmp_path, order, hold_for_three_seconds)
    assert 5 < seconds < 40
    assert (tmp_path / "stopped").exists()


def test_a_job_of_other_sources_or_without_an_order_is_not_started(tmp_path: Path) -> None:
    source = tmp_path / "code.py"
    source.write_text("a = 1")
    before = attend.digests([str(source)])
    source.write_text("a = 2")
    order = write(tmp_path, sources=before)
    attend.attend(order)
    order.unlink()
    attend.attend(order)
    source.unlink()
    assert attend.digests([str(source)]) == {str(source): ""}
    attend.attend(write(tmp_path, sources=before))
    assert not (tmp_path / "started").exists()


def test_the_status_of_a_job_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        attend.attend(write(tmp_path, "import sys; sys.exit(3)"))
    assert caught.value.returncode == 3
