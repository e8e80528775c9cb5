"""The two DVC projects as DVC's own index sees them: which stage reads what, what follows it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
from dvc.dependency import ParamsDependency
from dvc.repo import Repo
from dvc.stage import Stage

from ganvae.core import config
from tests.project import ROOT

MODELS = tuple(config.load(ROOT / config.PARAMS_FILE)["models"])  # the five, and a user's own
TRAIN = {f"train_{m}" for m in MODELS}
EVALUATE = {f"evaluate@{m}" for m in MODELS}

# Imported by every Python process of a run: at its end it says which files it used.
RECORDER = """
import atexit, json, os, sys
def _record(folder=os.environ.get("RECORD_IMPORTS"), stage=os.environ.get("DVC_STAGE")):
    if folder and stage:
        names = [n for n in sys.modules if n.split(".")[0] in ("ganvae", "stages")]
        files = [sys.modules[n].__file__ for n in names if sys.modules[n].__file__]
        files += [f for f in [getattr(sys.modules["__main__"], "__file__", None)] if f]
        name = stage.replace("/", "-").replace(":", "-")
        with open(os.path.join(folder, f"{name}-{os.getpid()}.json"), "w") as file:
            json.dump({"stage": stage, "files": files}, file)
atexit.register(_record)
"""


def recorder(folder: Path) -> dict[str, str]:
    """The variables with which every stage says in `folder` what it imports."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(RECORDER)
    return {"PYTHONPATH": str(folder), "RECORD_IMPORTS": str(folder)}


def recorded(records: Path, project: Path) -> dict[str, set[str]]:
    """Stage -> the source files, relative to `project`, that its processes imported."""
    seen: dict[str, set[str]] = {}
    for record in sorted(records.glob("*.json")):
        found = json.loads(record.read_text())
        files = {os.path.relpath(name, project.resolve()) for name in found["files"]}
        assert all(not name.startswith("..") for name in files), "code from another copy ran"
        seen.setdefault(found["stage"], set()).update(files)
    return {stage: {f for f in files if (project / f).stat().st_size} for stage, files in
            seen.items()}  # fmt: skip


class Pipeline:
    """DVC's index of one of the projects.

    Attributes:
        stages: by name; those of CelebA's pipeline begin with `celeba_`.
        blocks: what a stage is made of, pairs of a folder of src/ganvae, or a block of a file of
            parameters, and a name in it, such as ("models", "gan").
    """

    def __init__(self, root: Path = ROOT, *, papers: bool = False) -> None:
        self.root = root / "papers" if papers else root
        with Repo(str(self.root)) as repo:
            index = repo.index
        self.stages: dict[str, Stage] = {}
        for stage in index.stages:
            celeba = stage.path_in_repo == "celeba/dvc.yaml"
            self.stages[("celeba_" if celeba else "") + stage.name] = stage
        self._names = {stage: name for name, stage in self.stages.items()}
        self._graph: nx.DiGraph = index.graph
        self.blocks = _of_papers(self.root) if papers else _of_models(self.root)

    def select(self, words: str) -> set[str]:
        """The stages of these kinds, such as `train`, or with these whole names."""
        asked = set(words.split())
        return {name for name in self.stages if name in asked or kind(name) in asked}

    def affected(self, direct: set[str]) -> set[str]:
        """The stages and all that follow; check_params apart, whose out never changes."""
        nodes = {self.stages[name] for name in direct - {"check_params"}}
        after = {a for node in nodes for a in nx.ancestors(self._graph, node)}
        return {self._names[stage] for stage in nodes | after}

    def before(self, name: str) -> set[str]:
        """The stages that a stage follows, directly or not."""
        return {self._names[s] for s in nx.descendants(self._graph, self.stages[name])}

    def files(self, name: str) -> set[str]:
        """A stage's dependencies, parameters apart, relative to the project."""
        deps = [dep for dep in self.stages[name].deps if not isinstance(dep, ParamsDependency)]
        return {os.path.relpath(dep.fs_path, self.root) for dep in deps}

    def by_file(self, path: str) -> set[str]:
        """Stages with a file, or a folder around it, among their dependencies."""
        around = {path, *map(str, Path(path).parents)}
        return {name for name in self.stages if around & self.files(name)}

    def by_param(self, key: str, file: str = "params.yaml") -> set[str]:
        """Stages that read a dotted key of a file, as its own or within a block."""
        found = set()
        for name, stage in self.stages.items():
            for dep in stage.deps:
                ours = isinstance(dep, ParamsDependency) and Path(dep.fs_path) == self._file(file)
                if ours and (
                    not dep.params or any(key == p or key.startswith(f"{p}.") for p in dep.params)
                ):
                    found.add(name)
        return found

    def _file(self, name: str) -> Path:
        return Path(os.path.normpath(self.root / name))


def ran(output: str) -> set[str]:
    """The stages whose commands DVC ran, by what it printed."""
    return set(re.findall(r"Running stage '([^']+)'", output))


def restored(output: str) -> set[str]:
    """The stages whose outs came from the run cache."""
    return set(re.findall(r"Stage '([^']+)' is cached - skipping run", output))


def kind(stage: str) -> str:
    """`train` of `train@mi2018_gan` and of `train_gan`."""
    return "train" if stage in TRAIN else stage.partition("@")[0]


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of nested mappings."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


Blocks = dict[str, set[tuple[str, str]]]


def _of_models(root: Path) -> Blocks:
    params = config.load(root / "params.yaml")
    networks = ("networks", params["networks"]["architecture"])
    found: Blocks = {"compare": {networks}, "report": {networks}}
    for model in params["models"]:
        for stage in (f"train_{model}", f"evaluate@{model}"):
            found[stage] = {networks, ("models", model)}
        for follows in ("compare", "report"):
            found[follows].add(("models", model))
    return found


def _of_papers(root: Path) -> Blocks:
    params = config.load(root / "params.yaml")
    found: Blocks = {f"data@{name}": {("data_sets", name)} for name in params["data_sets"]}
    found |= {
        f"report@{paper}": {("papers", paper), ("data_sets", "mnist")} for paper in params["papers"]
    }
    for name, block in params["systems"].items():
        own = {("systems", name), ("models", block["model"]), ("papers", block["paper"])}
        own |= {("networks", block["architecture"]), ("data_sets", block["data"])}
        found[f"train@{name}"] = found[f"evaluate@{name}"] = own
        found[f"report@{block['paper']}"] |= own
    for section, stage in (("experiments", "experiment"), ("maps", "map")):
        for name, block in params[section].items():
            own = {("experiments", block["experiment"]), (section, name)}
            own |= {("data_sets", block["data"]), ("data_sets", "mnist")}
            found[f"{stage}@{name}"] = own
            found[f"report@{block['paper']}"] |= own
    for paper, block in params["initial_weights"].items():
        own = {("initial_weights", paper), ("systems", block["system"]), ("papers", paper)}
        found[f"initial_weights@{paper}"] = own | {("data_sets", "mnist")}
    for name, block in config.load(root / "celeba" / "params.yaml")["systems"].items():
        own = {("models", block["model"]), ("networks", block["architecture"])}
        found[f"celeba_train@{name}"] = own
        found["celeba_report"] = found.get("celeba_report", set()) | own
    return found
