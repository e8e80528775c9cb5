"""What re-runs is exactly what is affected: DVC's own index against what is expected."""

import fnmatch
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from dvc.dependency import ParamsDependency
from dvc.repo import Repo

from ganvae.core import config
from tests.project import ROOT

MODELS = ("gan", "wgan", "vae", "vaegan", "cvaegan")
TRAIN = {f"train_{m}" for m in MODELS}
EVALUATE = {f"evaluate@{m}" for m in MODELS}
AFTER_TRAINING = EVALUATE | {"compare"}
DATA = {"download", "preprocess", "train_classifier", "evaluate_real"} | TRAIN | AFTER_TRAINING


def of(*models: str) -> set[str]:
    """The stages that a change in the training of these models affects."""
    return {f"{s}{m}" for m in models for s in ("train_", "evaluate@")} | {"compare"}


# By pattern, the first that fits; check_params reads every key and is left out.
PARAMS: Mapping[str, set[str]] = {
    "data.*": DATA,
    "networks.*": TRAIN | AFTER_TRAINING,
    "train.*": TRAIN | AFTER_TRAINING,
    **{f"models.{m}.*": of(m) for m in MODELS},
    "classifier.*": {"train_classifier", "evaluate_real"} | AFTER_TRAINING,
    "evaluate.*": {"evaluate_real"} | AFTER_TRAINING,
    "figures.*": {"compare"},
}

REPORTS = sorted((ROOT / "src/ganvae/papers").glob("*.py"))

# Cannot change a result, so no stage depends on them; each with its reason.
FREE = {
    "stages/__init__.py": "puts src first on the import path",
    "stages/accept.py": "a tool, no stage",
    "stages/attend.py": "starts the commands on a cluster's machine",
    "stages/demo.py": "a tool, no stage",
    "stages/plots_page.py": "a tool, no stage",
    "stages/provenance.py": "a tool, no stage",
    "stages/check_params.py": "its out never changes",
    "stages/study.py": "starts trainings early; the stages collect them",
    "stages/experiment.py": "a stage of the papers' pipeline, as the next",
    "stages/train_classifier_one.py": "see above",
    "stages/report.py": "a stage of the papers' pipeline",
    "stages/results_page.py": "writes the page of the papers' reports",
    "src/ganvae/attend.py": "waits for a command; what that writes is its own",
    "src/ganvae/claims.py": "locks the jobs' folders",
    "src/ganvae/cluster.py": "starts the commands on other machines",
    "src/ganvae/edits.py": "refuses a result; it makes none",
    "src/ganvae/errors.py": "the wording of errors",
    "stages/train_system.py": "a stage of the papers' pipeline, as the next two",
    "stages/evaluate_system.py": "see above",
    "stages/other_data.py": "see above",
    "stages/celeba_data.py": "a stage of CelebA's pipeline, as the next two",
    "stages/celeba_train.py": "see above",
    "stages/celeba_report.py": "see above",
    "src/ganvae/celeba.py": "reads CelebA's images",
    "src/ganvae/faces.py": "shows what is made of CelebA's images",
    "src/ganvae/systems.py": "the papers' systems",
    "src/ganvae/codes.py": "of the papers' models",
    **{f"src/ganvae/papers/{f.name}": "the papers' reports" for f in REPORTS if f.stat().st_size},
    "src/ganvae/losses/information.py": "of the papers' models",
    "src/ganvae/models/ae.py": "of the papers' pipeline, as the next three",
    "src/ganvae/models/cgan.py": "see above",
    "src/ganvae/models/infogan.py": "see above",
    "src/ganvae/models/vae_alternating.py": "see above",
    "src/ganvae/grid.py": "the papers' grid of lambda and d",
    "src/ganvae/jobs.py": "starts the commands; what they write is theirs",
    "src/ganvae/progress.py": "progress bars",
    "src/ganvae/classifiers.py": "of the papers' experiments, as the next eleven",
    "src/ganvae/experiment.py": "see above",
    "src/ganvae/experiments/anomaly.py": "see above",
    "src/ganvae/experiments/augmentation.py": "see above",
    "src/ganvae/experiments/compression.py": "see above",
    "src/ganvae/experiments/denoising.py": "see above",
    "src/ganvae/experiments/map.py": "see above",
    "src/ganvae/experiments/two_layer_classifier.py": "see above",
    "src/ganvae/few_images.py": "see above",
    "src/ganvae/jpeg.py": "see above",
    "src/ganvae/principal.py": "see above",
    "src/ganvae/trainings.py": "see above",
    "src/ganvae/sensitivity.py": "draws the papers' trainings over lambda and d",
    "src/ganvae/threads.py": "runs pieces of work side by side; what they give is theirs",
    "src/ganvae/provenance.py": "of the tool that tells where numbers come from",
    "src/ganvae/syntax.py": "names the folders of trainings; of the tool that accepts comments",
}

