"""The maps over lambda and d: the real experiment on the bundled digits, and its table."""

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
from pydantic import ValidationError

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.experiments import map as experiment
from ganvae.experiments.shared.grid import GridParams
from ganvae.figures import heatmaps
from ganvae.models.base.build import model
from ganvae.papers.mi2018 import maps
from stages import evaluate
from stages import experiment as stage
from stages import train as train_stage
from tests import experiment_project, inside, project

of_maps = pytest.mark.touching(
    "src/ganvae/experiments/", "papers/params.yaml", "stages/experiment.py",
    "src/ganvae/models/cvaegan/", "src/ganvae/models/base/", "src/ganvae/training/",
    "src/ganvae/evaluation/", "src/ganvae/judging/", "src/ganvae/jobs/",
    "tests/experiment_project.py", "tests/inside.py",
)  # fmt: skip
NAME = "mi2018_map_wide"
NEVER, ALWAYS = 1000.0, -1000.0  # nats: L_gan is never above, always above
MEASURED = ["class_entropy", "fid_classifier", "negative_elbo", "reconstruction_mse"]
DRAWN = [name for name in heatmaps.LOOKS if name not in ("collapsed", "diverged")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with data and a classifier that sees every digit among the test images."""
    made = tmp_path_factory.mktemp("map") / "project"
    return experiment_project.make(made, classifier_epochs=3)


def write_grid(
    folder: Path, lambdas: Sequence[float], ds: Sequence[float], changes: dict[str, Any]
) -> None:
    """papers/params.yaml with `changes` over the experiment's parameters, and a grid."""
    grid = {"lambda": list(lambdas), "d": list(ds)}
    blocks = {NAME: config.overlay({"train": {"epochs": 2.0}, "grid": grid}, changes)}
    experiment_project.write(folder, blocks)


def table(made: Path) -> pd.DataFrame:
    return pd.read_csv(made / experiment.CSV)


@pytest.fixture(scope="module")
def mapped(folder: Path) -> Path:
    """The result of a grid of two by two."""
    write_grid(folder, [20, 0], [ALWAYS, NEVER], {})
    made = experiment_project.run(folder, NAME)
    return made.rename(folder / "mapped")


@of_maps
def test_one_row_per_setting_and_seed(mapped: Path) -> None:
    rows = table(mapped)
    assert list(rows.columns) == [
        "lambda", "d", "hinge", "l_gan_on", "seed", "state", "step", "collapsed",
        "active_share", "l_gan_minus_d", "class_entropy", "fid_classifier",
        "image_entropy_mean", "image_entropy_std", "low_entropy_share",
        "negative_elbo", "reconstruction_mse",
    ]  # fmt: skip
    points = [(20, ALWAYS), (20, NEVER), (0, ALWAYS), (0, NEVER)]
    assert list(zip(rows["lambda"], rows["d"], strict=True)) == points
    assert set(rows["seed"]) == {0}
    assert set(rows["hinge"]) == {"batch"}
    assert set(rows["l_gan_on"]) == {"prior"}
    assert set(rows["state"]) == {"finished"}
    assert set(rows["step"]) == {2 * (1437 // 64)}
    assert rows["image_entropy_mean"].between(0, 2.3026).all()
    assert rows["image_entropy_std"].between(0, 2.3026).all()
    assert rows["low_entropy_share"].between(0, 1).all()
    assert maps.draw(rows, "a title", 60).axes


@of_maps
def test_the_condition_never_or_always_active(mapped: Path) -> None:
    rows = table(mapped)
    active = rows.groupby("d")["active_share"].unique()
    assert active[NEVER].tolist() == [0.0]
    assert active[ALWAYS].tolist() == [1.0]
    for (_, d), excess in rows.groupby(["lambda", "d"])["l_gan_minus_d"]:
        assert 0 < excess.item() + d < 20, "L_gan, in nats"


@of_maps
def test_lambda_0_and_an_inactive_condition_are_one_training(mapped: Path) -> None:
    """The limits of docs/models/cvaegan.md: L_gan plays no part, bit for bit."""
    rows = table(mapped).set_index(["lambda", "d"])[MEASURED]
    inactive = rows.loc[(0, NEVER)]
    assert rows.loc[(0, ALWAYS)].equals(inactive)
    assert rows.loc[(20, NEVER)].equals(inactive)
    changed = rows.loc[(20, ALWAYS)] != inactive
    assert changed.drop("class_entropy").all()  # of a few images; it can come out equal


@of_maps
def test_numbers_are_those_of_the_stages(folder: Path, mapped: Path) -> None:
    block = experiment_project.EXPERIMENTS[NAME]["params"]
    own = {**block["models"]["cvaegan"], "lambda": 20.0, "d": ALWAYS}
    # the experiment says nothing of an average, and so has none
    train = {**block["train"], "batch_size": 64, "epochs": 2.0, "seeds": [0], "ema": 0.0}
    changes = {
        "networks": {"architecture": "wide", "latent_dim": 4},
        "train": train,
        "models": {"cvaegan": {**own, "hinge": "batch", "l_gan_on": "prior"}},
        "evaluate": {"images": 200, "importance_samples": 1, "inversion_steps": 2},
    }
    project.set_params(folder, changes)
    with inside.little_drawn():
        inside.whole(folder, train_stage.main, "cvaegan")
        inside.call(folder, evaluate.main, "cvaegan")
    details = storage.read_json(folder / "data/evaluation/cvaegan/details.json")
    same = details["seeds"]["0"]["metrics"]
    found = table(mapped).set_index(["lambda", "d"]).loc[(20, ALWAYS)]
    for name in MEASURED:
        assert found[name] == pytest.approx(same[name], rel=1e-6), name
    assert found["image_entropy_mean"] == pytest.approx(same["image_entropy"], rel=1e-6)
    entropies = storage.read_tensors(folder / "data/evaluation/cvaegan/arrays.safetensors")
    assert found["image_entropy_std"] == pytest.approx(
        float(entropies["image_entropy/0"].double().std()), rel=1e-5
    )


@of_maps
def test_a_killed_map_keeps_its_finished_trainings(folder: Path) -> None:
    write_grid(folder, [20], [0.0, 1.0], {"train": {"epochs": 1.0}})
    made = experiment_project.result(folder, NAME)
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.experiment", NAME],
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
    assert not made.exists()

    (history,) = [result / "history.csv" for result in found]
    marked = pd.read_csv(history)
    marked["autoencoder.active"] = 0.125  # no training writes it, so it can only have been kept
    marked.to_csv(history, index=False)
    # an edit of what measures does not train anew
    measuring = folder / "src/ganvae/experiments/map.py"
    measuring.write_text(measuring.read_text() + "# edited\n")
    project.succeed(project.stage(folder, "experiment", NAME))
    assert sorted(table(made)["active_share"] == 0.125) == [False, True]
    assert not list(folder.glob(".cache/runs/*/"))


@of_maps
def test_where_all_seeds_diverge_the_table_has_empty_cells(folder: Path) -> None:
    sgd = {"optimizer": "sgd", "betas": None, "lr_multiplier": 1000.0}
    changes = {
        "architecture": "mi2018",  # no batch normalisation that would hold it back
        "train": {"lr": 1.0},
        "models": {"cvaegan": {"autoencoder": sgd}},
    }
    write_grid(folder, [20], [0], changes)
    inside.whole(folder, stage.main, NAME)
    made = experiment_project.result(folder, NAME)
    (_, row) = (made / experiment.CSV).read_text().splitlines()
    assert row.startswith("20,0,batch,prior,0,diverged,")
    assert row.endswith("," * 10)
    assert maps.draw(table(made), "a title", 60).axes


def test_every_reading_is_a_setting() -> None:
    grid = {"lambda": [1.0, 2.0], "d": [0.5], "hinge": ["batch", "image"], "l_gan_on": ["prior"]}
    points = GridParams.model_validate(grid).points()
    assert [point.block() for point in points] == [
        {"lambda": lambda_, "d": 0.5, "hinge": hinge, "l_gan_on": "prior"}
        for hinge in ("batch", "image")
        for lambda_ in (1.0, 2.0)
    ]
    assert len({str(point) for point in points}) == 4, "labels differ"


def rows(*seeds: dict[str, Any]) -> pd.DataFrame:
    numbers = dict.fromkeys(DRAWN, 1.0)
    finished = {"state": "finished", "step": 9, "collapsed": False, **numbers}
    return pd.DataFrame([{**finished, **seed} for seed in seeds], columns=experiment.COLUMNS)


def test_cells_are_means_over_the_seeds_that_finished() -> None:
    lost = {"state": "diverged", "collapsed": None, **dict.fromkeys(DRAWN)}
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
    figure = maps.draw(measured.astype(dict.fromkeys(DRAWN, float)), "", 60)
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
    readings = {"hinge": ["batch"], "l_gan_on": ["prior"]}
    with pytest.raises(UserError) as error:
        config.block(GridParams, {"grid": {**readings, **grid}}, "grid")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("grid", "line"),
    [
        ({"lambda": [1]}, "grid.d: missing"),
        ({"lambda": [], "d": [1]}, "grid.lambda = []: allowed: "),
        ({"lambda": [1, 1.0], "d": [1]}, "lambda = [1.0, 1.0]: allowed: different values"),
        ({"lambda": [1], "d": [2, 3, 2]}, "d = [2.0, 3.0, 2.0]: allowed: different values"),
        ({"lambda": [1, -1], "d": [1]}, "grid.lambda.1 = -1: allowed: greater than or"),
        ({"lambda": [1], "d": ["1"]}, "grid.d.0 = '1': allowed: a valid number"),
        ({"lambda": [1], "d": [float("nan")]}, "grid.d.0 = nan: allowed: a finite number"),
        ({"lambda": 1, "d": [1]}, "grid.lambda = 1: allowed: a valid list"),
        ({"lambdas": [1], "d": [1]}, "lambdas: unknown key (did you mean lambda?)"),
        ({"lambda": [1], "d": [1], "hinge": ["all"]}, "grid.hinge.0 = 'all': allowed: 'batch' or"),
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

    grid = {"lambda": [1], "d": [1], "hinge": ["batch"], "l_gan_on": ["prior"], key: [value]}
    assert fits(GridParams, grid) == fits(model("cvaegan").Params, block)
