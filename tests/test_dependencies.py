"""What re-runs is exactly what is affected, in both DVC projects."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from dvc.dependency import ParamsDependency
from dvc.repo import Repo

from ganvae.core import config
from ganvae.jobs.imports import closure
from tests import project
from tests.pipelines import MODELS, TRAIN, Pipeline, kind, leaves
from tests.project import ROOT

SRC = ROOT / "src" / "ganvae"

TRAINED = "train evaluate compare report"
JUDGED = "evaluate evaluate_real compare report"
DATA = f"download preprocess train_classifier {TRAINED} evaluate_real"
SYSTEMS = "train evaluate report"
FACES = "celeba_train celeba_report"
TRIALS = "experiment map initial_weights"  # which train and measure by themselves
OF_DATA = f"data {SYSTEMS} {TRIALS}"
EXPERIMENTS = "experiment map report@mi2018 report@ghosh2020 report@parakatta2023"

# Folders and files of src/ganvae, or files of stages/ -> what their edit re-runs, here and among
# the papers: kinds of stage, or stages. A star: those stages alone that are made of what the
# file, or the folder inside that folder, is named after. The longest path that fits counts.
FILES: Mapping[str, tuple[str, str]] = {
    "errors.py jobs tools verbs use.py __main__.py": ("", ""),
    "core": (DATA, f"{OF_DATA} celeba_data {FACES}"),
    "data stages/download.py": (DATA, OF_DATA),
    "stages/preprocess.py": (DATA.removeprefix("download "), OF_DATA),
    "stages/train_classifier.py": (f"train_classifier {JUDGED}", OF_DATA),
    "judging/classifier.py": (f"train_classifier {JUDGED}", OF_DATA),
    "networks": ("train* evaluate* compare* report*", f"train* evaluate* {TRIALS} report "
                 "celeba_train* celeba_report*"),
    "networks/layers models/base training": (TRAINED, f"{SYSTEMS} {TRIALS} {FACES}"),
    "stages/train_one.py": (TRAINED, f"{SYSTEMS} {TRIALS} {FACES}"),
    "stages/train.py": (TRAINED, f"{SYSTEMS} {FACES}"),
    # the report draws with any model's decoder, and a template cannot list the models
    "models": ("train* evaluate* compare* report", f"train* evaluate* {TRIALS} report "
               "celeba_train* celeba_report"),
    # of two or more models here; a template cannot tell which of the papers' systems they are of
    "models/gan/loss.py": ("train_gan train_vaegan train_cvaegan evaluate@gan evaluate@vaegan "
                           "evaluate@cvaegan compare report", f"{SYSTEMS} {TRIALS} {FACES}"),
    "models/vae": ("train* evaluate* compare* report", f"{SYSTEMS} {TRIALS} {FACES}"),
    "models/vae/loss.py": ("train_vae train_vaegan train_cvaegan evaluate@vae evaluate@vaegan "
                           "evaluate@cvaegan compare report", f"{SYSTEMS} {TRIALS} {FACES}"),
    "models/vae/elbo.py": ("train_vae train_vaegan train_cvaegan evaluate compare report",
                           f"{SYSTEMS} {TRIALS} {FACES}"),
    "models/cgan/codes.py": ("report", f"{SYSTEMS} {TRIALS} celeba_report"),
    "metrics judging": (JUDGED, f"evaluate {TRIALS} report"),
    "evaluation": ("evaluate compare report", f"evaluate {TRIALS} report celeba_report"),
    "stages/evaluate.py": ("evaluate compare report", "evaluate report"),
    "floors stages/evaluate_real.py": ("evaluate_real compare report", ""),
    "comparison": ("compare report", "report"),
    "comparison/constraint.py": ("compare report", "experiment map report"),
    "comparison/files.py": ("compare report", "experiment map report celeba_report"),
    "figures": ("compare report", "initial_weights report celeba_report"),
    "stages/compare.py": ("compare report", ""),
    "pages stages/report.py": ("report", ""),
    "experiments": ("", "experiment* map* report*"),
    "experiments/shared": ("", f"initial_weights {EXPERIMENTS}"),
    "stages/experiment.py stages/train_classifier_one.py": ("", EXPERIMENTS),
    "papers": ("", "report*"),
    "papers/shared stages/paper_report.py": ("", "report"),
    "papers/initial_weights.py stages/initial_weights.py": ("", "initial_weights"),
    "stages/other_data.py": ("", OF_DATA),
    "celeba/images.py stages/celeba_data.py": ("", f"celeba_data {FACES}"),
    "celeba/faces.py stages/celeba_report.py": ("", "celeba_report"),
    # tools, and what starts the stages' work
    "stages/accept.py stages/attend.py stages/beside.py stages/check_params.py stages/demo.py "
    "stages/mend.py stages/plots_page.py stages/provenance.py stages/results_page.py "
    "stages/study.py": ("", ""),
}  # fmt: skip

# The same of the keys of params.yaml and of papers/params.yaml.
PARAMS: Mapping[str, str] = {
    "data": DATA,
    "networks": TRAINED,
    "train": TRAINED,
    "models": "train* evaluate* compare report",
    "classifier": f"train_classifier {JUDGED}",
    "evaluate": JUDGED,
    "figures": "compare report",
}
PAPERS_PARAMS: Mapping[str, str] = {
    "papers": "train* evaluate* initial_weights* report*",
    "data_sets": "data* train* evaluate* experiment* map* initial_weights* report*",
    "systems": "train* evaluate* initial_weights* report",
    "experiments": "experiment* report*",
    "maps": "map* report*",
    "initial_weights": "initial_weights*",
}
FREE = ("src/ganvae/jobs/", "src/ganvae/errors.py", "stages/__init__.py")


@pytest.fixture(scope="module")
def main() -> Pipeline:
    return Pipeline()


@pytest.fixture(scope="module")
def papers() -> Pipeline:
    return Pipeline(papers=True)


def selected(pipeline: Pipeline, words: str, block: tuple[str, str]) -> set[str]:
    """The stages that a row names, of those with a star the ones that are made of `block`."""
    every = " ".join(word for word in words.split() if not word.endswith("*"))
    starred = pipeline.select(" ".join(w[:-1] for w in words.split() if w.endswith("*")))
    made = {name for name in starred if block in pipeline.blocks.get(name, set())}
    return pipeline.select(every) | made


def row(path: str) -> tuple[str, str]:
    """The table's words for a file."""
    name = path.removeprefix("src/ganvae/")
    fits = {
        start: words
        for starts, words in FILES.items()
        for start in starts.split()
        if name == start or name.startswith(f"{start}/")
    }
    assert fits, f"{path}: say in the table which stages it affects"
    return fits[max(fits, key=len)]


