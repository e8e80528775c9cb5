"""docs/own_images.md as a user types it: made shapes of three classes, and without labels."""

import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from ganvae.core import config, storage
from ganvae.errors import UserError
from stages import check_params, download
from tests import demo_run, inside, project
from tests.own_files import SHAPES, write_shapes
from tests.pipelines import TRAIN, ran
from tests.project import ROOT, command, succeed

DOCS = (ROOT / "docs" / "own_images.md").read_text(encoding="utf-8")
# `make study` with this interpreter's environment in the place of one that make would install
BIN = f"BIN={Path(sys.executable).parent}"
MODELS = ("gan", "vae")  # without and with an encoder; none of the five sees the classes
SMALL: dict[str, Any] = {
    "networks": {"latent_dim": 4},
    "train": {"batch_size": 32, "epochs": 1, "seeds": [0]},
    "classifier": {"epochs": 3, "batch_size": 32},
    "evaluate": {
        "images": 100, "importance_samples": 2, "inversion_images": 5, "inversion_steps": 5,
    },
}  # fmt: skip


def documented() -> list[str]:
    """The shell commands of the page, in its order; the first is that of the console block."""
    console = re.findall(r"```console\n(.*?)```", DOCS, re.DOTALL)
    lines = [line for block in console for line in block.splitlines() if line[:1] != "#"]
    lines = [line.partition("  ")[0] for line in lines]
    return [*lines, *re.findall(r"`((?:dvc|make|python) [^`]+)`", DOCS)]


def documented_block() -> dict[str, Any]:
    """The parameters of the page."""
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    values: dict[str, Any] = yaml.safe_load("\n".join(line[3:] for line in block.splitlines()))
    return values


def make(place: Path, **data: Any) -> Path:
    """A committed project with the page's parameters, laid over by `data`, and no images yet."""
    made = project.make(place, config.overlay(documented_block(), SMALL))
    project.set_params(made, {"data": data})
    left_out = TRAIN - {f"train_{model}" for model in MODELS}
    for name, section, keys in (
        ("params.yaml", "models", {stage.removeprefix("train_") for stage in left_out}),
        ("dvc.yaml", "stages", left_out),
    ):
        content = config.load(made / name)
        content[section] = {k: v for k, v in content[section].items() if k not in keys}
        storage.write_text(made / name, yaml.safe_dump(content, sort_keys=False))
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (made / name).write_bytes((ROOT / name).read_bytes())
    demo_run.commit(made, "As cloned")
    return made


def dvc(folder: Path, *arguments: str) -> str:
    return succeed(command(folder, sys.executable, "-m", "dvc", *arguments))


def typed(folder: Path, line: str) -> str:
    """What a documented command prints; it has to succeed."""
    program, *arguments = line.split()
    if program == "dvc":
        return dvc(folder, *arguments)
    if program == "make":
        return succeed(command(folder, "make", "-o", ".venv/ready", *arguments, BIN))
    return succeed(command(folder, program, *arguments))


def selftest(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "metrics" / "selftest.csv").fillna("")


