"""The maps over lambda and d: every cell in its place with its number, legible, the lost marked."""

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ganvae.figures import heatmaps, style
from ganvae.figures.style import Array
from tests.test_figures import assert_apart, drawn_texts

SEEDS = 5
MINUS = "\N{MINUS SIGN}"


def drawn(maps: dict[str, Array], lambdas: Sequence[float], ds: Sequence[float]) -> Figure:
    figure = heatmaps.sensitivity(maps, lambdas, ds, SEEDS, "a title", dpi=60)
    style.to_png(figure)  # lays it out
    return figure


def equal_maps(value: float, shape: tuple[int, int]) -> dict[str, Array]:
    maps = {name: np.full(shape, value) for name in heatmaps.LOOKS}
    return {**maps, "collapsed": np.zeros(shape), "diverged": np.zeros(shape)}


def panel(figure: Figure, name: str) -> Axes:
    return figure.axes[list(heatmaps.LOOKS).index(name)]


def numbers(ax: Axes) -> dict[tuple[int, int], str]:
    """The number in the cell at (row of d, column of lambda)."""
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts}


def test_cells_have_their_numbers_lambda_to_the_right_and_d_upwards() -> None:
    maps = equal_maps(0.5, (2, 3))
    maps["fid_classifier"] = np.array([[1.0, 2.5, 30.0], [400.0, 5000.0, 0.06]])
    maps["l_gan_minus_d"] = np.array([[-1.0, -0.004, 2.5], [-1000.0, 20.0, 3.0]])
    maps["collapsed"] = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 4.0]])
    figure = drawn(maps, [0, 1, 20], [-1000, 0.693])
    ax = panel(figure, "fid_classifier")
    assert numbers(ax) == {
        (0, 0): "1.00", (0, 1): "2.50", (0, 2): "30.0",
        (1, 0): "400", (1, 1): "5000", (1, 2): "0.0600",
    }  # fmt: skip
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "20"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"{MINUS}1000", "0.693"]
    assert ax.get_ylim()[0] < ax.get_ylim()[1], "d grows upwards"
    assert numbers(panel(figure, "l_gan_minus_d"))[0, 0] == f"{MINUS}1.00"
    assert numbers(panel(figure, "l_gan_minus_d"))[1, 0] == f"{MINUS}1000"
    assert numbers(panel(figure, "l_gan_minus_d"))[0, 1] == "0.00"
    assert numbers(panel(figure, "active_share"))[1, 2] == "50"
    assert numbers(panel(figure, "collapsed"))[1, 2] == "4"
    assert panel(figure, "collapsed").get_title("right") == "seeds, 5 trained"


def shades(ax: Axes) -> Array:
    """Brightness of the cells, 0 to 1."""
    return np.asarray(ax.images[0].get_array())[:, :, :3].mean(axis=2)


def test_the_better_cell_is_the_paler_one() -> None:
    maps = equal_maps(0.5, (1, 3))
    better = ("fid_classifier", "negative_elbo", "reconstruction_mse")
    for name in better:
        maps[name] = np.array([[1.0, 2.0, 90.0]])
    maps["negative_elbo"] -= 2  # a density's bound can be below 0
    maps["class_entropy"] = np.array([[2.3, 2.2, 0.0]])
    maps["diverged"] = np.array([[0.0, 1.0, 4.0]])
    figure = drawn(maps, [0, 1, 2], [1])
    for name in (*better, "class_entropy", "diverged"):
        first, second, third = shades(panel(figure, name))[0]
        assert first > second > third, name


def test_the_excess_is_pale_at_0_and_differs_by_its_sign() -> None:
    maps = equal_maps(0.5, (1, 3))
    maps["l_gan_minus_d"] = np.array([[-2.0, 0.0, 1.0]])
    ax = panel(drawn(maps, [0, 1, 2], [1]), "l_gan_minus_d")
    below, zero, above = np.asarray(ax.images[0].get_array())[0, :, :3]
    assert zero.min() > 0.95
    assert below[2] > below[0], "violet where the condition holds"
    assert above[2] < above[0], "orange where it does not"


def test_a_cell_without_a_finished_seed_is_hatched_and_a_partial_one_has_a_star() -> None:
    maps = equal_maps(0.5, (2, 2))
    for name in ("fid_classifier", "active_share", "collapsed"):
        maps[name][0, 1] = np.nan
    maps["diverged"] = np.array([[0.0, SEEDS], [2.0, 0.0]])
    figure = drawn(maps, [0, 1], [0, 1])
    for name in ("fid_classifier", "active_share", "collapsed"):
        ax = panel(figure, name)
        (hatched,) = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_hatch()]
        assert hatched.get_xy() == (0.5, -0.5)
        assert (0, 1) not in numbers(ax)
    assert numbers(panel(figure, "active_share")) == {(0, 0): "50", (1, 0): "50*", (1, 1): "50"}
    assert numbers(panel(figure, "collapsed"))[1, 0] == "0"
    assert not panel(figure, "diverged").patches
    assert numbers(panel(figure, "diverged"))[0, 1] == "5"


def test_a_grid_in_which_all_diverged_is_drawn() -> None:
    maps = equal_maps(np.nan, (1, 2))
    maps["collapsed"][:], maps["diverged"][:] = np.nan, SEEDS
    ax = panel(drawn(maps, [0, 1], [0]), "negative_elbo")
    assert [p.get_hatch() for p in ax.patches] == ["////"] * 2
    assert not list(ax.texts)


@pytest.mark.parametrize(
    ("num_lambdas", "num_ds"), [(1, 1), (2, 2), (6, 3), (7, 4), (12, 2), (3, 8)]
)
def test_text_is_legible(num_lambdas: int, num_ds: int) -> None:
    """The longest numbers stay inside their cells, nothing lies on anything else."""
    maps = equal_maps(0.0123, (num_ds, num_lambdas))
    maps["l_gan_minus_d"] -= 1000
    maps["negative_elbo"] += 1234
    maps["diverged"] += 1
    lambdas = [100 * 2.0**i for i in range(num_lambdas)]
    figure = drawn(maps, lambdas, [-0.693 - i for i in range(num_ds)])
    assert_apart(figure, drawn_texts(figure))
    for ax in figure.axes:
        for text in ax.texts:
            box = text.get_window_extent().transformed(ax.transData.inverted())
            column, row = text.get_position()
            assert column - 0.5 <= box.x0 <= box.x1 <= column + 0.5, text
            assert row - 0.5 <= box.y0 <= box.y1 <= row + 0.5, text
            assert text.get_fontsize() >= 5
