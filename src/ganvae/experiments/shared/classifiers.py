"""Several classifiers at once: each a job of its own, as the trainings of models are."""

import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from ganvae.core import imageset, machine, storage
from ganvae.core.config import PAPERS_FILE, Block
from ganvae.jobs import edits, progress
from ganvae.jobs.executor import Job, fingerprint, runs_folder
from ganvae.jobs.locks import kept
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier, ClassifierParams

WEIGHTS = "weights.safetensors"

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class ClassifierPlan:
    """A classifier to be trained on the images of the file `data`."""

    params: ClassifierParams
    data: Path


@contextmanager
def trained(
    plans: Mapping[K, ClassifierPlan],
) -> Iterator[dict[K, Classifier]]:
    """Trains everything with one call of the executor; yields the classifiers, by key.

    One whose training did not end is trained anew by the next call; the others are kept until the
    end without an error.

    Args:
        plans: by keys; a key as text is its job's label.

    Raises:
        UserError: a file is missing or damaged, or what `executor.run` refuses.
        Interrupted: after all trainings have stopped.
    """
    device = machine.device()
    jobs = {key: _job(str(key), each) for key, each in plans.items()}
    todo = list({job.folder: job for job in jobs.values()}.values())  # equal ones are one
    with kept(todo):
        progress.run_counted(todo, machine.gpus(), sys.stderr.isatty())
        yield {key: classifier.load(job.result / WEIGHTS, device) for key, job in jobs.items()}


class _Description(Block):
    """What `_job` writes into `job.json`."""

    classifier: ClassifierParams
    data: str


def _job(label: str, plan: ClassifierPlan) -> Job:
    code = edits.digests(edits.sources(edits.STAGES / "train_classifier_one.py"))
    images = edits.digests([plan.data])
    params = plan.params.model_dump()
    origin = {
        "classifier": params,
        "torch": torch.__version__,
        "device": machine.device().type,
        "code": list(code.values()),
        "data": list(images.values()),
    }
    folder = runs_folder() / fingerprint(origin)
    run = [sys.executable, "-m", "stages.train_classifier_one", str(folder)]
    description = {"classifier": params, "data": str(plan.data.absolute())}
    read = code | images | edits.digests([PAPERS_FILE])
    return Job(f"classifier {label}", run, folder, read, description)


def train_one(folder: Path) -> None:
    """Trains what `<folder>/job.json` describes and leaves `<folder>/result/`.

    Raises:
        UserError: the images are missing or damaged, or the loss is no longer finite.
    """
    job = storage.read_as(folder / "job.json", _Description)
    device = machine.device()
    images, labels = imageset.load(Path(job.data), device)
    # the source papers' data sets, MNIST and FashionMNIST, have ten classes
    ten = len(imageset.DIGITS)
    made = classifier.train(images, labels, job.classifier, device, progress=False, classes=ten)
    with storage.whole_folder(folder / "result") as written:
        classifier.save(made, written / WEIGHTS)
