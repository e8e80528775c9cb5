"""Every stage script says how it is used, and refuses words that it does not take."""

import importlib
from pathlib import Path

import pytest

from ganvae.errors import UserError
from tests.project import ROOT

STAGES = sorted(file.stem for file in (ROOT / "stages").glob("*.py") if file.stem != "__init__")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", STAGES)
def test_help_is_the_usage_and_the_docstring(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage = importlib.import_module(f"stages.{name}")
    for option in ("--help", "-h"):
        monkeypatch.setattr("sys.argv", [name, option])
        with pytest.raises(SystemExit) as ended:
            stage.main()
        assert not ended.value.code
        usage, _, about = capsys.readouterr().out.partition("\n\n")
        assert usage.startswith(f"usage: python -m stages.{name}")
        assert about.strip() == stage.__doc__.strip()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [list("abcdefgh"), ["--frobnicate"]], ids=" ".join)
@pytest.mark.parametrize("name", STAGES)
def test_stray_words_are_one_line(
    name: str, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if name == "study" and words[0].isalpha():
        pytest.skip("it takes any number of words")
    monkeypatch.setattr("sys.argv", [name, *words])
    with pytest.raises(UserError) as error:
        importlib.import_module(f"stages.{name}").main()
    assert str(error.value).startswith(f"usage: python -m stages.{name}")
    assert "params.yaml" not in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["train", "evaluate", "beside", "paper_report", "train_one", "attend"]
)
def test_a_missing_word_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [name])
    with pytest.raises(UserError, match=rf"^usage: python -m stages\.{name} <"):
        importlib.import_module(f"stages.{name}").main()
