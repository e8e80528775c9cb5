"""Tables and figures of curves: timeline, budgets, Frechet curve, constraint."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ganvae.comparison import budget, charts, constraint, curves, measurements
from ganvae.comparison.tables import Table
from ganvae.core import config
from ganvae.core.imageset import DIGITS, Classes
from ganvae.figures import budget as budget_figure
from ganvae.figures import constraint as constraint_figure
from ganvae.figures import course, frechet
from ganvae.figures.budget import Cost
from ganvae.figures.course import Histograms
from ganvae.figures.curves import Curves
from ganvae.figures.frechet import Curve
from ganvae.metrics.frechet_distance import at_infinity
from tests import fake_details, fake_study

PARAMS = Path(__file__).parents[1] / "params.yaml"
COLOURS = {"a": "#0072B2", "b": "#E69F00", "cvaegan": "#009E73"}


def read(root: Path, **changes: Any) -> measurements.Study:
    params = config.load(PARAMS)
    params["train"]["seeds"] = [0, 1, 2]
    fake_study.write(root, params, **changes)
    return measurements.read(params, root)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> measurements.Study:
    return read(tmp_path_factory.mktemp("curves"))


@pytest.mark.parametrize("metric", ["class_entropy", "coverage", "fid_classifier"])
def test_timeline_tables_hold_every_snapshot_of_every_seed(
    study: measurements.Study, metric: str
) -> None:
    table = curves.timeline(study, metric)
    assert list(table.columns) == ["model", "seed", "step", "images_seen", metric]
    for model in study.models:
        for seed in model.seeds:
            rows = table[(table["model"] == model.name) & (table["seed"] == seed.seed)]
            assert rows[metric].tolist() == seed.timeline[metric].tolist()


def test_digits_along_training_are_mean_shares_over_finished_seeds(
    study: measurements.Study,
) -> None:
    table = curves.class_histogram_timeline(study)
    sums = table.groupby(["model", "images_seen"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-12)
    gan = study.models[0]
    last = [curves.to_shares(seed.timeline["class_histogram"].iloc[-1]) for seed in gan.finished]
    shown = table[(table["model"] == "gan") & (table["images_seen"] == 400 * 128)]["share"]
    assert shown.to_numpy() == pytest.approx(np.mean(last, axis=0), abs=1e-12)
    wgan = table[table["model"] == "wgan"]  # seed 2 diverged
    assert set(wgan["images_seen"]) == set(study.models[1].seeds[0].timeline["images_seen"])


def test_frechet_curve_ends_at_infinity_where_the_metric_does(study: measurements.Study) -> None:
    table = curves.frechet_curve(study)
    assert list(table["model"].unique()) == [*(m.name for m in study.models), "real"]
    for (name, seed), rows in table.groupby(["model", "seed"]):
        infinity, measured = rows.iloc[0], rows.iloc[1:]
        assert infinity["one_by_images"] == 0
        assert pd.isna(infinity["images"])
        points = list(zip(measured["images"], measured["fid_classifier"], strict=True))
        expected = 60 + (0 if name == "real" else seed)
        assert infinity["fid_classifier"] == pytest.approx(expected, abs=1e-9)
        assert at_infinity(points) == pytest.approx(expected, abs=1e-9)
        assert (measured["one_by_images"] * measured["images"]).to_numpy() == pytest.approx(1)


def test_budget_is_images_by_the_seeds_own_speed(study: measurements.Study) -> None:
    table = budget.course(study)
    assert list(table.columns) == list(budget.COLUMNS)
    assert set(table[table["model"] == "wgan"]["seed"]) == {0, 1}, "the diverged seed is out"
    last = table.groupby(["model", "seed"])["train_seconds"].last()
    assert last["gan", 2] == pytest.approx(302, rel=1e-9)
    assert last["wgan", 0] == pytest.approx(100, rel=1e-9)


COURSE = pd.DataFrame(
    [
        ("a", 0, 1, 10, 30.0, 900.0),
        ("a", 0, 2, 20, 60.0, 500.0),
        ("a", 1, 1, 10, 31.0, 800.0),
        ("a", 1, 2, 20, 62.0, 400.0),
        ("b", 0, 1, 10, 50.0, 600.0),
        ("b", 0, 2, 20, 100.0, 700.0),
        ("c", 0, 1, 10, 70.0, 1.0),
    ],
    columns=list(budget.COLUMNS),
)


def test_reached_is_the_last_snapshot_within_the_time() -> None:
    within = budget.reached(COURSE, 60)
    assert {name: value.mean for name, value in within.items()} == {"b": 600.0, "a": 650.0}
    assert list(within) == ["b", "a"], "lowest first, and c has no snapshot yet"
    assert within["a"].std == pytest.approx(150 * 2**0.5, abs=1e-9)
    whole = budget.reached(COURSE, math.inf)
    assert {name: value.mean for name, value in whole.items()} == {"c": 1, "a": 450, "b": 700}
    assert list(budget.reached(COURSE, 30.5)) == []


def test_only_budgets_that_some_training_used_up_are_shown(study: measurements.Study) -> None:
    table = budget.part(study)
    assert isinstance(table, Table)
    lines = [[cell.text for cell in line[:2]] for line in table.lines]
    assert [name for name, _ in lines] == ["1 min", "5 min", "whole training, at most 10.0 min"]
    assert lines[0][1] == "wgan"


def test_without_a_finished_seed_there_is_no_budget(tmp_path: Path) -> None:
    params = config.load(PARAMS)
    states = {(name, seed): "diverged" for name in params["models"] for seed in range(3)}
    empty = read(tmp_path, states=states)
    assert budget.part(empty) == "No seed finished."
    for draw in charts.draw(empty, dict.fromkeys(params["models"], "#0072B2"), 60).values():
        assert isinstance(draw(), Figure)


HISTORY = pd.DataFrame(
    {
        "step": [10, 20, 50],
        "images_seen": [100, 200, 500],
        constraint.ACTIVE: [1.0, np.nan, 0.25],
        constraint.L_GAN: [1.5, np.nan, 0.5],
    }
)


def test_active_share_weighs_rows_by_their_steps() -> None:
    assert constraint.active_share(HISTORY) == pytest.approx((10 * 1 + 30 * 0.25) / 40, abs=1e-12)
    assert constraint.active_share(HISTORY.drop(columns=constraint.ACTIVE)) is None
    assert constraint.active_share(HISTORY[1:2]) is None


def test_excess_is_l_gan_above_its_bound() -> None:
    rows = constraint.excess(HISTORY, 1.0)
    expected = {"images_seen": [100, 500], "l_gan_minus_d": [0.5, -0.5], "active": [1.0, 0.25]}
    assert rows.to_dict("list") == expected, "each row's own share of active steps"


def test_the_constrained_models_curve_is_measured_against_its_own_d(
    study: measurements.Study,
) -> None:
    table = curves.constraints(study)
    assert set(table["model"]) == {"cvaegan"}
    history = study.models[-1].seeds[1].history
    d = study.params["models"]["cvaegan"]["d"]
    shown = table[table["seed"] == 1]["l_gan_minus_d"]
    assert shown.to_numpy() == pytest.approx(history[constraint.L_GAN].to_numpy() - d, abs=1e-12)
    assert "active_share" in study.models[-1].seeds[0].metrics
    assert "active_share" not in study.models[-2].seeds[0].metrics


def test_histograms_along_training_show_a_collapsed_seed_first(study: measurements.Study) -> None:
    shown = charts._histograms(study.models[0])
    assert (shown.note, shown.shares.shape) == ("seed 1, collapsed", (15, 10))
    assert shown.collapsed is not None
    assert shown.images_seen[shown.collapsed] == fake_details.COLLAPSED_AT * fake_details.BATCH
    assert charts._histograms(study.models[2]).note == "seed 0"


def test_heat_map_has_snapshots_across_and_digits_upward() -> None:
    shares = np.zeros((4, 10))
    shares[2, 7] = 0.3
    seed = Histograms("a", "seed 0", np.array([1, 10, 100, 1000]), shares, collapsed=2)
    digits = Classes(DIGITS, "digit", "digits")
    ax = course.class_histograms([seed], digits, COLOURS, 60).axes[0]
    (image,) = ax.images
    assert np.asarray(image.get_array())[7, 2] == pytest.approx(30)
    assert image.get_clim() == (0, 30)
    assert ax.get_ylabel() == "digit"
    assert image.origin == "lower"
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [1.5]  # type: ignore[index]


def test_frechet_figure_draws_the_extrapolated_line() -> None:
    table = pd.DataFrame({"one_by_images": [0.0, 0.01, 0.02], "fid_classifier": [5.0, 7.0, 9.0]})
    ax = frechet.frechet_curve([Curve("a", "1 seed", [table])], COLOURS, 60).axes[0]
    (dashed,) = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert np.asarray(dashed.get_ydata()) == pytest.approx([5.0, 9.0], abs=1e-9)
    assert np.asarray(dashed.get_xdata()) == pytest.approx([0.0, 0.02], abs=1e-12)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["∞", "100", "50"]


def test_constraint_figure_has_a_zero_line_and_the_share_of_all_steps() -> None:
    table = pd.DataFrame({"images_seen": [1, 2], "l_gan_minus_d": [0.5, -1], "active": [1.0, 0.0]})
    left, right = constraint_figure.constraint(
        [Curves("cvaegan", [table], [])], {"cvaegan": [0.2, 0.4]}, COLOURS, 60
    ).axes
    assert 0 in [line.get_ydata()[0] for line in left.get_lines()]  # type: ignore[index]
    assert right.get_title("right") == "30 % of all steps"
    nothing = constraint_figure.constraint([], {}, COLOURS, 60)
    assert nothing.axes[0].texts[0].get_text() == "no model has a constraint"


def test_budget_figure_reaches_an_hour_and_shows_the_end() -> None:
    along = pd.DataFrame(
        {
            "train_seconds": [1.0, 60.0],
            "images_seen": [100, 6000],
            "mean": [500.0, 100.0],
            "low": [400.0, 90.0],
            "high": [600.0, 110.0],
        }
    )
    costs = [Cost("a", along, 1e6, 1e12, (95.0, 3.0)), Cost("b", along, 2e6, None, (90.0, 0.0))]
    figure = budget_figure.budget(costs, 2000, 10000, COLOURS, 60)
    seconds, _, size, flops = figure.axes
    assert seconds.get_xlim()[1] > 3600
    assert "1 h" in [label.get_text() for label in seconds.get_xticklabels()]
    dotted = [line for line in seconds.get_lines() if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == [100.0, 100.0]  # type: ignore[index]
    assert len(size.containers) == 2
    assert len(flops.containers) == 1, "without counted operations there is no point"
