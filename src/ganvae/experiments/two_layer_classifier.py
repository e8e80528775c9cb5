"""mi2018's own judge (section 3.2): a two-layer perceptron trained on all training images.

The paper reports 95.4 % on the test images. Writes

- `accuracy.csv`: `seed`, `test_accuracy` (share of the test images, 0 to 1), one row per seed;
- `classifier/weights.safetensors` and `classifier/real.safetensors`: the first seed's network and
  its view of the real images, in the form of data/classifier/, so that it can judge images too.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from torch import Tensor

from ganvae.core import imageset, storage
from ganvae.core.config import Block
from ganvae.experiments.shared import classifiers
from ganvae.experiments.shared.classifiers import ClassifierPlan
from ganvae.experiments.shared.experiment import write_table
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier, ClassifierParams

MODELS = ()


class Params(Block):
    """As the main pipeline's block `classifier`, with several seeds."""

    lr: float = Field(gt=0, le=1)
    batch_size: int = Field(ge=1, le=60000)
    epochs: int = Field(ge=1, le=1000)
    seeds: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _seeds_differ(self) -> "Params":
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds = {self.seeds}: allowed: different integers >= 0")
        return self

    def of(self, seed: int) -> ClassifierParams:
        """One seed's block."""
        return ClassifierParams(
            architecture="mlp",
            lr=self.lr,
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=seed,
        )


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains every seed, see above.

    Raises:
        UserError: a file is missing or damaged, or a training failed.
    """
    images, labels = imageset.load(root / "processed" / "test.safetensors")
    train = root / "processed" / "train.safetensors"
    wanted = {f"seed {seed}": ClassifierPlan(params.of(seed), train) for seed in params.seeds}
    with classifiers.trained(wanted) as judges:
        rows = [
            {"seed": seed, "test_accuracy": classifier.accuracy(judge, images, labels)}
            for seed, judge in zip(params.seeds, judges.values(), strict=True)
        ]
        write_table(folder / "accuracy.csv", rows, ["seed", "test_accuracy"])
        _write(next(iter(judges.values())), train, root, folder / "classifier")


def _write(judge: Classifier, train: Path, root: Path, folder: Path) -> None:
    views: dict[str, Tensor] = {}
    for split, path in (("train", train), ("test", root / "processed" / "test.safetensors")):
        images, _ = imageset.load(path)
        names = (f"{split}_features", f"{split}_probabilities")
        views.update(zip(names, classifier.classify(judge, images), strict=True))
    classifier.save(judge, folder / "weights.safetensors")
    metadata = {"architecture": judge.architecture}
    storage.write_tensors(folder / "real.safetensors", views, metadata)
