"""Generated images as training data of a classifier, which ghosh2020 names as a use of GANs.

Of N real images, drawn at random by the seed, a classifier is trained

- `real`: on them alone;
- `augmented`: on them and on `share` times as many images of a conditional GAN that was trained on
  these same N images and no others. A GAN that had seen more would carry what the classifier must
  not know. Its images have the classes of the real ones, so only the images differ;
- `real_longer`: on the real ones alone, but with as many gradient steps as `augmented` takes (to
  an epoch), so that more steps are not taken for better data.

The GAN makes `generator_updates` updates whatever N is; the classifier passes over its images as
often as about `updates` steps on the N real ones are, and augmented as often over more.

Writes `accuracy.csv`, a row per classifier: `real_images`, `variant`, `share` (generated per real
image; empty for `real`), `seed`, `generated_images`, `steps` (of the classifier), `state` of the
GAN (finished | diverged; empty where none took part), `test_accuracy` (share of all test images, 0
to 1). And `images.safetensors`: the first seed's generated images, a row per class, uint8
`generated/<real images>` [10, 10, 28, 28].
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field, ValidationError, model_validator
from torch import Tensor, nn

from ganvae.core import imageset, storage
from ganvae.core.config import Block
from ganvae.core.imageset import quantise
from ganvae.errors import ParameterError
from ganvae.experiments.shared import classifiers, few_images, trainings
from ganvae.experiments.shared.classifiers import ClassifierPlan
from ganvae.experiments.shared.experiment import write_table
from ganvae.experiments.shared.few_images import MODELS, GanBlock, Subset
from ganvae.jobs.threads import side_by_side
from ganvae.judging import classifier
from ganvae.judging.classifier import Architecture, ClassifierParams
from ganvae.models.cgan.codes import CLASSES

__all__ = ["MODELS", "Params", "run"]

SHOWN = 10
COLUMNS = [
    "real_images",
    "variant",
    "share",
    "seed",
    "generated_images",
    "steps",
    "state",
    "test_accuracy",
]

Labelled = tuple[Tensor, Tensor]


class ClassifierBlock(Block):
    """The classifier; `updates` is about how many steps it makes on the real images alone."""

    architecture: Architecture
    lr: float = Field(gt=0, le=1)
    batch_size: int = Field(ge=1, le=60000)
    updates: int = Field(ge=1, le=1000000)

    def of(self, seed: int, epochs: int) -> ClassifierParams:
        """In the form of the main pipeline's block `classifier`."""
        return ClassifierParams(
            architecture=self.architecture,
            lr=self.lr,
            batch_size=self.batch_size,
            epochs=epochs,
            seed=seed,
        )


class Params(Block):
    """What is compared: `real_images` are the N, `shares` the generated images per real one."""

    real_images: list[Annotated[int, Field(ge=10, le=1000000)]] = Field(min_length=1)
    shares: list[Annotated[float, Field(gt=0, le=100)]] = Field(min_length=1)
    seeds: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)
    gan: GanBlock
    classifier: ClassifierBlock

    @model_validator(mode="after")
    def _values_differ(self) -> "Params":
        for name in ("real_images", "shares", "seeds"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} = {values}: allowed: different numbers")
        return self

    @model_validator(mode="after")
    def _classifiers_fit(self) -> "Params":
        """Refused here, not after the hours of the GANs."""
        epochs = max(
            case.epochs for num in self.real_images for case in _cases(self, Subset(num, 0))
        )
        try:
            self.classifier.of(0, epochs)
        except ValidationError:
            updates = self.classifier.updates
            raise ValueError(
                f"classifier.updates = {updates}: allowed: less, on {min(self.real_images)} images "
                f"they are {epochs:,} epochs"
            ) from None
        return self


