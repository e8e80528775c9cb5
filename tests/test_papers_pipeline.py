"""The papers' project: `papers/params.yaml` and, on the digits, `papers/dvc.yaml`."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.models.base import systems
from stages import other_data
from tests import demo_run, pipelines, project
from tests.experiment_project import EXPERIMENTS
from tests.pipelines import Pipeline, ran, recorded
from tests.project import ROOT
from tests.test_dependencies import undeclared

PAPERS = config.load(ROOT / config.PAPERS_FILE)
SYSTEMS: dict[str, dict[str, Any]] = PAPERS["systems"]


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_valid(name: str) -> None:
    system = systems.read(name, ROOT / config.PAPERS_FILE)
    block = system.block
    assert block is not None
    assert name.startswith(f"{block.paper}_")
    assert system.networks.architecture == block.architecture
    assert set(system.values["models"]) == {system.model} == {block.model}


def test_length_and_budget_make_the_epochs() -> None:
    gan = systems.read("mi2018_gan", ROOT / config.PAPERS_FILE).values
    wgan = systems.read("mi2018_wgan", ROOT / config.PAPERS_FILE).values
    budget = SYSTEMS["mi2018_gan"]["budget"]
    assert gan["train"]["epochs"] == pytest.approx(1_000_000 * budget * 64 / 60_000, rel=1e-3)
    share = SYSTEMS["mi2018_wgan"]["budget"] / budget
    assert wgan["train"]["epochs"] == pytest.approx(5 * share * gan["train"]["epochs"])
    vae = systems.read("battineedi2023_vae", ROOT / config.PAPERS_FILE).values
    assert vae["train"]["epochs"] == 100 * SYSTEMS["battineedi2023_vae"]["budget"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"model": "gam"}, r"system s: models.gam: unknown key \(did you mean gan"),
        ({"train": {"lr": -1.0}}, "system s: train.lr = -1.0: allowed"),
        ({"params": {"betta": 1}}, "system s: models.gan.betta: unknown key"),
        ({"budget": 2.0}, "system s: systems.s.budget = 2.0: allowed"),
        ({"architecture": "battineedi2023_vae"}, "has no discriminator, which gan needs"),
        ({"networks": {"options": {"layers": 3}}}, "networks.options = {'layers': 3}: mi2018 has"),
        ({"length": {"years": 1}}, "systems.s.length"),
        ({"length": {}}, "systems.s.length = {}: allowed"),
        ({"paper": "nobody"}, "papers.nobody: missing"),
        ({"train": {"batch_size": 0}}, "train.batch_size = 0: allowed: greater than or equal to 2"),
        ({"train": {"batch_size": 70000}}, "train.batch_size = 70000: allowed"),
        ({"train": {"batch_size": "a"}}, "train.batch_size = 'a': allowed"),
    ],
)
def test_bad_blocks_are_refused(tmp_path: Path, change: dict[str, Any], line: str) -> None:
    file = tmp_path / "params.yaml"
    block = {**SYSTEMS["mi2018_gan"], **change}
    storage.write_text(file, yaml.safe_dump({**PAPERS, "systems": {"s": block}}))
    with pytest.raises(UserError, match=line) as error:
        systems.read("s", file)
    assert str(error.value).startswith(f"{file}: system s: ")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"papers": {"mi2018": 7}}, "papers.mi2018 = 7: allowed: a mapping"),
        ({"papers": {"mi2018": {"models": 7}}}, "papers.mi2018.models = 7: allowed: a mapping"),
        ({"systems": {"s": 5}}, "systems.s = 5: allowed"),
        ({"systems": {}}, "systems.s: missing"),
    ],
)
def test_other_than_mappings_are_refused(
    tmp_path: Path, content: dict[str, Any], line: str
) -> None:
    file = tmp_path / "params.yaml"
    storage.write_text(file, yaml.safe_dump({"systems": {"s": SYSTEMS["mi2018_gan"]}, **content}))
    with pytest.raises(UserError) as error:
        systems.read("s", file)
    assert str(error.value).startswith(f"{file}: system s: {line}")


def test_a_paper_is_found_beside_what_is_no_system(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    storage.write_text(file, yaml.safe_dump({"systems": {"a": 5, "b": {"paper": "p"}}}))
    assert systems.of_paper("p", file) == ["b"]
    storage.write_text(file, yaml.safe_dump({"systems": [1]}))
    with pytest.raises(UserError, match=r"systems = \[1\]: allowed: a mapping"):
        systems.of_paper("p", file)


def test_no_experiment_is_named_as_a_system() -> None:
    """Their results would lie in the same folder, and DVC would refuse the whole repository."""
    assert not EXPERIMENTS.keys() & SYSTEMS.keys()


def test_reports_are_kept_by_git() -> None:
    for paper in PAPERS["papers"]:
        file = f"papers/{paper}/report/values.csv"
        assert project.command(ROOT, "git", "check-ignore", file).returncode == 1


@pytest.mark.parametrize("paper", PAPERS["papers"])
def test_make_paper_asks_for_stages_that_there_are(paper: str) -> None:
    """All images that a paper's trainings need, before these start at once; its report at last."""
    steps = ("make", "-n", "--no-print-directory", "-o", ".venv/ready", "paper", f"PAPER={paper}")
    printed = project.succeed(project.command(ROOT, *steps)).splitlines()
    asked = [line.partition(" dvc repro ")[2].split() for line in printed if "dvc repro" in line]
    assert all("cd papers && " in line for line in printed if "dvc repro" in line)
    first, last = asked
    pipeline = Pipeline(papers=True)
    needed = {name for name in pipeline.before(last[0]) if name.startswith("data@")}
    assert (set(first), last) == (needed, [f"report@{paper}"])
    assert "stages.mend papers" in printed[0]
    assert f"stages.study {paper}" in printed[2]


