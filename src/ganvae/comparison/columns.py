"""The metrics in the order of the tables: title, digits shown, and which direction is better."""

import re
from dataclasses import dataclass

HIGHER, LOWER = 1, -1
ARROWS = {HIGHER: " ↑", LOWER: " ↓", 0: ""}
SAMPLES = re.compile(r"(iwae_nll_)(\d+)")  # the number of samples belongs to the metric's name


@dataclass(frozen=True)
class Column:
    """How a metric is shown.

    Attributes:
        title: its name in a table's head.
        digits: behind the decimal point.
        better: `HIGHER`, `LOWER`, or 0 where neither is better or the best value lies between.
    """

    title: str
    digits: int
    better: int = 0

    @property
    def head(self) -> str:
        """The title with an arrow in the better direction."""
        return self.title + ARROWS[self.better]

    def show(self, value: float) -> str:
        """A value with the column's digits."""
        text = f"{value:,.{self.digits}f}"
        return text.removeprefix("-") if not text.strip("-0.,") else text  # no -0.00


COLUMNS = {
    "class_entropy": Column("class entropy", 3, HIGHER),
    "class_kl": Column("class KL", 4, LOWER),
    "modes": Column("classes drawn", 1, HIGHER),
    "image_entropy": Column("image entropy", 3),
    "fid_classifier": Column("FID, classifier", 2, LOWER),
    "fid_classifier_infinity": Column("FID∞", 2, LOWER),
    "kid_classifier": Column("KID", 1, LOWER),
    "inception_score_classifier": Column("IS", 3, HIGHER),
    "fid_inception": Column("FID, Inception", 2, LOWER),
    "inception_score_inception": Column("IS, Inception", 3, HIGHER),
    "precision": Column("precision", 3, HIGHER),
    "recall": Column("recall", 3, HIGHER),
    "density": Column("density", 3, HIGHER),
    "coverage": Column("coverage", 3, HIGHER),
    "sharpness": Column("sharpness", 3),
    "memorization": Column("memorization", 3),
    "memorization_neighbours": Column("neighbours", 0),
    "negative_elbo": Column("-ELBO", 2, LOWER),
    "reconstruction_nats": Column("reconstruction", 2),
    "kl_nats": Column("KL", 2),
    "iwae_nll_": Column("IWAE", 2, LOWER),
    "active_units": Column("active units", 1),
    "reconstruction_mse": Column("MSE", 4, LOWER),
    "inversion_mse": Column("inversion MSE", 4, LOWER),
    "active_share": Column("constraint active", 3),
    "parameters": Column("parameters", 0),
    "flops_per_image": Column("FLOPs/image", 0),
    "generator_updates": Column("generator updates", 0),
    "train_seconds": Column("train seconds", 0),
    "train_images_per_second": Column("images/s", 0),
    "sample_images_per_second": Column("sampling images/s", 0),
    "peak_memory_mib": Column("peak MiB", 0),
}
EXACT = {"parameters", "flops_per_image", "generator_updates"}  # a spread of zero says nothing here


def column(name: str) -> Column:
    """How the metric `name` is shown; one that is not known with four digits and its own name."""
    if match := SAMPLES.fullmatch(name):
        known = COLUMNS[match[1]]
        return Column(f"{known.title}, {match[2]} samples", known.digits, known.better)
    return COLUMNS.get(name, Column(name, 4))


def ordered(names: set[str]) -> list[str]:
    """Known metrics in the order of `COLUMNS`, any further ones behind them by name."""
    order = list(COLUMNS)

    def place(name: str) -> tuple[int, str]:
        match = SAMPLES.fullmatch(name)
        known = match[1] if match else name
        return (order.index(known) if known in COLUMNS else len(order)), name

    return sorted(names, key=place)
