"""The comparison as sections of texts and tables, for the files that show it and for the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from ganvae.comparison import budget, facts, faults, published, published_text, verdicts
from ganvae.comparison.measurements import Study
from ganvae.comparison.summary import Row
from ganvae.comparison.tables import Part, intervals, spreads

GENERATED_IMAGES = "Generated images"
RECONSTRUCTION = "Reconstruction and likelihood"
FIDELITY_AND_DIVERSITY = "Fidelity and diversity"
COPIES_OF = "Copies of training images"
SAME_TIME = "The same training time"
CONSTRAINT = "The constraint"

HALVES = "real_halves"
PLANTED = "planted_"
HEADLINE = (
    "class_entropy",
    "image_entropy",
    "fid_classifier",
    "coverage",
    "sharpness",
)
ENCODER = (
    "negative_elbo",
    "reconstruction_nats",
    "kl_nats",
    "iwae_nll_",
    "active_units",
    "reconstruction_mse",
    "inversion_mse",
)
FIDELITY = (
    "precision",
    "recall",
    "density",
    "coverage",
    "fid_classifier_infinity",
    "kid_classifier",
    "inception_score_classifier",
    "fid_inception",
    "inception_score_inception",
)
CLASSES = ("class_entropy", "class_kl", "modes")
COPIES = ("memorization", "memorization_neighbours")
COST = (
    "parameters",
    "flops_per_image",
    "generator_updates",
    "train_seconds",
    "train_images_per_second",
    "sample_images_per_second",
    "peak_memory_mib",
)
SEEDS = (
    "class_entropy",
    "fid_classifier",
    "coverage",
    "sharpness",
    "negative_elbo",
    "inversion_mse",
    "train_seconds",
)
IMAGES = ("class_entropy", "class_kl", "modes", "image_entropy", "fid_classifier", *FIDELITY,
          "sharpness", *COPIES)  # fmt: skip

GENERATED = """\
Mean ± sample standard deviation over the finished seeds, a collapsed seed among them. Entropies
are in nats: of the classes at most ln {classes} = {most:.3f}; of a single image low where the
classifier is sure. FID is the Frechet distance on the classifier's features; sharpness is 1 for
images as sharp as the test images. `real` are training images in the place of generated ones."""
GENERATED_ALONE = """\
Mean ± sample standard deviation over the finished seeds. The images are of one class, so entropies
and the number of classes drawn say nothing, no seed counts as collapsed, and the classifier tells
which way up an image is. FID is the Frechet distance on its features; sharpness is 1 for images as
sharp as the test images. `real` are training images in the place of generated ones."""
RECONSTRUCTED = """\
Of test images: -ELBO = reconstruction + KL, nats per image; IWAE the importance-weighted bound of
binarised test images; active units the latent dimensions in use; MSE the encoder's squared error
per pixel on [0, 1].
Inversion MSE is the error of the nearest image that the decoder can draw, found by a search in the
latent space: {inversion_images:,} images, {inversion_steps:,} steps."""
FIDELITY_TEXT = """\
Precision and density: generated images among real ones; recall and coverage: real images among
generated ones ({neighbours} neighbours, the classifier's features). FID∞ is FID extrapolated to
infinitely many images (plots/frechet_curve.png), KID the kernel distance, IS the Inception score
with the classifier in Inception's place."""
CLASSES_TEXT = """\
KL in nats from the test images' {plural} to the generated ones; a {word} counts as drawn from a
tenth of its share among the test images on."""
COPIES_TEXT = """\
0 for a generator that knows nothing of which images it was trained on, 1 for one that copies them
(the first {nearest_images:,} images); neighbours are the different real images that are nearest to
some generated one. The pairs most like copies are in plots/nearest.png."""
SAMPLING_TEXT = """\
95 % intervals of one seed's value, mean of the seeds' ends: the error of measuring with as many
images as here. The spread over the seeds is the ± of the tables above."""
COST_TEXT = """\
Parameters of all networks of the training; FLOPs of one training step per image of its batch."""
CONSTRAINT_TEXT = "Share of the steps with L_gan > d; L_gan - d: plots/constraint.png."
BUDGET_TEXT = """\
Each model at its last snapshot within the time, seconds of one core; one that was done before
stays as it was. FID of {snapshot_images:,} images along the training: not comparable with the
tables above, and a training planned for less time would have lowered its learning rate earlier.
Curves: plots/budget.png."""
FLOORS_TEXT = """\
What real images get in the place of generated ones, whole and with a planted fault."""
HALVES_TEXT = (
    "`real_halves`: one half of the test images in the place of generated ones against the other."
)
FAULTS_TEXT = """\
↑ above and ↓ below the range of sets without a fault, · within it; bold where the metric exists to
see the fault."""
MIXTURE_TEXT = """\
`, mixture`: the same decoder, its latent vectors drawn not from the prior but from a mixture of
{mixture_components} Gaussians fitted to the codes of {mixture_images:,} training images."""
DIFFERENCES_TEXT = """\
First minus second. Welch's intervals over the seeds at Holm's levels, one family per metric; the
verdict is on the first model. All metrics: metrics/differences.csv."""
MIXTURES_TEXT = """\
A mixture is compared with its own model alone: Student's interval of the differences seed by seed,
in families of their own."""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes:
        title: in Markdown.
        parts: texts in Markdown and tables, in order.
        level: of the heading; 3 belongs to the section of level 2 before it.
    """

    title: str
    parts: Sequence[Part]
    level: int = 2


def sections(study: Study, rows: Sequence[Row], found: pd.DataFrame) -> list[Section]:
    """The whole comparison.

    Args:
        study: what was measured.
        rows: its `summary.rows`.
        found: their `verdicts.frame`.
    """
    parts = [
        *_quality(study, rows, found),
        Section("Differences between the models", _differences(rows, found)),
        *_costs(study, rows),
        *_floors(study, rows),
        *_published(study, rows),
        Section("Seed by seed", [facts.seeds(study, SEEDS)]),
    ]
    return [Section(s.title, [part for part in s.parts if part], s.level) for s in parts]


def _published(study: Study, rows: Sequence[Row]) -> list[Section]:
    values = published.beside(study, list(rows))
    return [Section("Beside the published values", published_text.parts(values))] if values else []


def _of_models(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.finished is not None]


def _mixtures(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.mixture_of]


def _alike(rows: Sequence[Row]) -> list[Row]:
    """The rows of models, mixtures and real images that were measured with as many images."""
    own = _of_models(rows)[0].sizes
    return [row for row in rows if row.sizes == own]


def _quality(study: Study, rows: Sequence[Row], found: pd.DataFrame) -> list[Section]:
    """How good the images are; the README shows the first two tables."""
    models, protocol = _of_models(rows), study.protocol
    named = [row for row in _alike(rows) if not row.name.startswith(PLANTED)]
    best = verdicts.best(found, models)
    of_classes = [_of_classes(CLASSES_TEXT, study)] if len(study.classes.names) > 1 else []
    return [
        Section(
            GENERATED_IMAGES,
            [
                spreads(named, HEADLINE, fates=True, best=best),
                _of_classes(GENERATED, study),
                MIXTURE_TEXT.format(**protocol) if _mixtures(rows) else "",
                *facts.irregular(study),
            ],
        ),
        Section(
            RECONSTRUCTION,
            [
                spreads(models, ENCODER, best=best),
                RECONSTRUCTED.format(**protocol) + facts.unlike(study),
            ],
        ),
        Section(
            FIDELITY_AND_DIVERSITY,
            [spreads(named, FIDELITY, best=best), FIDELITY_TEXT.format(**protocol)],
        ),
        Section("Classes", [spreads(named, CLASSES, best=best), *of_classes]),
        Section(COPIES_OF, [spreads(named, COPIES), COPIES_TEXT.format(**protocol)]),
        Section("Sampling error", [intervals(named), SAMPLING_TEXT]),
    ]


def _differences(rows: Sequence[Row], found: pd.DataFrame) -> list[Part]:
    mixtures = f"\n{MIXTURES_TEXT}" if _mixtures(rows) else ""
    return [DIFFERENCES_TEXT + mixtures, *verdicts.parts(rows, found)]


def _of_classes(text: str, study: Study) -> str:
    named = study.classes
    count = len(named.names)
    if count == 1:
        return GENERATED_ALONE
    return text.format(classes=count, most=math.log(count), word=named.word, plural=named.plural)


def _costs(study: Study, rows: Sequence[Row]) -> list[Section]:
    models = _of_models(rows)
    bounded = [row for row in models if "active_share" in row.metrics]
    constraint = Section(CONSTRAINT, [spreads(bounded, ["active_share"]), CONSTRAINT_TEXT])
    return [
        Section("Cost", [spreads(models, COST), COST_TEXT]),
        Section(SAME_TIME, [budget.part(study), BUDGET_TEXT.format(**study.protocol)]),
        *([constraint] if bounded else []),
    ]


def _floors(study: Study, rows: Sequence[Row]) -> list[Section]:
    """What real images get, and which metric sees which fault planted into them."""
    own = _alike(rows)
    real = [row for row in own if row.finished is None and row.mixture_of is None]
    return [
        Section("Floors and ceilings", [FLOORS_TEXT, spreads(real, IMAGES) if real else ""]),
        *_others(rows, own),
        Section("Planted faults", [*faults.parts(study), FAULTS_TEXT]),
    ]


def _others(rows: Sequence[Row], own: Sequence[Row]) -> list[Section]:
    """Rows measured with other numbers of images, those of each protocol apart."""
    others = sorted((row for row in rows if row not in own), key=lambda row: row.sizes)
    found = []
    for (images, against), group in groupby(others, key=lambda row: row.sizes):
        alike = list(group)
        names = ", ".join(f"`{row.name}`" for row in alike)
        halves = HALVES_TEXT if any(row.name == HALVES for row in alike) else ""
        title = f"{names}: {images:,} images against {against:,}"
        found.append(Section(title, [spreads(alike, IMAGES), halves], level=3))
    return found
