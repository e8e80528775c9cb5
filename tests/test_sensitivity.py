"""The maps over lambda and d: the real stage on the bundled digits, and what its table says."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from ganvae import config, sensitivity, storage
from ganvae.errors import UserError
from ganvae.figures import heatmaps
from ganvae.grid import SensitivityParams
from ganvae.model import model
from stages import sensitivity as stage
from tests import project

CSV, PNG = "sensitivity.csv", "sensitivity.png"
NEVER, ALWAYS = 1000.0, -1000.0  # nats: L_gan is never above, always above
MEASURED = ["class_entropy", "fid_classifier", "negative_elbo", "reconstruction_mse"]
SMALL = {
    "train": {"epochs": 2, "seeds": [0]},
    "classifier": {"epochs": 3},  # sees every digit among the test images
    "evaluate": {"importance_samples": 1, "inversion_images": 10, "inversion_steps": 2},
    "models": {"cvaegan": {"d": ALWAYS}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with data and classifier."""
    made = project.make(tmp_path_factory.mktemp("sensitivity") / "project", SMALL)
    for name in ("download", "preprocess", "train_classifier"):
        project.succeed(project.stage(made, name))
    return made


def write_grid(
    folder: Path, name: str, lambdas: Sequence[float], ds: Sequence[float], changes: dict[str, Any]
) -> None:
    """A file `name` with the project's parameters, `changes` over them, and a grid."""
    values = project.overlay(config.load(folder / "params.yaml"), changes)
    values["sensitivity"] = {"lambda": list(lambdas), "d": list(ds)}
    storage.write_text(folder / name, yaml.safe_dump(values, sort_keys=False))


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / CSV)


@pytest.fixture(scope="module")
def mapped(folder: Path) -> Path:
    """The result of a grid of two by two."""
    write_grid(folder, "grid.yaml", [20, 0], [ALWAYS, NEVER], {})
    project.succeed(project.stage(folder, "sensitivity", "grid.yaml", "papers/map"))
    return folder / "papers/map"


