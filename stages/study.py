"""All trainings that `dvc repro` would start, at once: every core or GPU busy to the end.

`make study` runs it after `dvc repro preprocess` and before `dvc repro`, whose stages find what is
done here. Reads `params.yaml`; writes into the trainings' own folders. What DVC's run cache has is
not trained but taken from there.
"""

import sys
from contextlib import ExitStack
from typing import Any

from dvc.repo import Repo
from dvc.stage.cache import RunCacheNotFoundError

from ganvae import config, model, results, runtime, study
from ganvae.errors import run
from ganvae.jobs import Job
from ganvae.progress import run_counted


def main() -> None:
    """Entry point: `python -m stages.study`."""
    values = config.load()
    config.block(model.TrainParams, values, "train")
    networks = config.block(model.NetworksParams, values, "networks")
    model.architecture(networks.architecture)
    with ExitStack() as claims:
        trainings: list[tuple[float, Job]] = []
        for name in changed(list(values["models"])):
            effort = results.effort(name, values)
            found = claims.enter_context(study.claimed(name, values))
            trainings += [(effort, job) for job in found.values()]
        trainings.sort(key=lambda training: -training[0])  # the longest first: all end together
        todo = [job for _, job in trainings]
        print(f"{len(todo)} trainings", flush=True)
        run_counted(todo, runtime.gpus(), sys.stderr.isatty())


def changed(models: list[str]) -> list[str]:
    """The models whose training stage is out of date and in no cache."""
    with Repo() as repo, repo.lock:
        stages = {stage.name: stage for stage in repo.index.stages}
        return [name for name in models if _must_run(repo, stages[f"train_{name}"])]


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
