"""What Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models", report and how.

Values: Table 1 (entropy of the classes of generated images, natural logarithm) and section 3.2 (the
classifier). Settings: sections 2 and 3. Whether a measured value stands under the same protocol is
computed from `params.yaml`, never typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganvae.comparison.measurements import Study
from ganvae.comparison.summary import Row, Spread

SOURCE = 'Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models"'
METRIC = "class_entropy"
CLASS_ENTROPY = {"gan": 0.0, "wgan": 2.280, "vae": 2.266, "vaegan": 2.263}
CLASSIFIER_ACCURACY = 0.954
# what a claim of mi2018 calls by the row's name instead of typing it again (`main_table`)
NUMBERS = {**CLASS_ENTROPY, "classifier": CLASSIFIER_ACCURACY}

SHARED = {
    "data.name": "mnist",
    "networks.architecture": "mi2018",
    "networks.latent_dim": 100,  # "10x10", read as 100 dimensions
}
CLASSIFIER = {"data.name": "mnist", "classifier.architecture": "mlp"}
JUDGE = {"classifier.architecture": "mlp"}
OWN: dict[str, dict[str, Any]] = {
    "gan": {"models.gan.adversarial": "non_saturating"},  # eq. 2
    "wgan": {},
    "vae": {"models.vae.likelihood": "gaussian", "models.vae.beta": 1.0},  # eq. 6
    "vaegan": {  # eq. 6 + eq. 7
        "models.vaegan.likelihood": "gaussian",
        "models.vaegan.beta": 1.0,
        "models.vaegan.adversarial_weight": 1.0,
    },
}
GENERATOR_UPDATES = {"gan": 1_000_000, "wgan": 1_000_000}  # Fig. 3; an iteration is one update
NOT_GIVEN = (
    "optimizer and learning rates",
    "batch size",
    "the WGAN's clip and critic steps",
    "length of the VAE's and VAE-GAN's training",
    "hidden width of the classifier",
    "number of images behind the entropy",
    "number of seeds",
)


@dataclass(frozen=True)
class Setting:
    """One setting that the paper gives, beside the one used here (None: not known)."""

    name: str
    published: Any
    here: Any

    @property
    def same(self) -> bool:
        """Whether both agree."""
        return bool(self.published == self.here)


@dataclass(frozen=True)
class Published:
    """One published value beside the measured one (None: no seed has it)."""

    row: str
    metric: str
    value: float
    measured: Spread | None
    settings: tuple[Setting, ...]

    @property
    def differs(self) -> tuple[Setting, ...]:
        """The settings that differ; none if the protocols match as far as they are known."""
        return tuple(setting for setting in self.settings if not setting.same)


def beside(study: Study, table: list[Row]) -> list[Published]:
    """Published values of the models in `table` and of the classifier, with the measured ones.

    None beside a user's own images: there the paper has nothing to compare.
    """
    if study.params["data"]["name"] == "folder":
        return []
    by_name = {row.name: row for row in table}
    models = [
        Published(name, METRIC, value, by_name[name].metrics.get(METRIC), _settings(study, row))
        for name, value in CLASS_ENTROPY.items()
        if (row := by_name.get(name))
    ]
    accuracy = Spread(study.classifier_accuracy, None)
    settings = _compare(CLASSIFIER, study.params)
    return [
        *models,
        Published("classifier", "test_accuracy", CLASSIFIER_ACCURACY, accuracy, settings),
    ]


def _settings(study: Study, row: Row) -> tuple[Setting, ...]:
    given = _compare({**SHARED, **OWN[row.name], **JUDGE}, study.params)
    if row.name not in GENERATOR_UPDATES:
        return given
    measured = row.metrics.get("generator_updates")
    here = round(measured.mean) if measured else None
    return (*given, Setting("generator updates", GENERATOR_UPDATES[row.name], here))


def _compare(published: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Setting, ...]:
    return tuple(Setting(path, value, _at(params, path)) for path, value in published.items())


def _at(params: Mapping[str, Any], path: str) -> Any:
    """The value of `params` at a dotted path; None where there is none."""
    here: Any = params
    for key in path.split("."):
        here = here.get(key) if isinstance(here, Mapping) else None
    return here