def source_files() -> list[str]:
    command = "git ls-files --cached --others --exclude-standard src stages"
    listed = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=True)
    files = [
        f for f in listed.stdout.split() if f.endswith((".py", ".json", ".html", ".css", ".js"))
    ]
    return [f for f in files if (ROOT / f).exists() and (ROOT / f).stat().st_size]


SOURCES = [f for f in source_files() if f != "stages/__init__.py"]  # which makes src findable


@pytest.mark.parametrize("path", SOURCES)
def test_a_source_file_re_runs_what_it_affects(path: str, main: Pipeline, papers: Pipeline) -> None:
    folder, *rest = path.removeprefix("src/ganvae/").split("/")
    block = (folder, rest[0].removesuffix(".py") if rest else "")
    for pipeline, words in zip((main, papers), row(path), strict=True):
        expected = selected(pipeline, words, block)
        assert pipeline.affected(pipeline.by_file(path)) == expected


def test_a_key_re_runs_what_it_affects(main: Pipeline) -> None:
    for key in leaves(config.load(ROOT / "params.yaml")):
        section, name = key.split(".")[:2]
        direct = main.by_param(key)
        assert "check_params" in direct, key
        expected = selected(main, PARAMS[section], (section, name))
        assert main.affected(direct) == expected, key


def test_a_papers_key_re_runs_what_it_affects(papers: Pipeline) -> None:
    for key in leaves(config.load(ROOT / config.PAPERS_FILE)):
        section, name = key.split(".")[:2]
        expected = selected(papers, PAPERS_PARAMS[section], (section, name))
        if section == "papers":  # what a paper's experiments are made of, its block is not
            expected |= papers.affected(papers.by_param(key)) & papers.select("report")
        assert papers.affected(papers.by_param(key)) == expected, key
    judges = papers.affected(papers.by_param("classifier.lr", "../params.yaml"))
    assert judges == papers.select(OF_DATA)
    assert not papers.by_param("train.lr", "../params.yaml"), "the main pipeline's own"


def test_every_stage_of_the_mission_is_there(main: Pipeline, papers: Pipeline) -> None:
    assert set(main.stages) == main.select(f"check_params {DATA}")
    assert {kind(name) for name in main.stages} == {"check_params", *DATA.split()}
    assert set(main.stages) >= TRAIN
    kinds = {"celeba_data", *FACES.split(), *OF_DATA.split()}
    assert {kind(name) for name in papers.stages} == kinds


def test_celeba_and_the_papers_are_apart(papers: Pipeline) -> None:
    """CelebA's images are nowhere: what needs them runs only when asked for."""
    faces = {name for name in papers.stages if name.startswith("celeba_")}
    for name in papers.stages:
        assert (papers.before(name) <= faces) if name in faces else not papers.before(name) & faces


