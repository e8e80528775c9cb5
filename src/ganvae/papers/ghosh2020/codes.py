"""What the two GANs with codes that ghosh2020 names make of them: classes asked for, and found.

The conditional GAN is asked for a class; InfoGAN's categorical code has to find the classes by
itself, and its continuous codes something else (Chen et al. 2016: slant and width).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from scipy import stats
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ganvae.core.imageset import CPU, dequantise, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.figures.style import Array
from ganvae.judging.classifier import Classifier, classify
from ganvae.models.base.contract import to_images
from ganvae.models.cgan.codes import CLASSES, Coded
from ganvae.papers.shared.results import Result

IMAGES = 2000  # that the classifier reads of each seed, equally many of every class or code
SHOWN = 10  # images a row
BATCH = 500


@dataclass(frozen=True)
class Read:
    """One seed's images of all ten classes, as the classifier reads them.

    Attributes:
        confusion: images per asked class (row) and read class (column), int64 [10, 10].
        shown: the first `SHOWN` of every asked class, row by row: uint8 [100, 28, 28].
        slant: of every image [IMAGES], shift to the right per pixel upward.
        width: of every image [IMAGES], standard deviation of its ink along the row, in pixels.
        codes: the continuous codes that the images were made of [IMAGES, K], -1 to 1.
    """

    confusion: Array
    shown: Array
    slant: Array
    width: Array
    codes: Array

    @property
    def agreement(self) -> float:
        """Share of the images that are read as what was asked."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def assignment(self) -> tuple[Array, float]:
        """The class of every code in the best one-to-one assignment, and how many images fit it."""
        _, chosen = linear_sum_assignment(self.confusion, maximize=True)
        fits = self.confusion[np.arange(CLASSES), chosen].sum()
        return chosen, float(fits / self.confusion.sum())

    @property
    def mutual_information(self) -> float:
        """Of code and read class in nats, 0 to ln 10."""
        joint = self.confusion / self.confusion.sum()
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        kept = joint > 0
        return float((joint[kept] * np.log(joint[kept] / apart[kept])).sum())


@torch.no_grad()
def read(result: Result, seed: int, classifier: Classifier) -> Read:
    """Draws `IMAGES` images of one seed, the classes 0..9 in turn, and has them read."""
    decoder = _decoder(result, seed)
    noise = Noise(seed_for(seed, "codes"), CPU)
    asked = torch.arange(IMAGES) % CLASSES
    z, _, codes = decoder.split(noise.normal(IMAGES, result.latent_dim))
    parts = [torch.split(x, BATCH) for x in (z, asked, codes)]
    drawn = torch.cat([to_images(decoder.of(*part)) for part in zip(*parts, strict=True)])
    grey = quantise(drawn)
    _, probabilities = classify(classifier, dequantise(grey))
    confusion = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    np.add.at(confusion, (asked.numpy(), probabilities.argmax(dim=1).numpy()), 1)
    rows = torch.cat([grey[asked == digit][:SHOWN] for digit in range(CLASSES)])
    slant, width = shape(dequantise(grey))
    return Read(confusion, rows.numpy(), slant, width, codes.numpy())


@torch.no_grad()
def walk(result: Result, seed: int, code: int) -> Array:
    """One row per class; along it a continuous code from -1 to 1: uint8 [100, 28, 28].

    All rows have the same z, and the other continuous codes are 0.
    """
    decoder = _decoder(result, seed)
    noise = Noise(seed_for(seed, "walk"), CPU)
    z, _, codes = decoder.split(noise.normal(1, result.latent_dim))
    labels = torch.arange(CLASSES).repeat_interleave(SHOWN)
    given = torch.zeros(len(labels), codes.shape[1])
    given[:, code] = torch.linspace(-1, 1, SHOWN).repeat(CLASSES)
    found: Array = quantise(to_images(decoder.of(z.expand(len(labels), -1), labels, given))).numpy()
    return found


def _decoder(result: Result, seed: int) -> Coded:
    decoder = result.networks(seed)["decoder"]
    assert isinstance(decoder, Coded)
    return decoder


def shape(images: Tensor) -> tuple[Array, Array]:
    """Slant and width by the moments of the ink.

    Args:
        images: [N, 1, 28, 28] in [-1, 1].

    Returns:
        slant [N]: slope of the ink's column over its height (to the right is positive); width [N]:
        standard deviation of its column in pixels. Both 0 for an image without ink.
    """
    ink = (images.squeeze(1).double() + 1) / 2
    ink = ink / ink.sum(dim=(1, 2), keepdim=True).clamp(min=1e-6)
    place = torch.arange(28, dtype=torch.float64)
    column, height = place.view(1, 1, 28), -place.view(1, 28, 1)

    def mean(values: Tensor) -> Tensor:
        return (ink * values).sum(dim=(1, 2), keepdim=True)

    dx, dy = column - mean(column), height - mean(height)
    variance = mean(dy.square()).clamp(min=1e-6)
    slant = (mean(dx * dy) / variance).flatten()
    return slant.numpy(), mean(dx.square()).sqrt().flatten().numpy()


def continuous_name(code: int) -> str:
    """Chen et al.'s c2 and c3 for 0 and 1: c1 is the class."""
    return f"c{code + 2}"


@dataclass(frozen=True)
class Codes:
    """What the seeds of one system make of their codes.

    Attributes:
        result: the system.
        seeds: seed -> what was read of it.
    """

    result: Result
    seeds: dict[int, Read] = field(default_factory=dict)

    def classes(self) -> pd.DataFrame:
        """Columns seed, code, 0..9 (images read as that class), assigned, fits (0 to 1)."""
        rows = []
        for seed, found in self.seeds.items():
            chosen, _ = found.assignment
            for code, counts in enumerate(found.confusion):
                row = {"seed": seed, "code": code} | {str(d): n for d, n in enumerate(counts)}
                row["assigned"] = int(chosen[code])
                rows.append(row | {"fits": counts[chosen[code]] / counts.sum()})
        return pd.DataFrame(rows)

    def correlations(self) -> pd.DataFrame:
        """Spearman's rho of every continuous code with slant and width, by seed."""
        rows = []
        for seed, found in self.seeds.items():
            for code in range(found.codes.shape[1]):
                row: dict[str, object] = {"seed": seed, "code": continuous_name(code)}
                for name, values in (("slant", found.slant), ("width", found.width)):
                    constant = np.ptp(values) == 0
                    rho = stats.spearmanr(found.codes[:, code], values).statistic
                    row[name] = 0.0 if constant else float(rho)
                rows.append(row)
        return pd.DataFrame(rows, columns=["seed", "code", "slant", "width"])
