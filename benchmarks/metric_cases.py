"""What is compared with what: every metric, its references, and where they differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import metric_inputs as inputs
from benchmarks import metric_ours as ours
from benchmarks import metric_packages as packages
from benchmarks import metric_references as theirs

Values = dict[str, float]
Inputs = Callable[[int], tuple[Any, ...]]  # of N images
Call = Callable[..., Values]
OURS = "ganvae"

ROUNDING = 1e-7  # float64 on both sides, from the same float32 inputs
FLOAT32 = 1e-4
FEW_IMAGES = 5e-3  # float32 distances that fall on the other side of a radius
RESAMPLES = 1e-6  # our quantiles are of float32 numbers
OTHER_SUBSETS = 0.25  # another estimate of the same number


@dataclass(frozen=True)
class Side:
    """One implementation of a metric.

    Attributes:
        call: the case's inputs -> numbers.
        tolerance: relative, to this project's numbers of the same names.
    """

    call: Call
    tolerance: float = 0.0

    @property
    def differs(self) -> str:
        """What it does more, less or otherwise than this project's, as its docstring says."""
        return " ".join((self.call.__doc__ or "").split()).removesuffix(".")


@dataclass(frozen=True)
class Case:
    """A metric: its inputs for N images, this project's implementation, and its references."""

    inputs: Inputs
    ours: Call
    references: Mapping[str, Side]
    alone: str = ""  # why there is no reference

    def side(self, name: str) -> Side:
        """The implementation of that name; `OURS` is this project's."""
        return Side(self.ours) if name == OURS else self.references[name]

    @property
    def sides(self) -> list[str]:
        """All names, this project's first."""
        return [OURS, *self.references]


METRICS: Mapping[str, tuple[Inputs, Call]] = {
    "FID": (inputs.features, ours.fid),
    "FID, interval": (inputs.features, ours.fid_interval),
    "FID-infinity": (inputs.features, ours.fid_infinity),
    "KID": (inputs.features, ours.kid),
    "precision, recall, density, coverage": (inputs.features, ours.precision_recall),
    "Inception Score": (inputs.logits, ours.inception),
    "class entropy": (inputs.probabilities, ours.histogram_entropy),
    "class KL": (inputs.probabilities, ours.histogram_kl),
    "modes": (inputs.probabilities, ours.modes),
    "image entropy": (inputs.probabilities, ours.entropy_per_image),
    "sharpness": (inputs.pictures, ours.relative_sharpness),
    "memorization": (inputs.with_copies, ours.memorization),
    "reconstruction error": (inputs.pictures, ours.reconstruction),
    "active units": (inputs.posterior_means, ours.units),
    "importance-weighted bound": (inputs.log_weights, ours.bound),
    "mean with interval": (inputs.per_image, ours.mean_interval),
    "all of one set": (inputs.everything, ours.everything),
}
ALONE = {"modes": "no package takes this number"}
# metric, package, its call, tolerance
REFERENCES: Sequence[tuple[str, str, Call, float]] = (
    ("FID", "pytorch-fid", theirs.pytorch_fid, ROUNDING),
    ("FID", "torchmetrics", theirs.torchmetrics_fid, FLOAT32),
    ("FID, interval", "pytorch-fid", theirs.pytorch_fid_interval, RESAMPLES),
    ("FID-infinity", "pytorch-fid", theirs.pytorch_fid_infinity, RESAMPLES),
    ("KID", "torch-fidelity", theirs.fidelity_kid, OTHER_SUBSETS),
    ("KID", "torchmetrics", theirs.torchmetrics_kid, OTHER_SUBSETS),
    ("KID", "torch-fidelity, same subsets", theirs.fidelity_kid_same_subsets, ROUNDING),
    ("precision, recall, density, coverage", "prdc", theirs.prdc, FEW_IMAGES),
    ("precision, recall, density, coverage", "torch-fidelity", theirs.fidelity_prc, FEW_IMAGES),
    (
        "precision, recall, density, coverage",
        "torch-fidelity, save_cpu_ram",
        theirs.fidelity_prc_in_parts,
        FEW_IMAGES,
    ),
    ("Inception Score", "torch-fidelity", theirs.fidelity_inception, FLOAT32),
    ("Inception Score", "torchmetrics", theirs.torchmetrics_inception, OTHER_SUBSETS),
    ("class entropy", "scipy", theirs.scipy_class_entropy, ROUNDING),
    ("class KL", "scipy", theirs.scipy_class_kl, ROUNDING),
    ("image entropy", "scipy", theirs.scipy_image_entropy, FLOAT32),
    ("sharpness", "scipy", theirs.scipy_sharpness, FLOAT32),
    ("memorization", "scikit-learn", theirs.scikit_memorization, FEW_IMAGES),
    ("reconstruction error", "torchmetrics", theirs.torchmetrics_reconstruction, FLOAT32),
    ("active units", "numpy", theirs.numpy_units, ROUNDING),
    ("importance-weighted bound", "scipy", theirs.scipy_bound, FLOAT32),
    ("mean with interval", "scipy", theirs.scipy_mean_interval, FEW_IMAGES),
    ("all of one set", "packages", packages.everything, FEW_IMAGES),
    ("all of one set", "packages, with intervals", packages.everything_with_intervals, FEW_IMAGES),
)
CASES: Mapping[str, Case] = {
    name: Case(
        made,
        call,
        {side: Side(their, near) for metric, side, their, near in REFERENCES if metric == name},
        ALONE.get(name, ""),
    )
    for name, (made, call) in METRICS.items()
}
