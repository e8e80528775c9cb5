"""What every evaluated set of images has in common, generated or real: its score and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from ganvae.core import storage
from ganvae.core.config import Block
from ganvae.errors import UserError
from ganvae.judging import inception
from ganvae.judging.inception import Inception


class EvaluateParams(Block):
    """The block `evaluate`: images per set, and the budgets of the costly metrics.

    A generator counts as collapsed below the share `collapse_share` of the real images' effective
    classes, exp(class entropy). `features` names the networks whose features distances are taken
    on; the classifier is always one of them. Models with an encoder are measured a second time, by
    samples of a mixture of `mixture_components` Gaussians fitted to their codes, unless it is null.
    """

    features: list[Literal["classifier", "inception"]]
    images: int = Field(ge=100, le=1000000)
    collapse_share: float = Field(gt=0, lt=1)
    importance_samples: int = Field(ge=1, le=10000)
    inversion_images: int = Field(ge=1, le=100000)
    inversion_steps: int = Field(ge=1, le=100000)
    mixture_components: int | None = Field(default=None, ge=1, le=1000)

    @model_validator(mode="after")
    def _the_classifier_always(self) -> "EvaluateParams":
        if self.features not in (["classifier"], ["classifier", "inception"]):
            raise ValueError(
                f"features = {self.features}: allowed: [classifier] and [classifier, inception]"
            )
        return self


@dataclass(frozen=True)
class Judged:
    """The judge's view of a set of N images.

    Attributes:
        features: float32 [N, F].
        probabilities: float32 [N, C].
    """

    features: Tensor
    probabilities: Tensor

    def at(self, index: Tensor) -> "Judged":
        """The images at `index` [K]."""
        return Judged(self.features[index], self.probabilities[index])


@dataclass(frozen=True)
class JudgedReal:
    """The judge's view of the real images."""

    train: Judged
    test: Judged


def read_judged_real(path: Path) -> JudgedReal:
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
    for kind in ("features", "probabilities"):
        if tensors[f"train_{kind}"].shape[1] != tensors[f"test_{kind}"].shape[1]:
            raise UserError(f"{path}: {kind}: of another width in one part than in the other")
    return JudgedReal(judged["train"], judged["test"])


def inception_view(
    params: EvaluateParams, images: Tensor, device: torch.device
) -> tuple[Inception | None, Judged | None]:
    """The Inception network on `device` and its view of the test images, if asked for.

    Args:
        params: the block `evaluate`.
        images: test images [M, 1, 28, 28] in [-1, 1].
        device: where the network runs.

    Raises:
        UserError: its weights cannot be had.
    """
    if "inception" not in params.features:
        return None, None
    network = inception.load(device)
    return network, Judged(*inception.look_once(network, images, storage.SCRATCH))


def look(network: Inception | None, images: Tensor) -> Judged | None:
    """The Inception network's view of images [N, 1, 28, 28], if it is asked for."""
    return Judged(*network.look(images)) if network else None


def write_results(folder: Path, details: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> None:
    """Puts `details.json` and `arrays.safetensors` into `folder`, both or, on an error, neither.

    Args:
        folder: replaced as a whole.
        details: JSON without NaN or infinity.
        arrays: what the figures show.
    """
    with storage.whole_folder(folder) as written:
        storage.write_json(written / "details.json", details)
        # safetensors cannot read a file back that has neither tensors nor metadata
        storage.write_tensors(written / "arrays.safetensors", arrays, {"of": folder.name})
