"""Figures: what they show, where, in which colours; text neither overlaps nor leaves the page."""

import json
import math
import struct
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from pydantic import ValidationError

from ganvae.comparison import captions, measurements, pictures
from ganvae.core import config
from ganvae.core.imageset import DIGITS, Classes
from ganvae.figures import bands, course, curves, distributions, grids, style
from ganvae.figures.course import Histograms
from ganvae.figures.curves import Curves
from ganvae.figures.params import FiguresParams
from ganvae.figures.style import Panel
from tests import fake_study

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "src/ganvae/figures/dvc_plots"
COLOURS = {"a": "#0072B2", "b": "#E69F00"}
TEN = Classes(DIGITS, "digit", "digits")
FIGURES = (
    "samples",
    "training",
    "nearest",
    "losses",
    "timeline",
    "class_histogram_timeline",
    "frechet_curve",
    "constraint",
    "budget",
    "class_histograms",
    "image_entropy",
    "reconstructions",
    "latent_space",
    "interpolations",
)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> measurements.Study:
    root = tmp_path_factory.mktemp("figures")
    params = config.load(ROOT / "params.yaml")
    fake_study.write(root, params)
    return measurements.read(params, root)


def drawn_texts(figure: Figure) -> list[Text]:
    """Every text on the page: matplotlib also keeps tick labels outside an axis's limits."""
    ticks = [
        (tick, sorted(axis.get_view_interval()))
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    ]
    outside = {
        label
        for tick, (low, high) in ticks
        if not low <= tick.get_loc() <= high
        for label in (tick.label1, tick.label2)
    }
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_text() and text.get_visible() and text not in outside
    ]


