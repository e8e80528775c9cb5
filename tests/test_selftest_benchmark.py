"""How often the self-test cries wolf: the command that draws subsets of real images."""

import sys
from pathlib import Path

import pytest

from benchmarks import selftest
from ganvae.core import config
from ganvae.data import sources
from tests.idx_files import CONVERSION
from tests.project import ROOT


def test_the_report_names_what_failed_and_how_often() -> None:
    text = selftest.report(500, 20, {"recall": 1}, {"precision on mixed": 3, "kid on mixed": 2})
    assert text.splitlines() == [
        "500 images, 20 draws:",
        "  moved: recall 1",
        "  not seen: kid on mixed 2, precision on mixed 3",
    ]
    assert "moved: never" in selftest.report(500, 20, {}, {})


@pytest.mark.slow
def test_the_command_on_the_bundled_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.write_raw(sources.DataParams(name="digits", folder=None, **CONVERSION), tmp_path)
    values = config.overlay(config.load(ROOT / "params.yaml"), {"classifier": {"epochs": 1}})
    monkeypatch.setattr(config, "load", lambda: values)
    monkeypatch.setattr(selftest, "COUNTS", (100,))
    monkeypatch.setattr(selftest, "POOL", 1000)
    monkeypatch.setattr(sys, "argv", ["selftest", str(tmp_path), "--draws", "1"])
    selftest.main()
    said = capsys.readouterr().out
    assert said.startswith("judge of 1000 images: test accuracy 0.")
    assert "100 images, 1 draws:\n  moved: " in said
