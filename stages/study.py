"""All trainings that `dvc repro` would start, at once: every core or GPU busy to the end.

`make study` runs it after `dvc repro preprocess` and before `dvc repro`, `make paper` likewise with
the name of a paper and before its report; the stages find what is done here. Reads `params.yaml`,
or papers/params.yaml; writes into the trainings' own folders. What DVC's run cache has is not
trained but taken from there.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.stage.cache import RunCacheNotFoundError

from ganvae import config, model, results, runtime, study, systems
from ganvae.claims import claimed
from ganvae.errors import UserError, run
from ganvae.jobs import Job
from ganvae.progress import run_counted
from ganvae.trainings import Training
from stages.check_params import slow_precision


def main() -> None:
    """Entry point: `python -m stages.study [<paper>]`."""
    if len(sys.argv) > 2:
        raise UserError("usage: python -m stages.study [<paper>]")
    if sys.argv[1:]:
        wanted, file = of_paper(sys.argv[1]), systems.FILE
    else:
        wanted, file = of_params(config.load()), config.PARAMS_FILE
    todo = changed(wanted)
    print(f"{sum(len(t.values['train']['seeds']) for t in todo)} trainings", flush=True)
    for line in {slow_precision(t.values, file) for t in todo} - {None}:
        print(f"note: {line}", file=sys.stderr)
    train(todo, file)


def of_params(values: Mapping[str, Any]) -> dict[str, Training]:
    """The trainings of `params.yaml` by their stages."""
    config.block(model.TrainParams, values, "train")
    return {f"train_{name}": Training(name, values, study.DATA) for name in values["models"]}


def of_paper(paper: str) -> dict[str, Training]:
    """Those of a paper's systems. Raises `UserError` for a paper without any."""
    found = {}
    for name in systems.of_paper(paper):
        system, values = systems.read(name)
        images = system.root / "processed" / "train.safetensors"
        found[f"papers/dvc.yaml:train@{name}"] = Training(system.model, values, images)
    return found


def train(wanted: Iterable[Training], params_file: Path = config.PARAMS_FILE) -> None:
    """Trains every seed in the trainings' own folders, the longest first.

    Args:
        wanted: the trainings.
        params_file: where their parameters stand.

    Raises:
        UserError: a block does not fit its schema, or a training failed.
    """
    efforts: list[tuple[float, Job]] = []
    for training in wanted:
        jobs = study.jobs(training.model, training.values, training.data, params_file)
        effort = results.effort(training.model, training.values)
        efforts += [(effort, job) for job in jobs.values()]
    efforts.sort(key=lambda job: -job[0])  # so all end together
    todo = [job for _, job in efforts]
    with claimed(todo):
        run_counted(todo, runtime.gpus(), sys.stderr.isatty())


def changed(wanted: Mapping[str, Training]) -> list[Training]:
    """Those whose stage is out of date and in no cache. Raises `UserError` without a stage."""
    with Repo() as repo, repo.lock:
        stages = {stage.addressing: stage for stage in repo.index.stages}
        for address in wanted.keys() - stages.keys():
            raise UserError(f"dvc.yaml: no stage {address} for a model of params.yaml")
        return [t for address, t in wanted.items() if _must_run(repo, stages[address])]


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
