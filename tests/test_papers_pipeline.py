"""The second pipeline: `papers/dvc.yaml` and `papers/params.yaml`."""

import importlib
import shutil
from pathlib import Path
from typing import Any, get_args

import networkx as nx
import pytest
import yaml
from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from dvc.stage import Stage
from dvc.utils.serialize import modify_yaml

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.experiments.shared import trainings
from ganvae.jobs.imports import closure
from ganvae.papers import systems
from tests import project
from tests.project import ROOT
from tests.test_dependencies import FREE

PAPERS = config.load(ROOT / systems.FILE)
SYSTEMS: dict[str, dict[str, Any]] = PAPERS["systems"]
PACKAGES = {"ganvae": ROOT / "src" / "ganvae", "stages": ROOT / "stages"}
# FREE of the main pipeline, not of this one
TRAINED_BY = ("losses", "updates", "processes.py")
OWN = {"stages/train_system.py", "stages/evaluate_system.py", "stages/other_data.py"}
OWN |= {f for f in FREE if "/models/" in f or "/losses/" in f}
OWN |= {"src/ganvae/systems.py", "src/ganvae/codes.py"}
EXPERIMENTS: dict[str, dict[str, Any]] = PAPERS["experiments"]
OF_EXPERIMENTS = {f for f in FREE if "/experiments/" in f}
OF_EXPERIMENTS |= {"stages/experiment.py", "stages/train_classifier_one.py"}
OF_EXPERIMENTS |= {
    f"src/ganvae/{name}.py"
    for name in (
        "classifiers", "experiment", "few_images", "grid", "jpeg", "principal", "trainings",
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    with Repo(str(ROOT)) as repo:
        return {s.name: s for s in repo.index.stages if s.path_in_repo == "papers/dvc.yaml"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_valid(name: str) -> None:
    system, values = systems.read(name, ROOT / systems.FILE)
    assert name.startswith(f"{system.paper}_")
    assert values["networks"]["architecture"] == system.architecture
    assert set(values["models"]) == {system.model}


def test_the_file_is_in_the_form_in_which_dvc_writes_it_back(tmp_path: Path) -> None:
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / systems.FILE, copy)
    with modify_yaml(copy):
        pass
    assert copy.read_text() == (ROOT / systems.FILE).read_text()


def test_length_and_budget_make_the_epochs() -> None:
    _, gan = systems.read("mi2018_gan", ROOT / systems.FILE)
    _, wgan = systems.read("mi2018_wgan", ROOT / systems.FILE)
    budget = SYSTEMS["mi2018_gan"]["budget"]
    assert gan["train"]["epochs"] == pytest.approx(1_000_000 * budget * 64 / 60_000, rel=1e-3)
    share = SYSTEMS["mi2018_wgan"]["budget"] / budget
    assert wgan["train"]["epochs"] == pytest.approx(5 * share * gan["train"]["epochs"])
    _, vae = systems.read("battineedi2023_vae", ROOT / systems.FILE)
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


def listed(stage: Stage) -> set[str]:
    """The files of this project among a stage's dependencies."""
    found = set()
    for dep in stage.deps:
        if not isinstance(dep, ParamsDependency):
            path = Path(dep.fs_path)
            files = path.rglob("*.py") if path.is_dir() else [path]
            found |= {str(file.relative_to(ROOT)) for file in files if file.suffix == ".py"}
    return found


def imported(system: dict[str, Any], *commands: str) -> set[str]:
    """What a system's stage runs, but for files that cannot change a result."""
    package = PACKAGES["ganvae"]
    roots = [
        *(ROOT / "stages" / f"{command}.py" for command in commands),
        package / "models" / f"{system['model']}.py",
        package / "networks" / f"{system['architecture']}.py",
    ]
    files = {str(f.relative_to(ROOT)) for f in closure(roots, PACKAGES) if f.stat().st_size}
    return files - (set(FREE) - OWN)


def test_every_system_depends_on_what_it_imports(stages: dict[str, Stage]) -> None:
    for name, system in SYSTEMS.items():
        missing = imported(system, "train_system", "train_one") - listed(stages[f"train@{name}"])
        assert not missing, name
        # imported where a loss is built, which evaluation does not do; -ELBO is a metric
        of_losses = {f for f in imported(system) if f.split("/")[2] in TRAINED_BY}
        wanted = imported(system, "evaluate_system") - of_losses | {"src/ganvae/losses/elbo.py"}
        assert not wanted - listed(stages[f"evaluate@{name}"]), name


def test_no_experiment_is_named_as_a_system() -> None:
    """Their results would lie in the same folder, and DVC would refuse the whole repository."""
    assert not EXPERIMENTS.keys() & SYSTEMS.keys()


def test_every_experiment_depends_on_what_it_imports(stages: dict[str, Stage]) -> None:
    package = PACKAGES["ganvae"]
    commands = ("experiment", "train_one", "train_classifier_one")
    for name, block in EXPERIMENTS.items():
        module = importlib.import_module(f"ganvae.experiments.{block['experiment']}")
        roots = [
            *(ROOT / "stages" / f"{command}.py" for command in commands),
            package / "experiments" / f"{block['experiment']}.py",
            *(package / "models" / f"{model}.py" for model in module.MODELS),
            *(package / "networks" / f"{net}.py" for net in get_args(trainings.Architecture)),
        ]
        files = {str(f.relative_to(ROOT)) for f in closure(roots, PACKAGES) if f.stat().st_size}
        wanted = files - (set(FREE) - OWN - OF_EXPERIMENTS)
        stage = stages[f"experiment@{name}"]
        assert not wanted - listed(stage), name
        others = {f for f in listed(stage) if "/experiments/" in f} - files
        assert not others, f"{name}: depends on other experiments"
        read = {
            str(Path(dep.fs_path).relative_to(ROOT))
            for dep in stage.deps
            if not isinstance(dep, ParamsDependency)
        }
        data = {f"{block['data']}/processed/{split}.safetensors" for split in ("train", "test")}
        assert read >= {
            "data/papers/mnist/processed",
            *data,
            f"{block['data']}/classifier/weights.safetensors",
        }
        assert [str(out) for out in stage.outs] == [f"data/papers/{block['paper']}/{name}"]


def test_a_changed_experiment_re_runs_itself_alone(stages: dict[str, Stage]) -> None:
    key = "experiments.mi2018_map.params.train.lr"
    reads = {
        name
        for name, stage in stages.items()
        for dep in stage.deps
        if isinstance(dep, ParamsDependency) and any(key.startswith(f"{p}.") for p in dep.params)
    }
    assert reads == {"experiment@mi2018_map"}


def test_other_data_depends_on_what_it_imports(stages: dict[str, Stage]) -> None:
    commands = ("other_data", "download", "preprocess", "train_classifier")
    files = closure([ROOT / "stages" / f"{c}.py" for c in commands], PACKAGES)
    wanted = {str(f.relative_to(ROOT)) for f in files if f.stat().st_size} - (set(FREE) - OWN)
    # of `systems` it takes the file's name alone
    behind = closure([PACKAGES["ganvae"] / "systems.py"], PACKAGES)
    wanted -= {str(f.relative_to(ROOT)) for f in behind} - listed(stages["data@mnist"])
    assert not wanted - listed(stages["data@mnist"])


def test_a_changed_system_re_runs_itself_alone(stages: dict[str, Stage]) -> None:
    for key in ("systems.mi2018_gan.params.adversarial", "systems.mi2018_gan.budget"):
        reads = set()
        for name, stage in stages.items():
            for dep in stage.deps:
                params = dep.params if isinstance(dep, ParamsDependency) else []
                if any(key.startswith(f"{p}.") for p in params):
                    reads.add(name)
        reports = {name for name in stages if name.startswith("report@")}
        assert reads == {"train@mi2018_gan", "evaluate@mi2018_gan"} | reports


def test_every_report_depends_on_what_it_imports(stages: dict[str, Stage]) -> None:
    reports = [name for name in stages if name.startswith("report@")]
    assert reports
    for name in reports:
        paper = name.partition("@")[2]
        roots = [ROOT / "stages" / "report.py", PACKAGES["ganvae"] / "papers" / f"{paper}.py"]
        roots += [PACKAGES["ganvae"] / s / f"{SYSTEMS[n][key]}.py"
                  for n in systems.of_paper(paper, ROOT / systems.FILE)
                  for s, key in (("models", "model"), ("networks", "architecture"))]  # fmt: skip
        files = {str(f.relative_to(ROOT)) for f in closure(roots, PACKAGES) if f.stat().st_size}
        # a loss is imported where it is built, which a report does not do
        losses = tuple(f"src/ganvae/{part}" for part in TRAINED_BY)
        wanted = {f for f in files - (set(FREE) - OWN) if not f.startswith(losses)}
        assert not wanted - listed(stages[name]), name


def test_a_report_follows_all_its_systems() -> None:
    with Repo(str(ROOT)) as repo:
        index = repo.index
    for stage in index.stages:
        if stage.path_in_repo == "papers/dvc.yaml" and stage.name.startswith("report@"):
            paper = stage.name.removeprefix("report@")
            before = {other.name for other in nx.descendants(index.graph, stage)}
            own = {name for name, system in SYSTEMS.items() if system["paper"] == paper}
            assert {f"evaluate@{name}" for name in own} <= before
            assert "data@mnist" in before
            others = {o.path_in_repo for o in nx.descendants(index.graph, stage)} - {"dvc.yaml"}
            assert others == {"papers/dvc.yaml"}, "CelebA runs only when asked for"
            of_main = "compare" in before
            assert of_main == (paper == "parakatta2023"), "whose MNIST models are the main study's"


def test_reports_are_kept_by_git() -> None:
    for paper in PAPERS["papers"]:
        file = f"papers/{paper}/findings.csv"
        assert project.command(ROOT, "git", "check-ignore", file).returncode == 1


def made(folder: Path) -> Path:
    """A project with two tiny systems of the digits and an experiment."""
    tiny = {
        "length": {"epochs": 0.05},
        "budget": 0.5,
        "train": {"seeds": [0], "batch_size": 64, "checkpoints": [0.02], "precision": "fp32"},
        "evaluate": {"images": 200, "importance_samples": 2, "inversion_steps": 2},
    }
    judge = EXPERIMENTS["mi2018_two_layer_classifier"]
    made = project.make(folder, {})
    project.add_systems(
        made,
        dict.fromkeys(("mi2018_gan", "battineedi2023_vae"), tiny),
        {"mi2018_judge": config.overlay(judge, {"params": {"epochs": 1, "seeds": [0]}})},
    )
    return made


def test_two_systems_for_real(tmp_path: Path) -> None:
    folder = made(tmp_path)
    project.succeed(project.command(folder, "git", "init", "-q"))
    names = ("mi2018_gan", "battineedi2023_vae")
    targets = [f"papers/dvc.yaml:evaluate@{name}" for name in names]
    targets += ["papers/dvc.yaml:experiment@mi2018_judge"]
    first = project.succeed(project.command(folder, "dvc", "repro", *targets))
    assert "train_system mi2018_gan" in first
    for paper, name in (("mi2018", "mi2018_gan"), ("battineedi2023", "battineedi2023_vae")):
        evaluated = folder / "data" / "papers" / paper / name / "evaluated"
        details = storage.read_json(evaluated / "details.json")
        assert details["seeds"]["0"]["state"] == "finished"
        headline = storage.read_json(folder / "papers" / "metrics" / f"{name}.json")
        assert headline["seeds_finished"] == 1
        checkpoints = evaluated.parent / "trained" / "checkpoints" / "seed_0.safetensors"
        assert {key.split(".")[0] for key in storage.read_tensors(checkpoints)} == {"1"}
    assert not (folder / "data" / "processed").exists(), "the main pipeline does not run"
    assert (folder / "data" / "papers" / "mi2018" / "mi2018_judge" / "accuracy.csv").exists()
    for git in (["add", "."], ["commit", "-qm", "first"]):
        project.succeed(project.command(folder, "git", *git))
    changed = project.command(
        folder, "dvc", "exp", "run", "-S",
        "papers/params.yaml:systems.mi2018_gan.budget=1.0", *targets,
    )  # fmt: skip
    again = project.succeed(changed)
    assert "train_system mi2018_gan" in again
    assert "Running stage 'papers/dvc.yaml:train@battineedi2023_vae'" not in again
    assert "Running stage 'papers/dvc.yaml:experiment@mi2018_judge'" not in again


def test_no_system_no_training(tmp_path: Path) -> None:
    folder = made(tmp_path)
    for stage in ("train_system", "evaluate_system", "other_data", "experiment"):
        done = project.stage(folder, stage)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: usage: python -m stages.{stage}")
    done = project.stage(folder, "train_system", "mi2018_gam")
    assert done.returncode == 1
    line = "papers/params.yaml: system mi2018_gam: systems.mi2018_gam: missing"
    assert done.stderr == f"error: {line}\n"
