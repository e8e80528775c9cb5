"""A sixth model by the steps of docs/adding_a_model.md, in a copy of the project.

The blocks are taken from the page itself, so it cannot say something that does not work.
"""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch
from dvc.dependency import ParamsDependency

from ganvae.core import config, storage
from tests import project
from tests.architectures import HUGE, pairs
from tests.test_dependencies import MODELS, Pipeline, of
from tests.test_pipeline import ran

PAGE = (project.ROOT / "docs/adding_a_model.md").read_text(encoding="utf-8")
NEW = "lsgan"
MODEL = f"src/ganvae/models/{NEW}.py"
LOSS = "src/ganvae/losses/least_squares.py"


def blocks(language: str) -> list[str]:
    """The page's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def add(folder: Path) -> None:
    """Steps 1 to 4 of the page."""
    loss, model = blocks("python")
    params, stage = blocks("yaml")
    for path, text in ((LOSS, loss), (MODEL, model)):
        assert f"`{path}`" in PAGE
        assert not (folder / path).exists(), "the page's example is in the project already"
        (folder / path).write_text(text, encoding="utf-8")
    insert(folder / "params.yaml", params, before="classifier:\n")
    insert(folder / "dvc.yaml", stage, before="  evaluate:\n")


def insert(file: Path, text: str, before: str) -> None:
    """Puts the lines of `text` before the only line `before`."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines.count(before) == 1
    at = lines.index(before)
    file.write_text("".join([*lines[:at], text, *lines[at:]]), encoding="utf-8")


def described(pipeline: Pipeline) -> dict[str, tuple[object, ...]]:
    """What decides when a stage runs and what it does: command, dependencies, outs."""
    return {
        name: (
            stage.cmd,
            sorted(str(dep) for dep in stage.deps if not isinstance(dep, ParamsDependency)),
            [dep.params for dep in stage.deps if isinstance(dep, ParamsDependency)],
            sorted(map(str, stage.outs)),
        )
        for name, stage in pipeline.stages.items()
    }


def five(folder: Path) -> Path:
    """A copy of the project as it is, with one seed."""
    project.make(folder, {"train": {"seeds": [0]}})
    project.succeed(project.command(folder, "git", "init", "-q"))
    return folder


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it is."""
    return five(tmp_path_factory.mktemp("five") / "project")


@pytest.fixture(scope="module")
def after(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same copy with the model added, and with the tests, which the page's command runs."""
    folder = tmp_path_factory.mktemp("six") / "project"
    shutil.copytree(before, folder)
    add(folder)
    shutil.copytree(
        project.ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy2(project.ROOT / "pyproject.toml", folder)
    return folder


def test_the_steps_touch_four_files_of_the_pipeline(before: Path, after: Path) -> None:
    pipeline = ("src", "stages", "params.yaml", "dvc.yaml", ".dvcignore")

    def kept(folder: Path) -> dict[str, bytes]:
        files = project.contents(folder).items()
        return {n: c for n, c in files if n.split("/")[0] in pipeline and n[-4:] != ".pyc"}

    old, new = kept(before), kept(after)
    changed = {name for name in old | new if old.get(name) != new.get(name)}
    assert changed == {LOSS, MODEL, "params.yaml", "dvc.yaml"}


def test_only_the_new_models_stages_are_new(before: Path, after: Path) -> None:
    old, new = described(Pipeline(before)), described(Pipeline(after))
    assert set(new) - set(old) == {f"train_{NEW}", f"evaluate@{NEW}"}
    assert {name for name in old if old[name] != new[name]} == set()
    assert Pipeline(after).affected({f"train_{NEW}"}) == of(NEW)


def test_its_stage_is_declared_like_the_others(after: Path) -> None:
    """What the dependency test will ask about the new files and keys holds, and for all models."""
    pipeline = Pipeline(after)
    assert pipeline.affected(pipeline.by_file(MODEL)) == of(NEW)
    assert pipeline.affected(pipeline.by_file(LOSS)) == of(NEW)
    assert pipeline.affected(pipeline.by_param(f"models.{NEW}.discriminator_steps")) == of(NEW)
    stages = described(pipeline)

    def shared(model: str) -> tuple[set[str], object]:
        _, deps, params, _ = stages[f"train_{model}"]
        assert isinstance(deps, list)
        own = ("models/", "losses/", "updates/")
        common = {dep for dep in deps if not dep.startswith(tuple(f"src/ganvae/{o}" for o in own))}
        return common, str(params).replace(f"models.{model}", "models")

    assert all(shared(model) == shared(NEW) for model in MODELS)


def test_it_conforms(after: Path) -> None:
    """The page's own command, run in the copy: only there is a model of this name.

    It has the GAN's networks, so it fits the same architectures.
    """
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    python, *rest = shlex.split(commands[0])
    assert (python, commands[1]) == ("python", "dvc repro")
    source = str(after / "src")
    output = project.succeed(project.command(after, sys.executable, *rest, PYTHONPATH=source))
    fast = [a for model, a in pairs() if model == "gan" and a not in HUGE]
    assert re.search(rf"^{len(fast)} passed, \d+ deselected", output, re.MULTILINE), output


def test_it_trains_in_the_loop(after: Path) -> None:
    """By the stage's command, on random images: one epoch of two steps."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(128, 1, 28, 28, generator=generator) * 2 - 1
    labels = torch.arange(128) % 10
    storage.write_tensors(
        after / "data/processed/train.safetensors", {"images": images, "labels": labels}
    )
    output = project.succeed(project.stage(after, "train", NEW))
    lr = config.load(after / "params.yaml")["train"]["lr"]
    assert f"{NEW} generator: adam, lr {lr:g} x 0.5 = {lr / 2:g}, every step" in output
    assert f"{NEW} seed 0: finished after 2 steps" in output
    assert (after / f"data/models/{NEW}/weights/seed_0.safetensors").is_file()


@pytest.mark.slow
def test_only_its_own_stages_run(tmp_path: Path) -> None:
    folder = five(tmp_path / "project")

    def repro() -> set[str]:
        done = project.command(folder, sys.executable, "-m", "dvc", "repro")
        return ran(project.succeed(done))

    assert repro() == set(Pipeline(folder).stages)
    results = [f"metrics/{model}.json" for model in MODELS]
    first = {name: (folder / name).read_bytes() for name in results}
    add(folder)
    assert repro() == {"check_params"} | of(NEW)
    assert repro() == set()
    assert {name: (folder / name).read_bytes() for name in results} == first

    lines = (folder / "metrics/comparison.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:7]] == [*MODELS, NEW]
    assert f"\n{NEW} generator.loss," in (folder / "plots/losses.csv").read_text()
    assert f"\n{NEW}," in (folder / "plots/class_entropy.csv").read_text()