def assert_apart(figure: Figure, shown: list[Text]) -> None:
    """No text leaves the page of a figure that is laid out, none lies on another."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    page = figure.bbox.padded(1)
    for text, box in boxes:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        common = Bbox.intersection(a, b)
        overlap = common.width * common.height if common else 0.0
        assert overlap <= 0.05 * min(a.width * a.height, b.width * b.height), (one, other)


CROWDED = ("losses", "budget", "class_histograms", "frechet_curve")  # where they are narrower


@pytest.mark.parametrize(
    ("name", "kind"), [*((name, "png") for name in FIGURES), *((name, "pdf") for name in CROWDED)]
)
def test_text_stays_on_the_page_and_apart(study: measurements.Study, name: str, kind: str) -> None:
    figure = pictures.draw(study, dpi=60)[name]()
    if kind == "pdf":
        style.to_pdf(figure)  # which makes it narrower
    style.to_png(figure)  # lays it out
    shown = drawn_texts(figure)
    if name == "latent_space":  # the digits lie where the data puts them
        shown = [text for text in shown if text.get_path_effects() == []]
    assert len(shown) > 2
    assert_apart(figure, shown)


def test_sample_panels_name_model_and_seed(study: measurements.Study) -> None:
    shown = texts(pictures.draw(study, dpi=60)["samples"]())
    assert {"gan", "wgan", "vae", "vaegan", "cvaegan", "real"} <= set(shown)
    assert {"vae, mixture", "vaegan, mixture", "cvaegan, mixture"} <= set(shown)
    assert shown.count("seed 0") == 8  # always the first finished seed


def test_reconstructions_say_which_were_searched_for(study: measurements.Study) -> None:
    shown = texts(pictures.draw(study, dpi=60)["reconstructions"]())
    assert "original" in shown
    assert {"gan\nseed 0, latent search", "wgan\nseed 0, latent search"} <= set(shown)
    assert {"vae\nseed 0", "vaegan\nseed 0", "cvaegan\nseed 0"} <= set(shown)


def test_draws_every_figure_and_no_other(study: measurements.Study) -> None:
    assert set(pictures.draw(study, dpi=60)) == set(FIGURES)


def test_png_has_the_asked_size_fixed_bytes_and_no_metadata() -> None:
    def drawn() -> bytes:
        values = np.full((100, 28, 28), 7, np.uint8)
        return style.to_png(grids.samples([Panel("a", values, "")], COLOURS, dpi=60))

    png = drawn()
    assert png == drawn()
    assert struct.unpack(">I", png[16:20])[0] == style.WIDTH * 60
    assert b"tEXt" not in png
    assert b"tIME" not in png


def test_grid_places_images_row_by_row() -> None:
    images = np.arange(12, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    grid = style.shown(images, columns=4)
    assert grid.shape == (3 * 29 + 1, 4 * 29 + 1)
    assert set(grid[::29].ravel()) == set(grid[:, ::29].ravel()) == {90}, "lines in between"
    assert [grid[15 + 29 * (k // 4), 15 + 29 * (k % 4)] for k in range(12)] == list(range(12))


def test_a_model_keeps_its_colour_when_another_is_added() -> None:
    five = style.colours(["gan", "wgan", "vae", "vaegan", "cvaegan"])
    six = style.colours([*five, "toy"])
    assert {name: six[name] for name in five} == five
    assert len(set(style.colours(map(str, range(12))).values())) == 12
    assert style.REAL_COLOUR not in style.PALETTE


@pytest.mark.parametrize("name", ["models", "models_log"])
def test_dvc_template_has_the_figures_colours(name: str) -> None:
    template = json.loads((TEMPLATES / f"{name}.json").read_text(encoding="utf-8"))
    scale = template["encoding"]["color"]["scale"]
    assert scale["range"] == list(style.PALETTE)
    models = list(config.load(ROOT / "params.yaml")["models"])
    assert scale["domain"] == {"unionWith": models}, "a model has its colour in every chart"


@pytest.mark.parametrize(("count", "wanted"), [(16, 6), (3, 6), (1, 6), (6, 6)])
def test_spaced_rows_include_first_and_last(count: int, wanted: int) -> None:
    picked = style.spaced(count, wanted)
    assert len(picked) == min(count, wanted)
    assert picked[0] == 0
    assert picked[-1] == count - 1


def test_training_labels_its_rows_with_their_steps() -> None:
    images = np.zeros((3, 10, 28, 28), np.uint8)
    steps = {"a": np.array([1, 50, 2000])}
    figure = grids.training([Panel("a", images, "seed 0")], steps, COLOURS, dpi=60)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["step 1", "step 50", "step 2,000"]


def test_band_is_mean_min_max_of_finite_values() -> None:
    one = pd.DataFrame({"x": [1, 2, 3], "y": [0.0, np.nan, np.inf]})
    two = pd.DataFrame({"x": [1, 2], "y": [2.0, 5.0]})
    table = bands.band([one, two, pd.DataFrame({"x": [1]})], "x", "y")
    assert table.index.tolist() == [1, 2]
    assert list(table.loc[1]) == [1.0, 0.0, 2.0]
    assert list(table.loc[2]) == [5.0, 5.0, 5.0]
    assert bands.band([], "x", "y").empty


def test_losses_in_nats_have_a_panel_of_their_own() -> None:
    assert curves.groups(list(fake_study.RECORDS["vaegan"])) == [
        ("nats per image", list(fake_study.RECORDS["vae"])),
        ("adversarial", ["discriminator.loss", "discriminator.accuracy", "autoencoder.l_gan"]),
    ]
    assert curves.groups(["generator.loss"]) == [("adversarial", ["generator.loss"])]
    norms = ["autoencoder.l_vae_gradient", "autoencoder.l_gan_gradient"]
    assert curves.groups(["autoencoder.l_gan", *norms]) == [
        ("adversarial", ["autoencoder.l_gan"]),
        ("gradient norms of the decoder", norms),
    ]


def test_the_timeline_shows_bound_real_value_and_where_seeds_collapsed_and_diverged() -> None:
    table = pd.DataFrame(
        {
            "images_seen": [128, 256, 512],
            "class_entropy": [0.5, 1.5, 2.0],
            "coverage": [0.1, 0.2, 0.3],
            "fid_classifier": [900.0, 300.0, 100.0],
        }
    )
    models = [Curves("a", [table], [], [table[1:2]]), Curves("b", [], [table[:2], table[:1]])]
    figure = course.timeline(models, 2.25, TEN, COLOURS, dpi=60)
    axes = figure.axes[0]
    drawn = [line for line in axes.get_lines() if len(line.get_ydata())]  # type: ignore[arg-type]
    levels = {line.get_label(): line.get_ydata()[0] for line in drawn}  # type: ignore[index]
    assert levels["ln 10, the most"] == pytest.approx(math.log(10), abs=1e-12)
    assert levels["real"] == 2.25
    cross, _ = [line for line in drawn if line.get_marker() == "x"]
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (256, 1.5)  # type: ignore[index]
    assert cross.get_color() == COLOURS["b"]
    for ax, value in zip(figure.axes, (1.5, 1.5, 0.2, 300.0), strict=True):
        mark, *_ = [line for line in ax.get_lines() if line.get_marker() == "v"]
        assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (256, value)  # type: ignore[index]
        assert mark.get_color() == COLOURS["a"]
    named = [line.get_label() for line in axes.get_lines()]
    assert named.count("b (every seed diverged)") == 1


def test_class_histogram_bars_are_means_over_seeds() -> None:
    shares = np.array([[1.0] + [0.0] * 9, [0.0, 1.0] + [0.0] * 8])
    figure = distributions.class_histograms(
        [Panel("a", shares, "2 seeds")], np.full(10, 0.1), TEN, COLOURS, dpi=60
    )
    heights = [patch.get_height() for patch in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights[:3] == pytest.approx([50.0, 50.0, 0.0], abs=1e-12)


def test_image_entropy_counts_every_image_even_rounded_above_the_maximum() -> None:
    values = np.array([0.0, 1.0, math.log(10) + 1e-6], np.float32)
    figure = distributions.image_entropy([Panel("a", values, "")], None, TEN, COLOURS, dpi=60)
    (stairs,) = figure.axes[0].patches
    assert stairs.get_data().values.sum() == pytest.approx(1.0, abs=1e-12)  # type: ignore[attr-defined]


def test_classes_of_any_number_have_their_names_and_their_own_bounds() -> None:
    """26 letters: ln 26, their names on the axis, three times an even share as brightest colour."""
    letters = Classes(tuple("abcdefghijklmnopqrstuvwxyz"), "class", "classes")
    even = np.full((1, 26), 1 / 26)
    shown = [Panel("a", even, "1 seed")]
    bars = distributions.class_histograms(shown, even[0], letters, COLOURS, 60).axes[0]
    assert [label.get_text() for label in bars.get_xticklabels()] == list(letters.names)
    assert bars.get_xlabel().startswith("class, ")
    seed = Histograms("a", "seed 0", np.array([1]), even, collapsed=None)
    heat = course.class_histograms([seed], letters, COLOURS, 60).axes[0]
    assert heat.images[0].get_clim() == (0, pytest.approx(300 / 26))
    entropies = np.array([0.0, math.log(26)], np.float32)
    drawn = distributions.image_entropy([Panel("a", entropies, "")], None, letters, COLOURS, 60)
    (stairs,) = drawn.axes[0].patches
    assert stairs.get_data().edges[-1] == pytest.approx(math.log(26))  # type: ignore[attr-defined]


def test_with_one_class_the_timeline_has_no_class_entropy() -> None:
    table = pd.DataFrame(
        {
            "images_seen": [128, 256],
            "class_entropy": [None, None],
            "coverage": [0.1, 0.2],
            "fid_classifier": [900.0, 300.0],
        }
    )
    alone = Classes(("all",), "class", "classes")
    figure = course.timeline([Curves("a", [table], [])], None, alone, COLOURS, dpi=60)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "coverage of the test images"
    assert not any("entropy" in title for title in titles)


def test_a_panel_without_data_says_why() -> None:
    nothing = [Panel("a", None, "every seed diverged")]
    drawn = [
        grids.samples(nothing, COLOURS, 60),
        grids.training(nothing, {}, COLOURS, 60),
        grids.interpolations(nothing, COLOURS, 60),
        grids.reconstructions(np.zeros((20, 28, 28), np.uint8), nothing, COLOURS, 60),
        distributions.latent_space(nothing, np.zeros(3, int), TEN, COLOURS, 60),
        distributions.class_histograms(nothing, None, TEN, COLOURS, 60),
        distributions.image_entropy(nothing, None, TEN, COLOURS, 60),
    ]
    for figure in drawn:
        assert "every seed diverged" in texts(figure)
    assert "no model has an encoder" in texts(
        distributions.latent_space([], None, TEN, COLOURS, 60)
    )


def test_vector_files_have_fixed_bytes_and_a_pdf_the_width_of_a_pages_text() -> None:
    def drawn(to: Callable[[Figure], bytes]) -> bytes:
        axes = Curves("a", [pd.DataFrame({"images_seen": [1, 2], "a.loss": [3.0, 4.0]})], [])
        return to(curves.losses([axes], COLOURS, dpi=60))

    for to, beginning in ((style.to_svg, b"<?xml"), (style.to_pdf, b"%PDF")):
        assert drawn(to) == drawn(to)
        assert drawn(to).startswith(beginning)
    assert b"/MediaBox [ 0 0 468 " in drawn(style.to_pdf)
    assert b"/Type3" not in drawn(style.to_pdf)


def test_every_figure_has_a_caption(study: measurements.Study) -> None:
    assert set(captions.captions(study)) == set(FIGURES)
    assert all(said[0].isupper() and said[-1] == "." for said in captions.captions(study).values())


@pytest.mark.parametrize(
    "wrong",
    [{"dpi": 49}, {"dpi": 601}, {"formats": ["pdf"]}, {"formats": ["png", "gif"]},
     {"formats": ["png", "png"]}, {"formats": []}],
    ids=str,
)  # fmt: skip
def test_resolution_and_formats_have_bounds(wrong: dict[str, Any]) -> None:
    block = {"dpi": 50, "formats": ["png", "pdf", "svg"]}
    FiguresParams.model_validate(block)
    with pytest.raises(ValidationError):
        FiguresParams.model_validate(block | wrong)
