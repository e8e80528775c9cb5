"""The trials behind the default settings, and what architectures cost: both commands, small."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks import architectures, quality, tuning
from ganvae.core import config, storage
from ganvae.data import sources
from ganvae.errors import UserError
from stages.check_params import check
from tests.idx_files import CONVERSION
from tests.project import ROOT


def test_every_trial_is_valid_and_every_result_has_its_trial() -> None:
    params = config.load(ROOT / "params.yaml")
    trials = config.load(ROOT / tuning.TRIALS)
    for given in trials.values():
        check(config.overlay(params, given["over"]))
    for name, made in storage.read_json(ROOT / tuning.RESULT).items():
        assert (made["model"], made["over"]) == (trials[name]["model"], trials[name]["over"]), name


TRIALS = {
    "a": {"model": "vae", "over": {"train": {"ema": 0.5}}},
    "b": {"model": "gan", "over": {}},
}


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the digits as IDX files; what is tried on them is small, and written there."""
    sources.write_raw(sources.DataParams(name="digits", folder=None, **CONVERSION), tmp_path)
    loaded = {
        tuning.TRIALS: TRIALS,
        config.PARAMS_FILE: config.overlay(
            config.load(ROOT / "params.yaml"), {"classifier": {"epochs": 1}}
        ),
        quality.CONV: config.load(ROOT / "conv.yaml"),
    }
    monkeypatch.setattr(config, "load", lambda path=config.PARAMS_FILE: loaded[path])
    for name, value in {"HELD_OUT": 300, "TIMED": 3, "COMPONENTS": 2}.items():
        monkeypatch.setattr(tuning, name, value)
    monkeypatch.setattr(tuning, "JUDGE", tmp_path / "judge.safetensors")
    monkeypatch.setattr("ganvae.models.base.snapshots.IMAGES", 20)
    for module in (tuning, quality):
        monkeypatch.setattr(module, "RESULT", tmp_path / "r.json")
        monkeypatch.setattr(module, "LOCK", tmp_path / "lock")
        monkeypatch.setattr(module, "PAGE", page := tmp_path / "page.md")
    text = f"before\n{tuning.BEGIN}\nold\n{tuning.END}\n{quality.BEGIN}\n{quality.END}\nafter\n"
    page.write_text(text, "utf-8")
    return tmp_path


def test_trials_are_made_once_on_held_out_images(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for names in (["a"], []):
        monkeypatch.setattr(sys, "argv", ["tuning", str(digits), *names, "--seconds", "0.3"])
        tuning.main()
    found = storage.read_json(digits / "r.json")
    assert list(found) == ["a", "b"]
    assert capsys.readouterr().out.count("fid_classifier") == 2, "a is not made again"
    assert {"fid_classifier", "class_entropy", "sharpness", "negative_elbo"} < set(found["a"])
    assert found["a"]["over"] == TRIALS["a"]["over"]
    assert "fid_mixture" in found["a"]
    lines = (digits / "page.md").read_text("utf-8").splitlines()
    assert [line.split(" | ")[0] for line in lines if line[:2] == "| "][2:] == ["| a", "| b"]
    assert "old" not in lines
    assert "fid_mixture" not in found["b"]
    monkeypatch.setattr(sys, "argv", ["tuning", str(digits), "c"])
    with pytest.raises(UserError, match="no trial 'c'; there are: a, b"):
        tuning.main()


def test_wide_and_conv_at_equal_epochs_and_equal_seconds(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[float] = []

    def fitting(*given: Any) -> float:
        asked.append(given[-1])
        return 0.05

    monkeypatch.setattr(tuning, "fitting", fitting)
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["quality", str(digits), "vae", "gan", "--epochs", "0.1"])
        quality.main()
    assert capsys.readouterr().out.count("| gan |") == 1, "it is not made again"
    found = storage.read_json(digits / "r.json")
    assert list(found) == ["gan", "vae"], "in the order of params.yaml"
    wide, equal, timed = (
        found["vae"][kind] for kind in ("wide", "conv, equal epochs", "conv, equal core seconds")
    )
    assert wide["epochs"] == equal["epochs"] == 0.1
    assert timed["epochs"] == 0.05
    assert [round(seconds, 3) for seconds in asked] == [
        found[model]["wide"]["seconds"] for model in ("gan", "vae")
    ]
    assert len({each["fid_classifier"] for each in (wide, equal, timed)}) > 1
    rows = [r for r in (digits / "page.md").read_text("utf-8").splitlines() if r[:2] == "| "]
    assert rows[1:] == [quality.line(model, found[model]) for model in ("gan", "vae")]
    monkeypatch.setattr(sys, "argv", ["quality", str(digits), "vea"])
    with pytest.raises(UserError, match="no model 'vea'; there are: gan, wgan"):
        quality.main()


@pytest.mark.parametrize("module", [tuning, quality], ids=["tuning", "quality"])
def test_a_pages_table_is_that_of_the_file(module: ModuleType) -> None:
    page, result = (ROOT / module.PAGE).read_text("utf-8"), ROOT / module.RESULT
    made = storage.read_json(result) if result.exists() else {}
    assert page == module.with_table(page, made)


def test_the_costs_of_architectures_stand_in_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{architectures.BEGIN}\nold\n{architectures.END}\nafter\n", "utf-8")
    assert {"wide", "conv", "mi2018"} < set(architectures.names())
    monkeypatch.setattr(architectures, "names", lambda: ["conv", "ghosh2020_vae", "wide"])
    for name, value in {
        "RESULT": tmp_path / "r.json",
        "PAGE": page,
        "STEPS": 1,
        "ROUNDS": 2,
    }.items():
        monkeypatch.setattr(architectures, name, value)
    monkeypatch.setattr(sys, "argv", ["architectures"])
    monkeypatch.chdir(ROOT)
    architectures.main()
    found = storage.read_json(tmp_path / "r.json")["architectures"]
    assert list(found["ghosh2020_vae"]["models"]) == ["vae"]
    assert found["conv"]["options"] == config.load(ROOT / "conv.yaml")["networks"]["options"]
    assert found["wide"]["models"]["gan"]["parameters"] == 2006033
    lines = page.read_text("utf-8").splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert sum(line.startswith("| ") for line in lines) == 1 + len(found)
    assert "old" not in lines


def test_the_table_in_the_page_is_that_of_the_file() -> None:
    found = storage.read_json(ROOT / architectures.RESULT)["architectures"]
    page = (ROOT / architectures.PAGE).read_text("utf-8")
    assert page == architectures.with_table(page, found)