# On the digits

GAN, VAE, JUDGE = "mi2018_gan", "battineedi2023_vae", "mi2018_judge"
FIRST = {"data@mnist", f"train@{GAN}", f"evaluate@{GAN}", f"train@{VAE}", f"evaluate@{VAE}"}


def made(folder: Path) -> Path:
    """A committed project with two tiny systems of the digits and an experiment."""
    tiny = {
        "length": {"epochs": 0.05},
        "budget": 0.5,
        "train": {"seeds": [0], "batch_size": 64, "checkpoints": [0.02], "precision": "fp32"},
        "evaluate": {"images": 200, "importance_samples": 2, "inversion_steps": 2},
    }
    judge = EXPERIMENTS["mi2018_two_layer_classifier"]
    project.make(folder, {})
    project.add_systems(
        folder,
        dict.fromkeys((GAN, VAE), tiny),
        {JUDGE: config.overlay(judge, {"params": {"epochs": 1, "seeds": [0]}})},
    )
    demo_run.commit(folder, "Two systems")
    return folder


@pytest.mark.touching(
    "papers/dvc.yaml", "papers/params.yaml", "papers/.dvc", "stages/", "src/ganvae/core/",
    "src/ganvae/jobs/", "src/ganvae/models/base/", "src/ganvae/training/",
    "src/ganvae/evaluation/", "src/ganvae/experiments/",
)  # fmt: skip
def test_two_systems_for_real(tmp_path: Path) -> None:
    folder = made(tmp_path / "project")
    records = tmp_path / "records"

    def dvc(*arguments: str) -> str:
        command = (sys.executable, "-m", "dvc", *arguments)
        recording = pipelines.recorder(records)
        return project.succeed(project.command(folder / "papers", *command, **recording))

    targets = [f"evaluate@{GAN}", f"evaluate@{VAE}", f"experiment@{JUDGE}"]
    assert ran(dvc("repro", *targets)) == FIRST | {targets[-1]}
    for paper, name in (("mi2018", GAN), ("battineedi2023", VAE)):
        evaluated = folder / "papers" / "data" / paper / name / "evaluated"
        details = storage.read_json(evaluated / "details.json")
        assert details["seeds"]["0"]["state"] == "finished"
        headline = storage.read_json(folder / "papers" / "metrics" / f"{name}.json")
        assert headline["seeds_finished"] == 1
        checkpoints = evaluated.parent / "trained" / "checkpoints" / "seed_0.safetensors"
        assert {key.split(".")[0] for key in storage.read_tensors(checkpoints)} == {"1"}
    assert (folder / "papers" / "data" / "mi2018" / JUDGE / "accuracy.csv").exists()
    main = [path.name for path in (folder / "data").iterdir()]
    assert main == [".gitignore"], "the main pipeline does not run"
    imports_lie_within_dependencies(folder, recorded(records, folder))
    demo_run.commit(folder, "Trained")

    # in a copy, so that the links to the code are followed there
    changed = ("exp", "run", "--temp", "-S", f"systems.{GAN}.budget=1.0", *targets)
    own = {f"train@{GAN}", f"evaluate@{GAN}"}
    assert ran(dvc(*changed)) == own

    params = folder / config.PAPERS_FILE
    text = params.read_text()
    params.write_text(text.replace("    budget: 0.5", "    budget: 0.8", 1))
    assert params.read_text() != text
    started = project.succeed(project.stage(folder, "study", "mi2018"))
    assert "1 trainings" in started
    (job,) = (folder / ".cache" / "runs").glob("*/result")
    taken = dvc("repro", f"evaluate@{GAN}")
    assert ran(taken) == own
    assert f"{GAN} seed 0: finished" in taken or "finished after" in taken
    assert not job.exists(), "the stage has taken what `make paper` trained"
    project.succeed(project.command(folder, "git", "checkout", "-q", "."))
    assert ran(dvc("repro", *targets)) == set(), "restored from the run cache"


def imports_lie_within_dependencies(folder: Path, seen: dict[str, set[str]]) -> None:
    """What the processes of the systems' stages imported, the jobs' too."""
    pipeline = Pipeline(papers=True)
    assert set(seen) == FIRST | {f"experiment@{JUDGE}"}
    for stage, files in seen.items():
        declared_as = stage.replace(JUDGE, "mi2018_two_layer_classifier")
        missing = undeclared(pipeline, declared_as, files)
        assert not missing, f"{stage} imports {missing}"
    assert "stages/train_one.py" in seen[f"train@{GAN}"]


def test_other_data_are_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["other_data"])
    with pytest.raises(UserError, match=r"usage: python -m stages\.other_data "):
        other_data.main()
