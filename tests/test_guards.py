"""Every stage refuses what it made if something that it reads was edited meanwhile."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ganvae.core.imageset import CPU
from ganvae.errors import UserError
from ganvae.judging import classifier
from stages import (
    check_params,
    compare,
    download,
    evaluate,
    evaluate_real,
    preprocess,
    report,
    train_classifier,
)
from tests import inside, project
from tests.demo_run import Demo

JUDGE = Path("data/classifier/weights.safetensors")

# a stage, its argument, what it calls once it has read, what is edited then, where its result lies
STAGES: list[tuple[ModuleType, list[str], str, str, str]] = [
    (download, [], "sources.write_raw", "params.yaml", "data/raw"),
    (preprocess, [], "scaled", "data/raw/train-labels-idx1-ubyte", "data/processed"),
    (train_classifier, [], "classifier.train", "params.yaml", "data/classifier"),
    (train_classifier, [], "classifier.train", "data/processed/test.safetensors", "metrics"),
    (evaluate_real, [], "_measured", "data/classifier/real.safetensors", "data/evaluation"),
    (evaluate, ["gan"], "evaluate", "data/models/gan/status/seed_0.json", "data/evaluation"),
    (evaluate, ["gan"], "evaluate", "data/processed/train.safetensors", "metrics"),
    (compare, [], "summary.rows", "data/evaluation/gan/new.json", "metrics"),
    (compare, [], "summary.rows", "metrics/classifier.json", "plots"),
    (check_params, [], "check", "params.yaml", "data/params_checked"),
    (report, [], "study.of_folder", "plots/samples.png", "reports"),
]
# what would take long returns this instead
QUICK: dict[str, Callable[[], Any]] = {
    "classifier.train": lambda: classifier.load(JUDGE, CPU),
    "_measured": lambda: ({}, {}),
    "evaluate": lambda: ({"seeds": {}}, {}),
    "study.of_folder": lambda: "a page",
}


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished digits' study, to be changed."""
    copy = tmp_path_factory.mktemp("guards") / "study"
    shutil.copytree(demo.folder, copy, ignore=shutil.ignore_patterns(".dvc", "dvc_plots"))
    return copy


@pytest.mark.parametrize(
    ("stage", "arguments", "called", "edited", "made"),
    STAGES,
    ids=[f"{stage.__name__.removeprefix('stages.')}-{edited}" for stage, *_, edited, _ in STAGES],
)
def test_an_edit_meanwhile_is_refused(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: ModuleType,
    arguments: list[str],
    called: str,
    edited: str,
    made: str,
) -> None:
    owner, name = stage, called
    if "." in called:
        module, name = called.split(".")
        owner = getattr(stage, module)
    original, file = getattr(owner, name), folder / edited
    content = file.read_bytes() if file.exists() else None
    before = project.contents(folder / made)

    def edit(*given: Any, **named: Any) -> Any:
        found = QUICK[called]() if called in QUICK else original(*given, **named)
        file.write_bytes((content or b"") + b"\n")
        return found

    monkeypatch.setattr(owner, name, edit)
    with pytest.raises(UserError, match=f"{file.name}: edited meanwhile"):
        inside.call(folder, stage.main, *arguments)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert project.contents(folder / made) == before


SCRIPT = """
import sys
from pathlib import Path
from ganvae import errors  # as every stage does first
read, edited = Path(sys.argv[1]), sys.argv[2:]
for file in edited:
    Path(file).touch()
from ganvae.jobs import edits
def main():
    with edits.unedited([read]):
        print("made")
errors.run(main)
"""


def test_code_that_was_edited_while_a_stage_imported_is_refused(tmp_path: Path) -> None:
    code, data = tmp_path / "code.py", tmp_path / "data.json"
    namesake = tmp_path / "later" / "code.py"
    namesake.parent.mkdir()
    for file in (code, data, namesake):
        file.write_text("")
    future = tmp_path / "of_a_wrong_clock.py"
    future.write_text("")
    os.utime(future, (2**32, 2**32))
    ended = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), *map(str, edited)],
            capture_output=True, text=True,
        )
        for edited in ([], [data], [code])
    ]  # fmt: skip
    assert [(done.returncode, done.stdout) for done in ended] == [(0, "made\n")] * 2 + [(1, "")]
    assert ended[2].stderr == "error: code.py: edited meanwhile; run dvc repro again\n"
