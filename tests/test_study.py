"""`make study`: all trainings through one executor, and then plain `dvc repro` collects them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvae.core import storage
from ganvae.errors import UserError
from stages import check_params, study
from tests import inside, project

AtOnce = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of which DVC knows the images, as they were made in this process."""
    made = project.make(tmp_path_factory.mktemp("study"), {"train": {"seeds": [0]}})
    (made / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    inside.call(made, check_params.main)
    inside.prepared(made)
    first = ("check_params", "download", "preprocess")
    project.succeed(project.command(made, "dvc", "commit", "-f", *first))
    return made


@pytest.fixture
def at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> AtOnce:
    """Calls the command with its trainings in this process; its only line."""

    def call(*arguments: str) -> str:
        with inside.little_drawn():
            inside.whole(folder, study.main, *arguments)
        return capsys.readouterr().out.strip()

    return call


def started(folder: Path) -> dict[str, Path]:
    """The job folders there are, by model and seed."""
    found = {}
    for file in folder.glob(".cache/runs/*/job.json"):
        job = storage.read_json(file)
        found[f"{job['model']} {job['seed']}"] = file.parent
    return found


def test_a_study_is_trained_at_once_and_collected_by_its_stages(
    folder: Path, at_once: AtOnce
) -> None:
    project.succeed(project.command(folder, "dvc", "repro", "train_vae"))  # is up to date then
    alone = project.trained(folder, "vae")
    assert at_once() == "4 trainings"
    assert set(started(folder)) == {f"{model} 0" for model in ("gan", "wgan", "vaegan", "cvaegan")}
    begun = {name: (made / "result").stat().st_mtime for name, made in started(folder).items()}
    assert begun["vaegan 0"] < begun["wgan 0"], "the longest first"

    weights = (started(folder)["gan 0"] / "result/weights.safetensors").read_bytes()
    project.succeed(project.command(folder, "dvc", "repro", "train_gan"))
    assert project.trained(folder, "gan")["weights/seed_0.safetensors"] == weights
    assert "gan 0" not in started(folder)
    assert at_once() == "3 trainings"  # all there: no work

    shutil.rmtree(folder / "data/models/vae")
    assert at_once() == "3 trainings"
    assert project.trained(folder, "vae") == alone, "from the run cache"


def test_a_papers_systems_are_trained_at_once(folder: Path, at_once: AtOnce) -> None:
    tiny = {"length": {"epochs": 0.05}, "budget": 1.0, "train": {"seeds": [0], "batch_size": 64}}
    # both VAEs are one training, of which the second wants a further seed
    names = ("mi2018_gan", "mi2018_vae", "mi2018_vaegan", "battineedi2023_vae")
    changes = dict.fromkeys(names, tiny)
    changes["mi2018_vaegan"] = {
        **tiny, "model": "vae", "train": {**tiny["train"], "seeds": [0, 1]},
    }  # fmt: skip
    project.add_systems(folder, changes)
    papers = folder / "papers"
    (papers / ".dvc/config").write_text((folder / ".dvc/config").read_text())
    shutil.copytree(folder / "data/processed", papers / "data/mnist/processed")
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for _ in range(2):  # the second time all are there
        assert at_once("mi2018") == "4 trainings"
        assert set(started(folder)) == {"gan 0", "vae 0", "vae 1"}
    assert at_once("mi2018", "vaegan") == "2 trainings"


def test_a_paper_or_a_system_that_there_is_not(folder: Path) -> None:
    for arguments, line in (
        (("mi2081",), "no systems of the paper 'mi2081'"),
        (("mi2018", "gann"), r"papers/params.yaml: mi2018.gann: unknown key \(did you mean gan\?"),
        (("--all",), "usage: python -m stages.study"),
    ):
        with pytest.raises(UserError, match=line):
            inside.call(folder, study.main, *arguments)


def test_a_model_without_a_stage_is_named(folder: Path) -> None:
    params = folder / "params.yaml"
    before = params.read_text()
    project.set_params(folder, {"models": {"ae": {"beta": 0.0}}})
    line = "^dvc.yaml: no stage train_ae, which params.yaml asks for$"
    with pytest.raises(UserError, match=line):
        inside.call(folder, study.main)
    params.write_text(before)
