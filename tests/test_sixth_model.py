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
from tests.pipelines import MODELS, Pipeline

PAGE = (project.ROOT / "docs/adding_a_model.md").read_text(encoding="utf-8")
NEW = "lsgan"
FOLDER = f"src/ganvae/models/{NEW}"
LOSS, MODEL = f"{FOLDER}/loss.py", f"{FOLDER}/model.py"
OWN = {f"train_{NEW}", f"evaluate@{NEW}", "compare", "report"}


def blocks(language: str) -> list[str]:
    """The page's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def add(folder: Path) -> None:
    """Steps 1 to 4 of the page."""
    loss, model = blocks("python")
    params, stage = blocks("yaml")
    assert not (folder / MODEL).exists(), "the page's example is in the project already"
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / "__init__.py").touch()
    for path, text in ((LOSS, loss), (MODEL, model)):
        assert f"`{path}`" in PAGE
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


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it is, with one seed."""
    folder = project.make(tmp_path_factory.mktemp("five") / "project", {"train": {"seeds": [0]}})
    project.succeed(project.command(folder, "git", "init", "-q"))
    return folder


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


def test_the_steps_touch_two_files_of_the_pipeline(before: Path, after: Path) -> None:
    pipeline = ("src", "stages", "params.yaml", "dvc.yaml", ".dvcignore")

    def kept(folder: Path) -> dict[str, bytes]:
        files = project.contents(folder).items()
        return {n: c for n, c in files if n.split("/")[0] in pipeline and n[-4:] != ".pyc"}

    old, new = kept(before), kept(after)
    changed = {name for name in old | new if old.get(name) != new.get(name)}
    assert changed == {f"{FOLDER}/__init__.py", LOSS, MODEL, "params.yaml", "dvc.yaml"}


def test_only_the_new_models_stages_are_new(before: Path, after: Path) -> None:
    old, new = described(Pipeline(before)), described(Pipeline(after))
    assert set(new) - set(old) == {f"train_{NEW}", f"evaluate@{NEW}"}
    assert {name for name in old if old[name] != new[name]} == set()
    assert Pipeline(after).affected({f"train_{NEW}"}) == OWN


def test_its_stage_is_declared_like_the_others(after: Path) -> None:
    """What the dependency test will ask about the new files and keys holds, and for all models."""
    pipeline = Pipeline(after)
    assert pipeline.affected(pipeline.by_file(MODEL)) == OWN
    assert pipeline.affected(pipeline.by_file(LOSS)) == OWN
    assert pipeline.affected(pipeline.by_param(f"models.{NEW}.discriminator_steps")) == OWN
    stages = described(pipeline)

    def shared(model: str) -> str:
        _, deps, params, _ = stages[f"train_{model}"]
        assert isinstance(deps, list)
        common = [d for d in deps if "/models/" not in d or d.endswith("/base")]
        return f"{common} {params}".replace(f"models.{model}", "models")

    assert {shared(model) for model in MODELS} == {shared(NEW)}


@pytest.mark.touching(
    "docs/adding_a_model.md", "src/ganvae/models/", "src/ganvae/networks/", "src/ganvae/training/",
    "tests/conformance.py", "tests/test_models.py", "tests/architectures.py",
)  # fmt: skip
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
