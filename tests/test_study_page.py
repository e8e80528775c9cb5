"""The report of a study: one file, complete, escaped, whatever the study lacks; no browser."""

import base64
import io
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganvae.comparison import measurements, pictures
from ganvae.core import config, imageset
from ganvae.errors import UserError
from ganvae.evaluation import showcase
from ganvae.evaluation.sampling import decode
from ganvae.judging import classifier
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from ganvae.pages import explorer, html, study
from tests import fake_study, made_pages
from tests.demo_run import Demo
from tests.made_pages import Read

MB = 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return made_pages.write(folder)


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


def check(text: str) -> Read:
    """What holds of every page."""
    page = Read(text)
    assert len(text.encode()) < 15 * MB
    for tag, attributes in page.tags:
        for name in ("src", "href", "data", "action", "srcset", "poster", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, value)
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "url(" not in (attributes.get("style") or "")
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest", text)
    assert not page.of("link", "iframe", "object", "embed", "base")
    assert all(attributes.get("alt") for attributes in page.of("img"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"] for a in page.of("a")]
    assert {str(link)[1:] for link in links} <= set(ids), "a link to nowhere"
    assert "nan" not in page.words.lower().split()
    return page


def explored(page: str) -> Any:
    """What the explorer's script reads."""
    (data,) = re.findall(r'<script type="application/json" id="explored">(.*?)</script>', page)
    return json.loads(data)


def test_a_page_is_one_file_with_every_figure_once(text: str, read: Read, folder: Path) -> None:
    check(text)
    params = config.load(folder / "params.yaml")
    drawn = pictures.draw(measurements.read(params, folder), dpi=50)
    figures = [a["id"] for a in read.of("figure")]
    assert sorted(map(str, figures)) == sorted(f"figure-{html.anchor(stem)}" for stem in drawn)


def test_it_says_what_was_measured_and_with_what(read: Read) -> None:
    for said in (
        "3 generative models on mnist", "6 trainings", "1 collapsed", "70.50 ± 0.71",
        "[69.09, 73.32]", "gan, seed 1: collapsed, from step 54 on", "0123456789ab",
        "cpu: Some Processor", "lr_multiplier", "published",
    ):  # fmt: skip
        assert said in read.words, said


def test_nothing_is_called_better_without_a_verdict(read: Read) -> None:
    summary = read.words.split("Explorer")[1]
    assert "is better than" not in summary
    assert "each model has 2" in summary


ALL_OF = {model: {(model, seed): "diverged" for seed in range(2)} for model in ("gan", "vae")}


@pytest.mark.parametrize(
    ("changes", "planes"),
    [
        ({"models": ("gan", "wgan")}, ["a plane of the prior"]),
        ({"states": ALL_OF["vae"]}, ["a plane of the prior", "the codes of cvaegan"]),
        ({"models": ("gan",), "states": ALL_OF["gan"]}, []),
        ({"change": made_pages.of_one_class}, ["a plane of the prior", "the codes of vae"]),
        (
            {"models": ("vae",), "seeds": 1, "states": {}},
            ["a plane of the prior", "the codes of vae"],
        ),
    ],
    ids=["no encoder", "a model diverged", "all diverged", "one class", "one model, one seed"],
)
def test_it_is_whole_whatever_is_missing(
    tmp_path: Path, changes: dict[str, Any], planes: list[str]
) -> None:
    text = made_pages.write(tmp_path, **changes)
    page = check(text)
    shown = [name for name in ("a plane of the prior", "the codes of vae", "the codes of cvaegan")
             if f"{name}, 21 x 21 images" in text]  # fmt: skip
    assert shown == planes
    assert (len(explored(text)["planes"]) if planes else 0) == len(planes)
    if "change" in changes:
        assert "no seed counts as collapsed" in page.words
        assert {a["class"] for a in page.of("canvas")} == {"image"}
        assert all(not v["classes"] for v in explored(text)["planes"][0]["views"].values())


def test_names_are_escaped(tmp_path: Path) -> None:
    evil = '"></script><img src=x onerror=alert(1)><b>&{{ 7 * 7 }}'

    def rename(content: dict[str, Any]) -> None:
        names = [f"{evil}{number}" for number in range(10)]
        content["classes"] = {"names": names, "word": evil, "plural": evil}

    details = "data/evaluation/real/details.json"
    text = made_pages.write(
        tmp_path, models=("gan",), change=lambda root: fake_study.edit(root / details, rename)
    )
    page = check(text)
    assert all(str(a["src"]).startswith("data:") for a in page.of("img"))
    assert evil in page.words
    assert explored(text)["classes"][3]["name"] == f"{evil}3"


def test_of_a_folder_of_images_the_name_alone_is_told(folder: Path, text: str) -> None:
    params = config.load(folder / "params.yaml")
    params["data"] = {**params["data"], "folder": "/home/somebody/shapes"}
    read = measurements.read(params, folder)
    page = study.page(read, folder / "plots", [])
    assert "somebody" not in page
    assert "<dt>folder</dt><dd>shapes</dd>" in page


def test_a_vector_figure_takes_the_place_of_a_png_unless_it_is_large(
    folder: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = measurements.read(config.load(folder / "params.yaml"), folder)
    plots = Path(shutil.copytree(folder / "plots", tmp_path / "plots"))
    (plots / "budget.svg").write_text("<svg/>")
    (plots / "losses.svg").write_text("<svg  />")
    monkeypatch.setattr(study, "LARGEST_SVG", 6)
    page = study.page(read, plots, [])
    assert page.count("data:image/svg+xml;base64,") == 1
    assert base64.b64encode(b"<svg/>").decode() in page
    (plots / "timeline.png").unlink()
    with pytest.raises(UserError, match=r"timeline.png: no such file"):
        study.page(read, plots, [])


# The explorer


def test_sprites_are_the_decoders_images_of_the_same_points(text: str, folder: Path) -> None:
    """And the judge's view is of those images."""
    found = explored(text)
    plane = explorer.prior_plane(4)
    params = config.load(folder / "params.yaml")
    networks = config.block(NetworksParams, params, "networks")
    decoder = build.create("vae", networks, seed=0).eval()["decoder"]
    images = decode(decoder, plane.z)
    pattern = r'data-plane="0" data-model="vae" src="data:image/png;base64,([^"]+)"'
    (content,) = re.findall(pattern, text)
    sprite = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert sprite.shape == (21 * 28, 21 * 28)
    tile = sprite[2 * 28 : 3 * 28, 5 * 28 : 6 * 28].astype(int)
    assert np.abs(tile - images[2 * 21 + 5].numpy()).max() <= 256 / explorer.LEVELS
    judge = classifier.load(folder / explorer.JUDGE, torch.device("cpu"))
    _, opinions = classifier.classify(judge, imageset.dequantise(images))
    view = found["planes"][0]["views"]["vae"]
    assert view["classes"] == opinions.argmax(dim=1).tolist()
    assert view["probabilities"] == pytest.approx(opinions.max(dim=1).values.tolist(), abs=6e-4)
    assert {len(view[key]) for key in view} == {21 * 21}


def test_planes_lie_where_they_say() -> None:
    """x rises to the right, y upwards; the plane of codes has the axes of the latent map."""
    prior = explorer.prior_plane(8)
    tiles = prior.z.view(21, 21, 8).double()
    right, up = tiles[10, 20] - tiles[10, 10], tiles[0, 10] - tiles[10, 10]
    assert prior.ring == pytest.approx(8**0.5)
    assert right.norm() == pytest.approx(prior.reach, abs=1e-5)
    assert up.norm() == pytest.approx(prior.reach, abs=1e-5)
    assert float(right @ up) == pytest.approx(0, abs=1e-5)
    assert float(tiles[10, 10].norm()) == pytest.approx(0, abs=1e-6)

    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([0.1, 3.0, 1.0])
    means = torch.randn(500, 3, generator=generator) * scales + 5
    codes = explorer.codes_plane("vae", means)
    tiles = codes.z.view(21, 21, 3)
    seen = showcase.latent_plane(torch.cat([means, tiles[10, 20:], tiles[:1, 10]]))[-2:]
    assert seen[0, 0] > 0
    assert abs(seen[0, 0]) > 20 * abs(seen[0, 1])
    assert seen[1, 1] > 0
    assert (tiles[10, 20] - tiles[10, 10]).norm() == pytest.approx(2.5 * 3.0, rel=0.1)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_planes_of_few_dimensions(dimensions: int) -> None:
    means = torch.randn(50, dimensions, generator=torch.Generator().manual_seed(0))
    for plane in (explorer.prior_plane(dimensions), explorer.codes_plane("vae", means)):
        assert plane.z.shape == (21 * 21, dimensions)
        assert plane.z.isfinite().all()


def test_even_sprites_of_noise_are_small() -> None:
    """Five models on two planes in base64 stay below four megabytes."""
    noise = torch.randint(0, 256, (441, 28, 28), generator=torch.Generator().manual_seed(0))
    assert 10 * len(html.data_uri(explorer.sprite(noise.to(torch.uint8)))) < 4 * MB


def test_images_that_are_not_finite_are_no_view() -> None:
    decoder = torch.nn.Linear(4, 784)
    torch.nn.init.constant_(decoder.weight, torch.nan)
    judge = classifier.build("cnn", 10).eval()
    flat = torch.nn.Sequential(decoder, torch.nn.Unflatten(1, (1, 28, 28)))
    assert explorer.view("gan", 0, flat, judge, explorer.prior_plane(4).z) is None


# Text


def test_of_markdown_there_are_lists_code_and_emphasis_and_no_link() -> None:
    text = "a `b_c` **d**\n\n- one\n- two [x](https://e.org) ![y](z.png) <i>"
    shown = str(html.markdown(text))
    assert "<code>b_c</code> <strong>d</strong>" in shown
    assert shown.count("<li>") == 2
    assert "<a" not in shown
    assert "<img" not in shown
    assert "&lt;i&gt;" in shown
    linked = html.markdown("see plots/frechet_curve.png")
    assert '<a href="#figure-frechet-curve">plots/frechet_curve.png</a>' in linked


def test_the_demo_has_a_report(demo: Demo) -> None:
    text = (demo.folder / "reports/report.html").read_text(encoding="utf-8")
    page = check(text)
    assert "5 generative models on digits" in page.words
    assert len(explored(text)["planes"]) == 2
    sprites = [a["src"] for a in page.of("img") if a.get("class") == "sprite"]
    assert len(sprites) == 10
    assert sum(len(str(source)) for source in sprites) < 4 * MB