def test_one_row_per_lambda_d_and_seed(mapped: Path) -> None:
    rows = table(mapped)
    assert list(rows.columns) == [
        "lambda", "d", "seed", "state", "step", "collapsed",
        "active_share", "l_gan_minus_d", *MEASURED,
    ]  # fmt: skip
    points = [(20, ALWAYS), (20, NEVER), (0, ALWAYS), (0, NEVER)]
    assert list(zip(rows["lambda"], rows["d"], strict=True)) == points
    assert set(rows["seed"]) == {0}
    assert set(rows["state"]) == {"finished"}
    assert set(rows["step"]) == {2 * (1437 // 64)}
    assert sorted(path.name for path in mapped.iterdir()) == [CSV, PNG]
    assert (mapped / PNG).read_bytes().startswith(b"\x89PNG")
    assert not list(mapped.parents[1].glob(".cache/runs/*/")), "collected jobs leave no folder"


def test_the_condition_never_or_always_active(mapped: Path) -> None:
    rows = table(mapped)
    active = rows.groupby("d")["active_share"].unique()
    assert active[NEVER].tolist() == [0.0]
    assert active[ALWAYS].tolist() == [1.0]
    for (_, d), excess in rows.groupby(["lambda", "d"])["l_gan_minus_d"]:
        assert 0 < excess.item() + d < 20, "L_gan, in nats"


def test_lambda_0_and_an_inactive_condition_are_one_training(mapped: Path) -> None:
    """The limits of docs/models/cvaegan.md: L_gan plays no part, bit for bit."""
    rows = table(mapped).set_index(["lambda", "d"])[MEASURED]
    inactive = rows.loc[(0, NEVER)]
    assert rows.loc[(0, ALWAYS)].equals(inactive)
    assert rows.loc[(20, NEVER)].equals(inactive)
    assert (rows.loc[(20, ALWAYS)] != inactive).all()


def measured_by_the_pipeline(folder: Path, name: str) -> dict[str, float]:
    project.succeed(project.stage(folder, "train", name))
    project.succeed(project.stage(folder, "evaluate", name))
    details = storage.read_json(folder / f"data/evaluation/{name}/details.json")
    return dict(details["seeds"]["0"]["metrics"])


def test_numbers_are_those_of_the_stages(folder: Path, mapped: Path) -> None:
    rows = table(mapped).set_index(["lambda", "d"])[MEASURED]
    same = measured_by_the_pipeline(folder, "cvaegan")  # lambda 20 and d of SMALL
    for name in MEASURED:
        assert rows.loc[(20, ALWAYS)][name] == pytest.approx(same[name], rel=1e-6), name
    # a plain VAE draws other noise: near, not equal
    vae = measured_by_the_pipeline(folder, "vae")
    for name, near in {"negative_elbo": 0.01, "reconstruction_mse": 0.06}.items():
        assert rows.loc[(0, NEVER)][name] == pytest.approx(vae[name], rel=near), name


def test_a_killed_grid_keeps_its_finished_trainings(folder: Path) -> None:
    write_grid(folder, "killed.yaml", [20], [0.0, 1.0], {"train": {"epochs": 1}})
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.sensitivity", "killed.yaml", "killed"],
        cwd=folder,
        env=project.environment(GANVAE_WORKERS="1"),  # one training after the other
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (found := list(folder.glob(".cache/runs/*/result"))):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert not (folder / "killed").exists()

    (history,) = [result / "history.csv" for result in found]
    marked = pd.read_csv(history)
    marked["autoencoder.active"] = 0.125  # no training writes it, so it can only have been kept
    marked.to_csv(history, index=False)
    # an edit of what measures and draws does not train anew
    drawing = folder / "src/ganvae/figures/heatmaps.py"
    drawing.write_text(drawing.read_text() + "# edited\n")
    project.succeed(project.stage(folder, "sensitivity", "killed.yaml", "killed"))
    assert table(folder / "killed")["active_share"].tolist()[0] == 0.125
    assert table(folder / "killed")["active_share"].tolist()[1] != 0.125
    assert not list(folder.glob(".cache/runs/*/"))


def test_where_all_seeds_diverge_the_table_has_empty_cells(folder: Path) -> None:
    sgd = {"optimizer": "sgd", "betas": None, "lr_multiplier": 1000.0}
    changes = {
        "networks": {"architecture": "mi2018"},
        "train": {"lr": 1.0},
        "models": {"cvaegan": {"autoencoder": sgd}},
    }
    write_grid(folder, "diverging.yaml", [20], [0], changes)
    said = project.succeed(project.stage(folder, "sensitivity", "diverging.yaml", "diverged"))
    assert "1 trainings diverged" in said
    (_, row) = (folder / "diverged" / CSV).read_text().splitlines()
    assert row.startswith("20,0,0,diverged,")
    assert row.endswith("," * 7)
    assert (folder / "diverged" / PNG).exists()


def rows(*seeds: dict[str, Any]) -> pd.DataFrame:
    numbers = dict.fromkeys(sensitivity.QUANTITIES, 1.0)
    finished = {"state": "finished", "step": 9, "collapsed": False, **numbers}
    return pd.DataFrame([{**finished, **seed} for seed in seeds], columns=sensitivity.COLUMNS)


def test_cells_are_means_over_the_seeds_that_finished() -> None:
    lost = {"state": "diverged", "collapsed": None, **dict.fromkeys(sensitivity.QUANTITIES)}
    measured = rows(
        {"lambda": 5.0, "d": 2.0, "seed": 0, "fid_classifier": 4.0, "collapsed": True},
        {"lambda": 5.0, "d": 2.0, "seed": 1, "fid_classifier": 7.0},
        {"lambda": 0.0, "d": 2.0, "seed": 0, **lost},
        {"lambda": 0.0, "d": 2.0, "seed": 1, "fid_classifier": 3.0},
        {"lambda": 5.0, "d": -1.0, "seed": 0, **lost},
        {"lambda": 5.0, "d": -1.0, "seed": 1, **lost},
        {"lambda": 0.0, "d": -1.0, "seed": 0, "active_share": None},
        {"lambda": 0.0, "d": -1.0, "seed": 1, "active_share": 0.25},
    )
    figure = sensitivity.draw(measured.astype(dict.fromkeys(sensitivity.QUANTITIES, float)), "", 60)
    axes = figure.axes[: len(heatmaps.LOOKS)]
    found = {
        name: {tuple(map(int, t.get_position())): t.get_text() for t in ax.texts}
        for name, ax in zip(heatmaps.LOOKS, axes, strict=True)
    }  # (column of lambda, row of d)
    assert found["fid_classifier"] == {(0, 0): "1.00", (0, 1): "3.00*", (1, 1): "5.50"}
    assert found["active_share"] == {(0, 0): "25", (0, 1): "100*", (1, 1): "100"}
    assert found["collapsed"] == {(0, 0): "0", (0, 1): "0", (1, 1): "1"}
    assert found["diverged"] == {(0, 0): "0", (1, 0): "2", (0, 1): "1", (1, 1): "0"}
    assert [len(ax.patches) for ax in axes] == [1] * 7 + [0], "hatched: lambda 5, d -1"


def refused(grid: dict[str, Any]) -> str:
    with pytest.raises(UserError) as error:
        config.block(SensitivityParams, {"sensitivity": grid}, "sensitivity")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("grid", "line"),
    [
        ({"lambda": [1]}, "sensitivity.d: missing"),
        ({"lambda": [], "d": [1]}, "sensitivity.lambda = []: allowed: "),
        ({"lambda": [1, 1.0], "d": [1]}, "lambda = [1.0, 1.0]: allowed: different numbers"),
        ({"lambda": [1], "d": [2, 3, 2]}, "d = [2.0, 3.0, 2.0]: allowed: different numbers"),
        ({"lambda": [1, -1], "d": [1]}, "sensitivity.lambda.1 = -1: allowed: greater than or"),
        ({"lambda": [1], "d": ["1"]}, "sensitivity.d.0 = '1': allowed: a valid number"),
        ({"lambda": [1], "d": [float("nan")]}, "sensitivity.d.0 = nan: allowed: a finite number"),
        ({"lambda": 1, "d": [1]}, "sensitivity.lambda = 1: allowed: a valid list"),
        ({"lambdas": [1], "d": [1]}, "lambdas: unknown key (did you mean lambda?)"),
    ],
)
def test_a_bad_grid_is_one_line(grid: dict[str, Any], line: str) -> None:
    assert line in refused(grid)


@pytest.mark.parametrize("value", [-100000.1, -100000, -0.1, 0, 100000, 100000.1])
@pytest.mark.parametrize("key", ["lambda", "d"])
def test_ranges_are_those_of_the_model(key: str, value: float) -> None:
    block = {**config.load(project.ROOT / "params.yaml")["models"]["cvaegan"], key: value}

    def fits(schema: type[config.Block], content: dict[str, Any]) -> bool:
        try:
            schema.model_validate(content)
        except ValidationError:
            return False
        return True

    grid = {"lambda": [1], "d": [1], key: [value]}
    assert fits(SensitivityParams, grid) == fits(model("cvaegan").Params, block)


def test_bad_input_is_one_line_before_any_training(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = set(folder.glob(".cache/runs/*/"))

    def refused(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["sensitivity", *arguments])
        with pytest.raises(UserError) as error:
            stage.main()
        assert "\n" not in str(error.value)
        return str(error.value)

    assert refused("params.yaml").startswith("usage: python -m stages.sensitivity <params.yaml>")
    assert "sensitivity: missing" in refused("params.yaml", "new")
    assert "none.yaml: no such file" in refused("none.yaml", "new")
    for changes, line in [
        ({"train": {"batch_size": 2000}}, "train.batch_size = 2000: allowed: at most 1437"),
        ({"evaluate": {"images": 1}}, "evaluate.images = 1: allowed"),
        ({"networks": {"architecture": "wid"}}, "networks.architecture = 'wid': allowed"),
        ({"models": {"cvaegan": {"beta": -1}}}, "models.cvaegan.beta = -1: allowed"),
        ({"figures": {"dpi": 1}}, "figures.dpi = 1: allowed"),
    ]:
        write_grid(folder, "bad.yaml", [1], [1], changes)
        assert line in refused("bad.yaml", "new")
    write_grid(folder, "good.yaml", [1], [1], {})
    assert "src: is replaced as a whole, but holds ganvae" in refused("good.yaml", "src")
    judged = Path("data/classifier/real.safetensors")
    judged.rename("hidden")
    try:
        assert "real.safetensors: no such file" in refused("good.yaml", "new")
    finally:
        Path("hidden").rename(judged)
    assert not Path("new").exists()
    assert set(folder.glob(".cache/runs/*/")) == before


def test_the_command_ends_with_one_line(folder: Path) -> None:
    done = project.stage(folder, "sensitivity", "params.yaml", "new")
    assert done.returncode == 1
    assert done.stderr == "error: params.yaml: sensitivity: missing\n"