@dataclass(frozen=True)
class Case:
    """One classifier: what it is trained on, and for how many epochs."""

    subset: Subset
    variant: str
    share: float | None
    epochs: int

    def __str__(self) -> str:
        share = "" if self.share is None else f" x {self.share:g}"
        return f"{self.subset}, {self.variant}{share}"

    @property
    def generated(self) -> int:
        """Generated images among the training images."""
        return round((self.share or 0) * self.subset.num) if self.variant == "augmented" else 0

    def steps(self, batch_size: int) -> int:
        """Gradient steps."""
        return self.epochs * -(-(self.subset.num + self.generated) // batch_size)


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains GANs and classifiers, see above.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged; more real images
            are asked for than there are.
    """
    images, labels = imageset.load(root / "processed" / "train.safetensors")
    test = imageset.load(root / "processed" / "test.safetensors")
    if max(params.real_images) > len(images):
        raise ParameterError(
            f"real_images = {params.real_images}: allowed: at most {len(images)}, the "
            "number of training images"
        )
    subsets = [Subset(num, seed) for num in params.real_images for seed in params.seeds]
    real = {subset: subset.of(images, labels) for subset in subsets}
    with storage.scratch_folder(folder.with_name("images")) as scratch:
        files = {s: write_real(scratch, s, *real[s]) for s in subsets}
        plans = {s: few_images.plan(params.gan, s, files[s]) for s in subsets}
        with trainings.trained(plans) as jobs:
            gans = {s: trainings.load(plans[s], jobs[s][s.seed], s.seed) for s in subsets}
            fakes = {s: _generated(gans[s], params, s, real[s][1]) for s in subsets}
            cases = {}
            for case in (case for s in subsets for case in _cases(params, s)):
                file = _file(case, files[case.subset], real[case.subset], fakes[case.subset])
                if file is not None:
                    block = params.classifier.of(case.subset.seed, case.epochs)
                    cases[case] = ClassifierPlan(block, file)
            with classifiers.trained(cases) as judges:
                measurements = [
                    partial(classifier.accuracy, judge, *test) for judge in judges.values()
                ]
                accuracies = side_by_side(measurements, "judge", progress=False)
    found = dict(zip(cases, accuracies, strict=True))
    rows = [_row(params, case, found) for s in subsets for case in _cases(params, s)]
    write_table(folder / "accuracy.csv", rows, COLUMNS)
    shown = {
        f"generated/{s.num}": _by_class(gans[s], params)
        for s in subsets
        if s.seed == params.seeds[0] and fakes[s] is not None
    }
    storage.write_tensors(folder / "images.safetensors", shown, {"of": "augmentation"})


def write_real(folder: Path, subset: Subset, images: Tensor, labels: Tensor) -> Path:
    """The file of images for a GAN, and of the classifiers without generated images."""
    path = folder / f"real_{subset.num}_{subset.seed}.safetensors"
    return trainings.write_subset(path, images, labels)


def _generated(
    networks: nn.ModuleDict | None, params: Params, subset: Subset, labels: Tensor
) -> Labelled | None:
    """As many images as the largest share needs, and their classes; None if the GAN diverged."""
    if networks is None:
        return None
    wanted = labels[torch.arange(round(max(params.shares) * subset.num)) % len(labels)]
    decoder, latent_dim = networks["decoder"], params.gan.latent_dim
    try:
        return few_images.generate(decoder, wanted, latent_dim, subset.seed), wanted
    except FloatingPointError:
        return None


def _cases(params: Params, subset: Subset) -> list[Case]:
    size = params.classifier.batch_size
    batches = -(-subset.num // size)
    epochs = max(1, round(params.classifier.updates / batches))
    cases = [Case(subset, "real", None, epochs)]
    for share in params.shares:
        augmented = Case(subset, "augmented", share, epochs)
        longer = max(1, round(augmented.steps(size) / batches))
        cases += [augmented, Case(subset, "real_longer", share, longer)]
    return cases


def _file(case: Case, file: Path, real: Labelled, made: Labelled | None) -> Path | None:
    """The file of images for a classifier; None where its GAN diverged."""
    if case.variant != "augmented":
        return file
    if made is None:
        return None
    num = case.generated
    images, labels = torch.cat([real[0], made[0][:num]]), torch.cat([real[1], made[1][:num]])
    name = f"augmented_{case.subset.num}_{case.subset.seed}_{case.share:g}.safetensors"
    return trainings.write_subset(file.with_name(name), images, labels)


def _row(params: Params, case: Case, found: dict[Case, float]) -> dict[str, Any]:
    row = {
        "real_images": case.subset.num,
        "variant": case.variant,
        "share": case.share,
        "seed": case.subset.seed,
        "generated_images": case.generated,
        "steps": case.steps(params.classifier.batch_size),
    }
    if case not in found:
        return {**row, "state": "diverged"}
    state = "finished" if case.variant == "augmented" else None
    return {**row, "state": state, "test_accuracy": found[case]}


def _by_class(networks: nn.ModuleDict | None, params: Params) -> Tensor:
    """Images for a figure, uint8 [10, 10, 28, 28]: a row per class."""
    assert networks is not None
    labels = torch.arange(CLASSES).repeat_interleave(SHOWN)
    made = few_images.generate(networks["decoder"], labels, params.gan.latent_dim, seed=0)
    return quantise(made).view(CLASSES, SHOWN, 28, 28)
