"""Real MNIST from a folder, and a judge of some of it, for what measures on real images."""

from pathlib import Path

from torch import Tensor

from ganvae.core import config
from ganvae.core.imageset import CPU, DIGITS
from ganvae.data import sources
from ganvae.judging import classifier
from stages import preprocess


def read(folder: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Images [N, 1, 28, 28] in [-1, 1] and their digits [N], of "train" and of "test".

    Args:
        folder: with MNIST's four IDX files.

    Raises:
        UserError: a file is missing or damaged.
    """
    data = {"name": "folder", "folder": str(folder.resolve()), "test_share": 0.5}
    own = sources.read_own(
        sources.DataParams.model_validate({**data, "invert": False, "transpose": False})
    )
    return {
        part: (preprocess.scaled(images), labels) for part, (images, labels) in own.parts.items()
    }


def judge(images: Tensor, labels: Tensor) -> classifier.Classifier:
    """A classifier of these digits, by the block `classifier` of params.yaml."""
    params = config.block(classifier.ClassifierParams, config.load(), "classifier")
    return classifier.train(images, labels, params, CPU, False, len(DIGITS))
