"""What every evaluated set of images has in common, generated or real: its score and its files."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field
from torch import Tensor

from ganvae import storage
from ganvae.config import Block
from ganvae.errors import UserError
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.frechet_distance import frechet_distance
from ganvae.metrics.image_entropy import image_entropy

SCRATCH = Path(".cache/evaluation")  # half a result must not lie where DVC looks for whole ones


class EvaluateParams(Block):
    """The block `evaluate`: images per set, and where a generator counts as collapsed."""

    images: int = Field(ge=100, le=1000000)
    collapse_classes: float = Field(gt=1, le=10)


@dataclass(frozen=True)
class Judged:
    """The judge's view of a set of N images.

    Attributes:
        features: float32 [N, F].
        probabilities: float32 [N, 10].
    """

    features: Tensor
    probabilities: Tensor

    def at(self, index: Tensor) -> "Judged":
        """The images at `index` [K]."""
        return Judged(self.features[index], self.probabilities[index])


@dataclass(frozen=True)
class RealImages:
    """The judge's view of the real images, with the judge's architecture."""

    train: Judged
    test: Judged
    architecture: str

    def protocol(self) -> dict[str, Any]:
        """What the numbers were measured against, for the files."""
        return {
            "real_images": len(self.test.features),
            "real_split": "test",
            "features": "classifier",
            "feature_width": self.test.features.shape[1],
            "classifier": self.architecture,
        }


@dataclass(frozen=True)
class Score:
    """What is measured on every set of images.

    Attributes:
        metrics: `class_entropy` and mean `image_entropy` in nats, `fid_classifier`.
        class_histogram: images per digit.
        image_entropy: nats per image, float32 [N].
    """

    metrics: dict[str, float]
    class_histogram: list[int]
    image_entropy: Tensor


def score(judged: Judged, real: Judged) -> Score:
    """Measures a set of images, with the Frechet distance to the images of `real`."""
    histogram = class_histogram(judged.probabilities)
    entropies = image_entropy(judged.probabilities)
    metrics = {
        "class_entropy": class_entropy(histogram),
        "image_entropy": float(entropies.mean()),
        "fid_classifier": frechet_distance(real.features, judged.features),
    }
    return Score(metrics, histogram.tolist(), entropies.float())


def read_real(path: Path) -> RealImages:
    """Reads `real.safetensors` of the stage `train_classifier`.

    Raises:
        UserError: the file is missing or damaged, or holds something else or fewer than 4 images.
    """
    tensors = storage.read_tensors(path)
    judged = {}
    for split in ("train", "test"):
        names = (f"{split}_features", f"{split}_probabilities")
        for name in names:
            if name not in tensors or tensors[name].dim() != 2 or len(tensors[name]) < 4:
                raise UserError(f"{path}: {name}: missing or not of four or more images")
        judged[split] = Judged(tensors[names[0]], tensors[names[1]])
    architecture = storage.read_metadata(path).get("architecture", "unknown")
    return RealImages(judged["train"], judged["test"], architecture)


def write_results(folder: Path, details: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> None:
    """Puts `details.json` and `arrays.safetensors` into `folder`, both or, on an error, neither.

    Args:
        folder: replaced as a whole.
        details: JSON without NaN or infinity.
        arrays: what the figures show.
    """
    written = storage.temporary(SCRATCH / folder.name)
    try:
        storage.write_json(written / "details.json", details)
        # safetensors cannot read a file back that has neither tensors nor metadata
        storage.write_tensors(written / "arrays.safetensors", arrays, {"of": folder.name})
        storage.replace_folder(written, folder)
    finally:
        shutil.rmtree(written, ignore_errors=True)
