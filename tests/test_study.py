"""`make study`: all trainings through one executor, and then plain `dvc repro` collects them."""

from pathlib import Path

import pytest

from ganvae import storage
from tests import project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = project.make(tmp_path_factory.mktemp("study"), {})
    (made / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    project.succeed(project.command(made, "dvc", "repro", "preprocess"))
    return made


def started(folder: Path) -> dict[str, Path]:
    """The job folders there are, by model and seed."""
    found = {}
    for file in folder.glob(".cache/runs/*/job.json"):
        job = storage.read_json(file)
        found[f"{job['model']} {job['seed']}"] = file.parent
    return found


def results(folder: Path, model: str) -> dict[str, bytes]:
    found = project.contents(folder / "data" / "models" / model)
    return {name: content for name, content in found.items() if not name.startswith("costs")}


def test_a_study_is_trained_at_once_and_collected_by_its_stages(folder: Path) -> None:
    project.succeed(project.command(folder, "dvc", "repro", "train_vae"))  # is up to date then
    alone = results(folder, "vae")
    assert "8 trainings" in project.succeed(project.stage(folder, "study"))
    assert set(started(folder)) == {
        f"{model} {seed}" for model in ("gan", "wgan", "vaegan", "cvaegan") for seed in (0, 1)
    }
    begun = {name: (made / "result").stat().st_mtime for name, made in started(folder).items()}
    assert max(begun["vaegan 0"], begun["vaegan 1"]) < min(begun["wgan 0"], begun["wgan 1"])

    weights = (started(folder)["gan 1"] / "result/weights.safetensors").read_bytes()
    project.succeed(project.command(folder, "dvc", "repro", "train_gan"))
    assert results(folder, "gan")["weights/seed_1.safetensors"] == weights
    assert "gan 1" not in started(folder)
    assert "6 trainings" in project.succeed(project.stage(folder, "study"))  # all there: no work

    project.set_params(folder, {"models": {"vae": {"beta": 2.0}}})
    project.succeed(project.command(folder, "dvc", "repro", "train_vae"))
    assert results(folder, "vae") != alone
    project.set_params(folder, {"models": {"vae": {"beta": 1.0}}})
    assert "6 trainings" in project.succeed(project.stage(folder, "study"))
    assert results(folder, "vae") == alone, "from the run cache"
