"""All trainings that `dvc repro` would start, at once: every core or GPU busy to the end.

`make study` runs it after `dvc repro evaluate_real` and before `dvc repro`, `make paper` likewise
with the name of a paper, and of its systems where not all are wanted, and before its report; the
stages find what is done here. Reads `params.yaml`, or papers/params.yaml; writes into the
trainings' own folders. What DVC's run cache has is not trained but taken from there.
"""

import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.cache import RunCacheNotFoundError

from ganvae.core import config, machine
from ganvae.core.config import PAPERS_FILE, PARAMS_FILE
from ganvae.errors import UserError, parameters_of, run
from ganvae.jobs.arguments import arguments
from ganvae.jobs.executor import Job
from ganvae.jobs.locks import locked
from ganvae.jobs.progress import run_counted
from ganvae.models.base import systems
from ganvae.models.base.systems import System
from ganvae.training import costs, seeds
from stages.check_params import slow_precision


def main() -> None:
    """Entry point: `python -m stages.study [<paper> [<system>...]]`."""
    paper, *only = arguments(__file__, __doc__, "[<paper>]", "[<system>...]") or [""]
    file = PAPERS_FILE if paper else PARAMS_FILE
    with parameters_of(file):
        todo = changed(of_paper(paper, only) if paper else of_params())
        print(f"{sum(len(s.train.seeds) for s in todo)} trainings", flush=True)
        for line in {slow_precision(s.values, file) for s in todo} - {None}:
            print(f"note: {line}", file=sys.stderr)
        train(todo)


def of_params() -> dict[str, System]:
    """The models of `params.yaml` by their stages."""
    models = config.section(config.load(), "models")
    return {f"train_{name}": systems.read(name) for name in models}


def of_paper(paper: str, only: Collection[str] = ()) -> dict[str, System]:
    """A paper's systems, or only some, by their stages. Raises `UserError` where there are none."""
    known = {name.removeprefix(f"{paper}_"): name for name in systems.of_paper(paper)}
    for name in only:
        if name not in known:
            raise UserError(config.unknown(f"{PAPERS_FILE}: {paper}", name, known))
    wanted = [full for name, full in known.items() if name in (only or known)]
    return {f"train@{name}": systems.read(name, PAPERS_FILE) for name in wanted}


def train(wanted: Iterable[System]) -> None:
    """Trains every seed in the trainings' own folders, the longest first.

    Raises:
        UserError: a block does not fit its schema, or a training failed.
    """
    efforts: list[tuple[float, Job]] = []
    for system in wanted:
        effort = costs.effort(system)
        efforts += [(effort, job) for job in seeds.jobs(system).values()]
    efforts.sort(key=lambda job: -job[0])  # so all end together
    todo = [job for _, job in efforts]
    with locked(todo):
        run_counted(todo, machine.gpus(), sys.stderr.isatty())


def changed(wanted: Mapping[str, System]) -> list[System]:
    """Those whose stage is out of date and in no cache.

    Raises:
        UserError: there is no such stage, nothing is wanted, or DVC cannot read its files.
    """
    if not wanted:
        raise UserError("nothing to train: no models")
    file = next(iter(wanted.values())).file
    try:
        return _changed(wanted, file)
    except DvcException as error:  # torn, or held by another DVC
        raise UserError(str(error)) from None


def _changed(wanted: Mapping[str, System], file: Path) -> list[System]:
    with Repo(str(file.parent)) as repo, repo.lock:
        stages = {stage.name: stage for stage in repo.index.stages if stage.name}
        for name in wanted.keys() - stages.keys():
            raise UserError(f"{file.with_name('dvc.yaml')}: no stage {name}, which {file} asks for")
        return [system for name, system in wanted.items() if _must_run(repo, stages[name])]


def _must_run(repo: Repo, stage: Any) -> bool:
    if not stage.changed():
        return False
    try:
        repo.stage_cache.restore(stage)
    except RunCacheNotFoundError:
        return True
    return False


if __name__ == "__main__":
    run(main)