SOURCES: Mapping[str, set[str]] = {
    **{path: set() for path in FREE},
    # of the papers' pipeline, like the packages further down that name it
    "stages/train_system.py": set(),
    "stages/evaluate_system.py": set(),
    "stages/other_data.py": set(),
    "stages/report.py": set(),
    "stages/results_page.py": set(),
    "src/ganvae/papers/*.py": set(),
    "stages/download.py": DATA,
    "src/ganvae/idx.py": DATA,
    "src/ganvae/mirrors.py": DATA,
    "src/ganvae/sources.py": DATA,
    "src/ganvae/config.py": DATA,
    "src/ganvae/storage.py": DATA,
    "stages/preprocess.py": DATA - {"download"},
    "src/ganvae/data.py": DATA - {"download", "preprocess"},
    "src/ganvae/runtime.py": DATA - {"download", "preprocess"},
    "stages/train_classifier.py": {"train_classifier", "evaluate_real"} | AFTER_TRAINING,
    "src/ganvae/classifier.py": {"train_classifier", "evaluate_real"} | AFTER_TRAINING,
    "stages/train*.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/history.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/linear.py": TRAIN | AFTER_TRAINING | {"evaluate_real"},
    "src/ganvae/model.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/processes.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/results.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/snapshots.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/stepper.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/study.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/task.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/training.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/networks/wide.py": TRAIN | AFTER_TRAINING,
    "src/ganvae/networks/*.py": set(),  # not the architecture of params.yaml
    # of these other architectures alone, but a template cannot lengthen a list of dependencies
    "src/ganvae/convolution.py": TRAIN | AFTER_TRAINING,
    **{f"src/ganvae/models/{m}.py": of(m) for m in MODELS},
    "src/ganvae/losses/adversarial.py": of("gan", "vaegan", "cvaegan"),
    "src/ganvae/updates/adversary.py": of("gan", "vaegan", "cvaegan"),
    "src/ganvae/losses/wasserstein.py": of("wgan"),
    # -ELBO is a metric too, so it is every evaluation's
    "src/ganvae/losses/elbo.py": of("vae", "vaegan", "cvaegan") | AFTER_TRAINING,
    "src/ganvae/updates/autoencoder.py": of("vae", "vaegan", "cvaegan"),
    "src/ganvae/losses/vaegan.py": of("vaegan"),
    "src/ganvae/losses/constrained.py": of("cvaegan"),
    "stages/evaluate_real.py": {"evaluate_real", "compare"},
    "src/ganvae/metrics/*.py": {"evaluate_real"} | AFTER_TRAINING,
    "src/ganvae/evaluation.py": {"evaluate_real"} | AFTER_TRAINING,
    "stages/evaluate.py": AFTER_TRAINING,
    "src/ganvae/encoding.py": AFTER_TRAINING,
    "src/ganvae/inception.py": {"evaluate_real"} | AFTER_TRAINING,
    "src/ganvae/inversion.py": AFTER_TRAINING,
    "src/ganvae/parts.py": AFTER_TRAINING,
    "src/ganvae/timeline.py": AFTER_TRAINING,
    "src/ganvae/scoring.py": {"evaluate_real"} | AFTER_TRAINING,
    "src/ganvae/floors.py": {"evaluate_real", "compare"},
    "src/ganvae/planted.py": {"evaluate_real", "compare"},
    "src/ganvae/selftest.py": {"evaluate_real", "compare"},
    "src/ganvae/generated.py": AFTER_TRAINING,
    "src/ganvae/showcase.py": AFTER_TRAINING,
    "src/ganvae/trained.py": AFTER_TRAINING,
    "stages/compare.py": {"compare"},
    "src/ganvae/comparison/*": {"compare"},
    "src/ganvae/figures/*": {"compare"},
}


