"""Images of any origin, measured as the pipeline measures its models' images, beside real ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ganvae.comparison import markdown, tables
from ganvae.comparison.columns import column, ordered
from ganvae.core import config
from ganvae.core.config import PARAMS_FILE
from ganvae.core.imageset import dequantise, quantise
from ganvae.data import pictures
from ganvae.errors import UserError, parameters_of
from ganvae.floors import floors
from ganvae.judging import classifier
from ganvae.judging.judged import (
    EvaluateParams,
    Judged,
    look,
)
from ganvae.judging.scoring import Score, score
from ganvae.metrics.inputs import pixels
from ganvae.verbs.images import convert
from ganvae.verbs.trained import absent, folder_of

FAR = 25  # grey levels by which the darkest or the brightest one may differ from the real images'
SURE = 5  # standard deviations beyond which neighbours are alike by no chance


@dataclass(frozen=True)
class Scores:
    """A set of images beside a set of real ones, both measured against the same test images.

    Attributes:
        images: how many were given.
        against: the number of test images.
        given: what was measured of them.
        real: the same of training images in their place, as many where there are as many.
        real_images: how many these are.
        warnings: in what the given images differ from the real ones before any metric, a line each.
    """

    images: int
    against: int
    given: Score
    real: Score
    real_images: int
    warnings: list[str]

    def table(self) -> str:
        """All metrics with the 95 % intervals of their sampling errors, a line each."""
        names = ordered({*self.given.metrics, *self.real.metrics})
        lines = [[column(name).head, *_cells(self.given, name), *_cells(self.real, name)]
                 for name in names]  # fmt: skip
        head = [f"given, {self.images:,}", "95 % interval", f"real, {self.real_images:,}"]
        return markdown.text([tables.table(["", *head, "95 % interval"], lines)])

    def document(self) -> dict[str, Any]:
        """All numbers, for JSON."""
        return {
            "against": self.against,
            "given": {"images": self.images, **self.given.fields()},
            "real": {"images": self.real_images, **self.real.fields()},
            "warnings": self.warnings,
        }


def _cells(found: Score, name: str) -> tuple[str, str]:
    if name not in found.metrics:
        return tables.NONE, tables.NONE
    shown, ends = column(name), found.intervals.get(name)
    own = tables.between(ends, shown) if ends else tables.NONE
    return shown.show(found.metrics[name]), own


def score_images(
    images: Tensor | str | Path, study: str | Path = ".", negative: bool = False
) -> Scores:
    """Measures images by all metrics, against the test images of a study and by its judge.

    Args:
        images: what `read` takes, or float32 [N, 1, 28, 28] in [-1, 1]; N >= 12.
        study: a folder with `data/`, such as the repository, `.demo` or `.conv`.
        negative: whether dark and light are exchanged first, in what is read.

    Raises:
        UserError: the study has no judge or no images; what is given cannot be read, or are too
            few images.
    """
    root, notes = folder_of(study), list[str]()
    if not isinstance(images, Tensor):
        images, notes = convert(Path(images), negative)
    try:
        levels = quantise(pixels(images, "images").float())
    except ValueError as error:
        raise UserError(str(error)) from None
    bench, params = _bench(root)
    given = dequantise(levels)
    judged = Judged(*classifier.classify(bench.judge, given))
    warnings = [*notes, *differences(levels, quantise(bench.real.images)), *_count(params, given)]
    if in_order(judged.probabilities.argmax(dim=1)):
        warnings.append("images in the order of their classes: they were shuffled")
        chosen = floors.order_of("given", len(given))
        given, judged = given[chosen], judged.at(chosen)
    seen = look(bench.inception, given)
    found = score(given, judged, bench.real, bench.images, 0, seen)
    # as many training images as were given: of `evaluate.images` the study's own row
    chosen = floors.order_of("real", len(bench.images))[: min(len(given), len(bench.images) - 1)]
    real = floors.left_out(bench, chosen, inception=True)
    return Scores(len(given), len(bench.real.images), found, real, len(chosen), warnings)


def _bench(study: Path) -> tuple[floors.Inputs, EvaluateParams | None]:
    """What images are measured with: the study's data and judge, and its block `evaluate`."""
    root = study / "data" if (study / "data").is_dir() else study
    for name, stage in (("processed", "preprocess"), ("classifier", "train_classifier")):
        if not (root / name).is_dir():
            raise absent(root / name, study, stage)
    file, params = study / PARAMS_FILE, None
    if file.exists():
        with parameters_of(file):
            params = config.block(EvaluateParams, config.load(file), "evaluate")
    return floors.read(root, params), params


def differences(given: Tensor, real: Tensor) -> list[str]:
    """How grey images, uint8 [N, 28, 28], are unlike real ones: levels, dark on light."""
    found = []
    (low, high), (real_low, real_high) = ((int(x.min()), int(x.max())) for x in (given, real))
    if low > real_low + FAR or high < real_high - FAR:
        found.append(f"grey levels from {low} to {high}; the real images' are {real_low} to "
                     f"{real_high}")  # fmt: skip
    if _levels(given) <= 2 < _levels(real):
        found.append("no grey: at most two levels, while the real images have more")
    sides = [pictures.dark_on_light(images) for images in (given, real)]
    if sides[0] != sides[1]:
        said = ["dark on light" if side else "light on dark" for side in sides]
        found.append(f"most images are {said[0]}, the real ones {said[1]}: --negative exchanges it")
    return found


def _levels(images: Tensor) -> int:
    """How many different ones there are in uint8 images."""
    return int((images.flatten().bincount() > 0).sum())


def _count(params: EvaluateParams | None, given: Tensor) -> list[str]:
    """Distances of few images are larger: numbers of other counts are no comparison."""
    if params is None or len(given) == params.images:
        return []
    return [f"{len(given):,} images, while the study's tables are of {params.images:,}: "
            "compare with the row real beside, not with those"]  # fmt: skip


def in_order(classes: Tensor) -> bool:
    """Whether images [N] are sorted by class: neighbours are alike more often than by chance."""
    shares = classes.bincount().double() / len(classes)
    by_chance = float(shares.square().sum())
    alike = float((classes[1:] == classes[:-1]).double().mean())
    deviation = (by_chance * (1 - by_chance) / max(1, len(classes) - 1)) ** 0.5
    return bool(alike > by_chance + SURE * deviation)
