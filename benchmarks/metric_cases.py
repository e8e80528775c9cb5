"""What is compared with what: every metric, its references, and where they differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import metric_inputs as inputs
from benchmarks import metric_ours as ours
from benchmarks import metric_packages as packages
from benchmarks import metric_references as theirs

Values = dict[str, float]
OURS = "ganvae"

ROUNDING = 1e-7  # float64 on both sides, from the same float32 inputs
FLOAT32 = 1e-4
FEW_IMAGES = 5e-3  # float32 distances that fall on the other side of a radius
OTHER_SUBSETS = 0.25  # another estimate of the same number
NO_NUMBER = "no package takes this number"


@dataclass(frozen=True)
class Side:
    """One implementation of a metric.

    Attributes:
        call: the case's inputs -> numbers.
        tolerance: relative, to this project's numbers of the same names.
    """

    call: Callable[..., Values]
    tolerance: float = 0.0

    @property
    def differs(self) -> str:
        """What it does more, less or otherwise than this project's, as its docstring says."""
        return " ".join((self.call.__doc__ or "").split()).removesuffix(".")


@dataclass(frozen=True)
class Case:
    """A metric: its inputs for N images, this project's implementation, and its references."""

    inputs: Callable[[int], tuple[Any, ...]]
    ours: Callable[..., Values]
    references: Mapping[str, Side]
    alone: str = ""  # why there is no reference

    def side(self, name: str) -> Side:
        """The implementation of that name; `OURS` is this project's."""
        return Side(self.ours) if name == OURS else self.references[name]

    @property
    def sides(self) -> list[str]:
        """All names, this project's first."""
        return [OURS, *self.references]


CASES: Mapping[str, Case] = {
    "FID": Case(
        inputs.features,
        ours.fid,
        {
            "pytorch-fid": Side(theirs.pytorch_fid, ROUNDING),
            "torchmetrics": Side(theirs.torchmetrics_fid, FLOAT32),
        },
    ),
    "FID, interval": Case(
        inputs.features,
        ours.fid_interval,
        {"pytorch-fid": Side(theirs.pytorch_fid_interval, 1e-06)},
    ),
    "FID-infinity": Case(
        inputs.features,
        ours.fid_infinity,
        {"pytorch-fid": Side(theirs.pytorch_fid_infinity, 1e-06)},
    ),
    "KID": Case(
        inputs.features,
        ours.kid,
        {
            "torch-fidelity": Side(theirs.fidelity_kid, OTHER_SUBSETS),
            "torchmetrics": Side(theirs.torchmetrics_kid, OTHER_SUBSETS),
            "torch-fidelity, same subsets": Side(theirs.fidelity_kid_same_subsets, ROUNDING),
        },
    ),
    "precision, recall, density, coverage": Case(
        inputs.features,
        ours.precision_recall,
        {
            "prdc": Side(theirs.prdc, FEW_IMAGES),
            "torch-fidelity": Side(theirs.fidelity_prc, FEW_IMAGES),
            "torch-fidelity, save_cpu_ram": Side(theirs.fidelity_prc_in_parts, FEW_IMAGES),
        },
    ),
    "Inception Score": Case(
        inputs.logits,
        ours.inception,
        {
            "torch-fidelity": Side(theirs.fidelity_inception, FLOAT32),
            "torchmetrics": Side(theirs.torchmetrics_inception, OTHER_SUBSETS),
        },
    ),
    "class entropy": Case(
        inputs.probabilities,
        ours.histogram_entropy,
        {"scipy": Side(theirs.scipy_class_entropy, ROUNDING)},
    ),
    "class KL": Case(
        inputs.probabilities, ours.histogram_kl, {"scipy": Side(theirs.scipy_class_kl, ROUNDING)}
    ),
    "modes": Case(inputs.probabilities, ours.modes, {}, NO_NUMBER),
    "image entropy": Case(
        inputs.probabilities,
        ours.entropy_per_image,
        {"scipy": Side(theirs.scipy_image_entropy, FLOAT32)},
    ),
    "sharpness": Case(
        inputs.pictures, ours.relative_sharpness, {"scipy": Side(theirs.scipy_sharpness, FLOAT32)}
    ),
    "memorization": Case(
        inputs.with_copies,
        ours.memorization,
        {"scikit-learn": Side(theirs.scikit_memorization, FEW_IMAGES)},
    ),
    "reconstruction error": Case(
        inputs.pictures,
        ours.reconstruction,
        {"torchmetrics": Side(theirs.torchmetrics_reconstruction, FLOAT32)},
    ),
    "active units": Case(
        inputs.posterior_means, ours.units, {"numpy": Side(theirs.numpy_units, ROUNDING)}
    ),
    "importance-weighted bound": Case(
        inputs.log_weights, ours.bound, {"scipy": Side(theirs.scipy_bound, FLOAT32)}
    ),
    "mean with interval": Case(
        inputs.per_image,
        ours.mean_interval,
        {"scipy": Side(theirs.scipy_mean_interval, FEW_IMAGES)},
    ),
    "all of one set": Case(
        inputs.everything,
        ours.everything,
        {
            "packages": Side(packages.everything, FEW_IMAGES),
            "packages, with intervals": Side(packages.everything_with_intervals, FEW_IMAGES),
        },
    ),
}