class Pipeline:
    """DVC's index of the repository: which stage reads what, and which follows which."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with Repo(str(root)) as repo:
            index = repo.index
        self.stages = {s.name: s for s in index.stages if s.path_in_repo == "dvc.yaml"}
        self.graph: nx.DiGraph = index.graph.subgraph(self.stages.values())

    def affected(self, direct: set[str]) -> set[str]:
        """The stages and all that follow; check_params apart, whose out never changes."""
        nodes = {self.stages[name] for name in direct - {"check_params"}}
        after = {a for node in nodes for a in nx.ancestors(self.graph, node)}
        return {stage.name for stage in nodes | after}

    def by_param(self, key: str) -> set[str]:
        """Stages that read a dotted key, as its own or within a block."""
        found = set()
        for name, stage in self.stages.items():
            for dep in stage.deps:
                if isinstance(dep, ParamsDependency):
                    read = dep.params
                    if not read or any(key == p or key.startswith(f"{p}.") for p in read):
                        found.add(name)
        return found

    def by_file(self, path: str) -> set[str]:
        """Stages with a file, or a folder around it, among their dependencies."""
        file = self.root / path
        return {
            name
            for name, stage in self.stages.items()
            for dep in stage.deps
            if not isinstance(dep, ParamsDependency)
            and (Path(dep.fs_path) == file or Path(dep.fs_path) in file.parents)
        }


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(ROOT)


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def expected(table: Mapping[str, set[str]], name: str) -> set[str]:
    if name in table:
        return table[name]
    fits = [stages for pattern, stages in table.items() if fnmatch.fnmatch(name, pattern)]
    assert fits, f"{name}: say in this table which stages it affects"
    return fits[0]


def test_every_stage_of_the_mission_is_there(pipeline: Pipeline) -> None:
    assert set(pipeline.stages) == DATA | {"check_params"}


def test_every_key_re_runs_what_it_affects(pipeline: Pipeline) -> None:
    for key in leaves(config.load(ROOT / "params.yaml")):
        direct = pipeline.by_param(key)
        assert "check_params" in direct, key
        assert pipeline.affected(direct) == expected(PARAMS, key), key


def source_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src", "stages"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    files = [f for f in listed if f.endswith(".py") and (ROOT / f).exists()]
    return [f for f in files if (ROOT / f).stat().st_size]  # empty __init__ files


def test_every_source_file_re_runs_what_it_affects(pipeline: Pipeline) -> None:
    for path in source_files():
        affected = pipeline.affected(pipeline.by_file(path))
        assert affected == expected(SOURCES, path), path


def test_every_file_dependency_exists(pipeline: Pipeline) -> None:
    for name, stage in pipeline.stages.items():
        for dep in stage.deps:
            if str(dep).startswith(("src", "stages")):
                assert Path(dep.fs_path).exists(), f"{name}: {dep}"


def test_nothing_of_the_machine_is_a_parameter() -> None:
    keys = " ".join(leaves(config.load(ROOT / "params.yaml")))
    assert not [w for w in ("device", "thread", "worker", "log", "verbose") if w in keys]


def test_evaluating_one_model_depends_on_no_other(pipeline: Pipeline) -> None:
    for model in MODELS:
        deps = " ".join(str(dep) for dep in pipeline.stages[f"evaluate@{model}"].deps)
        words = deps.replace("/", " ").replace(".", " ").split()
        assert not [other for other in MODELS if other != model and other in words]
