"""The published values beside the measured ones, and what differs in how they were made."""

from pathlib import Path
from typing import Any

from ganvae.comparison import measurements, published, summary
from tests import fake_study
from tests.test_comparison import default_params, row_of

PUBLISHED_SETTINGS: dict[str, Any] = {
    "networks": {"architecture": "mi2018", "latent_dim": 100},
    "classifier": {"architecture": "mlp"},
    "vae": {"likelihood": "gaussian"},
    "vaegan": {"likelihood": "gaussian", "adversarial_weight": 1},
}


def test_published_values_stand_beside_the_measured_with_what_differs(tmp_path: Path) -> None:
    fake_study.write(tmp_path, default_params())
    study = measurements.read(default_params(), tmp_path)
    values = {value.row: value for value in published.beside(study, summary.rows(study))}
    assert list(values) == ["gan", "wgan", "vae", "vaegan", "classifier"]
    assert values["wgan"].value == 2.280
    assert values["wgan"].measured == row_of(study, "wgan").metrics["class_entropy"]
    assert {setting.name for setting in values["vae"].differs} == {
        "networks.architecture",
        "networks.latent_dim",
        "models.vae.likelihood",
        "classifier.architecture",
    }
    assert "generator updates" in {setting.name for setting in values["gan"].differs}


def test_nothing_is_published_of_a_users_own_images(tmp_path: Path) -> None:
    params = default_params()
    params["data"]["name"] = "folder"
    fake_study.write(tmp_path, params)
    study = measurements.read(params, tmp_path)
    assert published.beside(study, summary.rows(study)) == []


def test_the_published_settings_match_only_when_all_of_them_agree(tmp_path: Path) -> None:
    params = default_params()
    params["networks"] |= PUBLISHED_SETTINGS["networks"]
    params["classifier"] |= PUBLISHED_SETTINGS["classifier"]
    for model in ("vae", "vaegan"):
        params["models"][model] |= PUBLISHED_SETTINGS[model]
    fake_study.write(tmp_path, params)

    def differing() -> dict[str, list[str]]:
        read = measurements.read(params, tmp_path)
        values = published.beside(read, summary.rows(read))
        return {value.row: [setting.name for setting in value.differs] for value in values}

    updates = ["generator updates"]
    wanted = {"gan": updates, "wgan": updates, "vae": [], "vaegan": [], "classifier": []}
    assert differing() == wanted
    params["data"]["name"] = "fashion_mnist"
    assert all("data.name" in names for names in differing().values())