@pytest.mark.touching(
    "docs/own_images.md", "Makefile", "dvc.yaml", "params.yaml", "stages/", "src/ganvae/core/",
    "src/ganvae/data/", "src/ganvae/judging/", "src/ganvae/floors/", "src/ganvae/evaluation/",
    "src/ganvae/comparison/", "src/ganvae/figures/",
)  # fmt: skip
def test_from_a_folder_of_pictures_to_the_comparison(tmp_path: Path) -> None:
    """Every command of the page; of so few images the self-test wants no more than they show."""
    folder = make(tmp_path / "project")
    write_shapes(folder / "shapes", 150)
    commands = documented()
    assert commands == [
        "ls shapes", "dvc repro evaluate_real", "dvc repro", "make study", "dvc plots show",
        "dvc repro -f download",
    ]  # fmt: skip
    assert typed(folder, commands[0]).split() == list(SHAPES)
    early = typed(folder, commands[1])
    assert ran(early) == {
        "check_params", "download", "preprocess", "train_classifier", "evaluate_real"
    }  # fmt: skip
    assert "450 images inverted" in early
    assert "classifier of 3 classes" in early
    assert "note: self-test: " not in early
    assert "error" not in early.lower()
    rest = typed(folder, commands[2])
    of_models = {f"{stage}{model}" for stage in ("train_", "evaluate@") for model in MODELS}
    assert ran(rest) == {*of_models, "compare", "report"}
    assert ran(typed(folder, commands[3])) == set(), "nothing is left to do for make study"
    assert "index.html" in typed(folder, commands[4])
    again = typed(folder, commands[5])
    assert ran(again) == {"check_params", "download"}
    assert ran(dvc(folder, "repro")) == set(), "the images are what they were"

    table = (folder / "metrics" / "comparison.md").read_text(encoding="utf-8")
    assert "at most ln 3 = 1.099" in table
    assert "digit" not in table
    shares = pd.read_csv(folder / "plots" / "class_histogram.csv")
    assert set(shares["class"]) == set(SHAPES)
    assert set(pd.read_csv(folder / "plots" / "class_histogram_timeline.csv")["class"]) <= {*SHAPES}
    found = selftest(folder)
    assert "one_class" in set(found["fault"])
    assert set(found["told"]) == {"", "seen"}
    real = storage.read_json(folder / "data" / "evaluation" / "real" / "details.json")
    assert real["rows"]["real"]["metrics"]["modes"] == 3
    for model in MODELS:
        details = storage.read_json(folder / "data" / "evaluation" / model / "details.json")
        (seed,) = details["seeds"].values()
        effective = 2.718281828 ** seed["metrics"]["class_entropy"]
        most = 2.718281828 ** real["rows"]["real"]["metrics"]["class_entropy"]
        assert seed["collapsed"] == (effective < 0.5 * most) or abs(effective - most / 2) < 0.1


@pytest.mark.slow
def test_without_labels(tmp_path: Path) -> None:
    """Images of one class: what takes several is left out of the tables, and nothing collapses."""
    folder = make(tmp_path / "project", folder="shapes/cross", test_share=0.3)
    write_shapes(folder / "shapes", 400, names=("cross",))
    output = dvc(folder, "repro")
    assert "no labels: all images are of one class" in output
    assert "classifier of turns of images" in output
    assert ran(dvc(folder, "repro")) == set()
    table = (folder / "metrics" / "comparison.md").read_text(encoding="utf-8")
    header = next(line for line in table.splitlines() if "| finished" in line)
    assert "class entropy" not in header
    assert "ln 1" not in table
    assert "digit" not in table
    numbers = storage.read_json(folder / "metrics" / "comparison.json")
    assert numbers
    csv = pd.read_csv(folder / "metrics" / "comparison.csv")
    left_out = {"class_entropy", "class_kl", "modes", "image_entropy", "inception_score_classifier"}
    assert not left_out & set(csv.columns)
    found = selftest(folder)
    assert set(found["fault"]) == {"blurred", "noisy", "blob", "copies", "unchanged"}
    assert not left_out & set(found["metric"])
    assert set(pd.read_csv(folder / "plots" / "class_histogram.csv")["class"]) == {"all"}
    for model in MODELS:
        details = storage.read_json(folder / "data" / "evaluation" / model / "details.json")
        assert not any(seed["collapsed"] for seed in details["seeds"].values())


def test_bad_images_are_one_line_before_anything_is_deleted(tmp_path: Path) -> None:
    """Also with the documented command for changed files."""
    folder = make(tmp_path / "project")
    write_shapes(folder / "shapes", 100)
    inside.call(folder, download.main)
    before = project.contents(folder / "data" / "raw")
    (folder / "shapes" / "cross" / "0.png").write_bytes(b"no picture")
    line = "cross/0.png: no PNG or JPEG image that can be read"
    with pytest.raises(UserError, match=line):
        inside.call(folder, check_params.main)
    done = command(folder, "dvc", "repro", "-f", "download")
    assert done.returncode != 0
    (said,) = [said for said in done.stderr.splitlines() if said.startswith("error: ")]
    assert line in said
    assert project.contents(folder / "data" / "raw") == before