def test_a_report_follows_all_its_systems(papers: Pipeline) -> None:
    systems = config.load(ROOT / config.PAPERS_FILE)["systems"]
    for name in papers.select("report"):
        paper = name.partition("@")[2]
        own = {f"evaluate@{s}" for s, block in systems.items() if block["paper"] == paper}
        assert {*own, "data@mnist"} <= papers.before(name)


# What a stage runs lies within its dependencies


def declared(pipeline: Pipeline, stage: str) -> set[str]:
    """A stage's dependencies; an evaluation's with its training's, which comes first."""
    name = stage.partition("evaluate@")[2]
    trainings = {f"train_{name}", f"train@{name}"} & pipeline.stages.keys()
    return pipeline.files(stage).union(*map(pipeline.files, trainings))


def undeclared(pipeline: Pipeline, stage: str, files: set[str]) -> set[str]:
    """Those of the files that no dependency of the stage covers, though they could change it."""
    known = declared(pipeline, stage)
    counted = {file for file in files if not file.startswith(FREE)}
    return {f for f in counted if not known & {f, *map(str, Path(f).parents)}}


def run_by(pipeline: Pipeline, stage: str) -> set[str]:
    """The files of what a stage is made of, its scripts and all that these import."""
    roots = [ROOT / file for file in pipeline.files(stage) if file.startswith("stages/")]
    assert roots
    if kind(stage) != "compare":
        made = sorted(pipeline.blocks.get(stage, set()))
        if kind(stage) == "report":  # it reads the experiments' tables
            made = [block for block in made if block[0] != "experiments"]
        named = [SRC / folder / f"{name}.py" for folder, name in made]
        named += [SRC / folder / name / "model.py" for folder, name in made]
        roots += [file for file in named if file.is_file()]
    packages = {"ganvae": SRC, "stages": ROOT / "stages"}
    found = [file for file in closure(roots, packages) if file.stat().st_size]
    return {str(file.relative_to(ROOT)) for file in found}


def test_every_stage_depends_on_what_its_files_import(main: Pipeline, papers: Pipeline) -> None:
    for pipeline in (main, papers):
        for stage in sorted(set(pipeline.stages) - {"check_params"}):  # its out never changes
            missing = undeclared(pipeline, stage, run_by(pipeline, stage))
            assert not missing, f"{stage} imports {missing}"


def test_every_file_dependency_exists(main: Pipeline, papers: Pipeline) -> None:
    for pipeline in (main, papers):
        for stage in pipeline.stages:
            code = {f for f in pipeline.files(stage) if f.startswith(("src", "stages"))}
            assert not [f for f in code if not (pipeline.root / f).exists()], stage


def test_evaluating_one_model_depends_on_no_other(main: Pipeline) -> None:
    for model in MODELS:
        read = {p for f in main.files(f"evaluate@{model}") for p in f.split("/")}
        read -= {"vae", "elbo.py"}  # whose -ELBO is a metric too
        assert not read & (set(MODELS) - {model})


def test_nothing_of_the_machine_is_a_parameter() -> None:
    keys = " ".join(leaves(config.load(ROOT / "params.yaml")))
    assert not [w for w in ("device", "thread", "worker", "log", "verbose") if w in keys]


# What an editor leaves


@pytest.mark.parametrize("papers_too", [False, True], ids=["main", "papers"])
def test_editors_files_and_bytecode_trigger_nothing(tmp_path: Path, papers_too: bool) -> None:
    folder = project.make(tmp_path / "project", {})
    project.with_papers(folder)
    project.succeed(project.command(folder, "git", "init", "-q"))
    before = code(folder / "papers" if papers_too else folder)
    for place in sorted({folder / "stages", *(p.parent for p in folder.rglob("src/**/*.py"))}):
        for name in ("a.py~", ".a.py.swp", "#a.py#", "4913", "__pycache__/a.cpython-311.pyc",
                     "._a.py", ".ipynb_checkpoints/a-checkpoint.py"):  # fmt: skip
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(b"of an editor")
        if not (place / ".#a.py").is_symlink():  # papers/stages is stages
            (place / ".#a.py").symlink_to("user@host.123:456")  # Emacs's lock leads nowhere
    assert code(folder / "papers" if papers_too else folder) == before
    with (folder / "src/ganvae/metrics/sharpness.py").open("a") as file:
        file.write("EDIT = 1\n")
    after = code(folder / "papers" if papers_too else folder)
    assert {name for name in before if before[name] != after[name]} == {"src/ganvae/metrics"}


def code(project_folder: Path) -> dict[str, str]:
    """DVC's checksum of every folder and file of code that a stage depends on."""
    with Repo(str(project_folder)) as repo:
        deps = {str(dep.def_path): dep for stage in repo.index.stages for dep in stage.deps
                if not isinstance(dep, ParamsDependency)}  # fmt: skip
        return {name: dep.get_hash().value for name, dep in deps.items()
                if name.startswith(("src", "stages"))}  # fmt: skip
