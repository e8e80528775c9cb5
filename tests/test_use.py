"""The command line and its functions in Python, on the finished digits' study."""

import contextlib
import importlib
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from scipy import stats

from ganvae import __main__ as command
from ganvae import use
from ganvae.core import config, storage
from ganvae.core.imageset import CPU, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation import showcase
from ganvae.models.base import build
from ganvae.models.base.contract import to_images
from ganvae.verbs import listing, scores
from tests import inside, project, use_study
from tests.architectures import params
from tests.demo_run import Demo
from tests.project import ROOT

PAGE = (ROOT / "docs/use.md").read_text(encoding="utf-8")
VERBS = (
    "sample",
    "reconstruct",
    "interpolate",
    "invert",
    "score",
    "export",
    "report",
    "experiments",
    "compare",
)


@pytest.fixture(scope="module")
def study(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return use_study.make(tmp_path_factory.mktemp("use") / "study", demo)


@pytest.fixture
def here(study: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(study)
    return study


def ganvae(*words: str) -> None:
    """What `ganvae <words>` does, without its handling of errors."""
    with mock.patch("sys.argv", ["ganvae", *words]):
        command._main()


def picture(path: str | Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.copy()


def page_title(path: str) -> str:
    return re.findall("<title>(.*?)</title>", Path(path).read_text(encoding="utf-8"))[0]


def test_what_the_page_shows_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known: dict[str, Any] = {}
    blocks = re.findall(r"```(python|console)\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(re.findall("^```", PAGE, flags=re.MULTILINE)) == 2 * len(blocks)
    ran = set()
    with inside.little_drawn():
        for kind, block in blocks:
            if kind == "python":
                exec(block, known)
                continue
            for line in block.splitlines():
                program, *words = shlex.split(line)
                assert program == "ganvae"
                ran.add(words[0])
                ganvae(*words)
    assert ran == set(VERBS)
    assert picture("grid.png").size == (10 * 29 + 1, 7 * 29 + 1)
    assert picture("reconstructions.png").size == (10 * 29 + 1, 4 * 29 + 1)
    assert picture("between.png").size == (12 * 29 + 1, 13 * 29 + 1)
    assert np.load("samples.npz")["images"].shape == (200, 28, 28)
    assert len(list(Path("threes").iterdir())) == 30
    assert storage.read_json(Path("scores.json"))["given"]["images"] == 200
    said = capsys.readouterr()
    assert "warning: letters: 14 images of other sizes made 28 x 28" in said.err
    assert page_title("study.html") == "5 generative models on digits"
    assert page_title("mi2018.html").startswith("mi2018: ")
    for file in ("vae_seed_0.onnx", "gan.pt2", "vae.safetensors"):
        (example,) = re.findall(r"```python\n(.*?)```", Path(f"{file}.md").read_text(), re.DOTALL)
        called: dict[str, Any] = {}
        exec(example, called)
        assert called["images"].shape == (16, 1, 28, 28)


def test_help_shows_an_example_that_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit) as ended:
            ganvae(verb, "--help")
        assert not ended.value.code
        example = " ".join(capsys.readouterr().out.split()).partition("example: ganvae ")[2]
        given = command.parser().parse_args(shlex.split(example.partition(" > ")[0]))
        assert given.verb == verb
    with pytest.raises(SystemExit):
        ganvae("--help")
    assert all(f"\n    {verb}" in capsys.readouterr().out for verb in VERBS[:1])


def test_it_is_installed_as_a_command() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = settings["project"]["scripts"]["ganvae"].partition(":")
    assert getattr(importlib.import_module(module), function) is command.main
    assert all(getattr(use, name).__doc__ for name in use.__all__)


REFUSED = [
    ("sample vea --out x.png", "vea: no such model, folder or weights file (did you mean vae?)"),
    ("sample a/b --out x.png", "a/b: no such file or folder"),
    ("sample vae --study no --out x.png", "no: no such folder"),
    ("sample mi2018_gan --out x.png", "no papers/data/mi2018/mi2018_gan/trained: run `dvc repro "
     "train@mi2018_gan` in papers, or `dvc pull` where a remote has it"),
    ("sample letters --out x.png", "letters/weights: holds no weights seed_<n>.safetensors"),
    ("sample letters/0.png --out x.png", "letters/0.png: damaged tensor file: "),
    ("sample vae --seed-of-training 7 --out x.png", "data/models/vae/weights: no weights of "
     "seed 7; there are those of: 0, 1"),
    ("sample vae --count 0 --out x.png", "count 0: allowed: 1 to 1,000,000"),
    ("sample vae --count x --out x.png", "ganvae sample: argument --count: invalid int value: 'x'"),
    ("sample vae --class 3 --out x.png", "class 3: vae draws no class that is asked for"),
    ("sample ghosh2020_cgan --class 10 --out x.png", "class 10: allowed: 0 to 9"),
    ("sample gan --mixture --out x.png", "mixture: gan has no encoder"),
    ("sample vae --mixture 0 --out x.png", "mixture of 0: allowed: 1 or more"),
    ("sample vae", "ganvae sample: the following arguments are required: --out"),
    ("sample vae --out x.jpg", "x.jpg: a name that ends in .png (a grid) or .npz, or a folder"),
    ("sample vae --out letters/", "letters: holds files; name a new folder"),
    ("sample vae --out params.yaml/x.png", "params.yaml/x.png: cannot be written"),
    ("sample vae --frobnicate --out x.png", "ganvae: unrecognized arguments: --frobnicate"),
    ("reconstruct gan --out x.png", "gan has no encoder; `invert` finds its nearest images"),
    ("reconstruct vae --count 0 --out x.png", "count 0: allowed: 1 or more"),
    ("reconstruct vae --images no --out x.png", "no: no such folder or .npz file"),
    ("reconstruct vae --images params.yaml --out x.png", "params.yaml: magic number"),
    ("reconstruct vae --images data --out x.png", "data/params_checked: a file beside folders"),
    ("reconstruct ghosh2020_cgan --out x.png", "was trained on images of mnist with"),
    ("invert gan --steps 0 --out x.png", "steps 0: allowed: 1 or more"),
    ("interpolate gan --walks 0 --out x.png", "walks 0: allowed: 1 or more"),
    ("interpolate vae --images letters/0.png --out x.png", "1 ends, 10 points: two or more"),
    ("score letters --out x.csv", "x.csv: a name that ends in .json expected"),
    ("score letters --study letters", "no letters/processed: run `dvc repro preprocess` in "
     "letters"),
    ("score letters --study no", "no: no such folder"),
    ("experiments --study no", "no: no such folder"),
    ("export vae", "ganvae export: the following arguments are required: --format"),
    ("export vae --format onnx --network x", "vae has no network 'x'; it has: encoder, decoder"),
    ("export vae --format onnx --out x.pt2", "x.pt2: a file name that ends in .onnx expected"),
    ("experiments --study data", "data: "),
    ("compare", "ganvae compare: the following arguments are required: OTHER"),
    ("compare no", "no: no such folder"),
    ("compare letters", "letters: no comparison; run `dvc repro` there"),
    ("report", "ganvae report: the following arguments are required: --out"),
    ("report --out x.pdf", "x.pdf: a name that ends in .html expected"),
    ("report --out params.yaml/x.html", "params.yaml/x.html: cannot be written"),
    ("report --study no --out x.html", "no: no such folder"),
    ("report --study letters --out x.html", "params.yaml"),
    ("report mi2019 --out x.html", "mi2019: no source paper; there are mi2018, battineedi2023"),
    ("report ghosh2020 --out x.html", "ghosh2020: no report yet: run `make paper PAPER=ghosh2020`"),
    ("", "ganvae: the following arguments are required: verb"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line"), REFUSED, ids=[words for words, _ in REFUSED])
def test_what_cannot_be_is_one_line_and_writes_nothing(here: Path, words: str, line: str) -> None:
    before = sorted(path for path in here.rglob("*") if ".git" not in path.parts)
    with pytest.raises(use.UserError, match=re.escape(line)) as error:
        ganvae(*words.split())
    assert "\n" not in str(error.value)
    assert sorted(path for path in here.rglob("*") if ".git" not in path.parts) == before


def test_a_missing_model_is_told_how_to_get(tmp_path: Path, demo: Demo) -> None:
    storage.write_bytes(tmp_path / "params.yaml", (demo.folder / "params.yaml").read_bytes())
    with pytest.raises(use.UserError) as error:
        use.load("vae", study=tmp_path)
    assert str(error.value) == (
        f"no {tmp_path}/data/models/vae: run `dvc repro train_vae` in {tmp_path}, or `dvc pull` "
        "where a remote has it"
    )
    status = tmp_path / "data/models/vae/status/seed_3.json"
    storage.write_json(status, {"state": "diverged"})
    with pytest.raises(use.UserError, match="vae: seed 3 diverged, so it has no weights"):
        use.load("vae", 3, tmp_path)


def test_a_model_by_its_name_its_folder_and_its_file(here: Path) -> None:
    named = use.load("vae", 1)
    assert (named.name, named.description.seed, named.latent_dim) == ("vae", 1, 16)
    right = use.sample(named, 3)
    for model in ("data/models/vae", "data/models/vae/weights/seed_1.safetensors"):
        assert use.sample(use.load(model, 1), 3).equal(right)
    assert use.load("vae").description.seed == 0
    with pytest.raises(use.UserError, match=r"seed_1.safetensors: of seed 1, not 0$"):
        use.load("data/models/vae/weights/seed_1.safetensors", 0)
    system = use.load("papers/data/ghosh2020/ghosh2020_cgan")
    assert (system.name, system.conditional) == ("ghosh2020_cgan", True)


def test_with_the_trainings_seed_they_are_the_images_that_are_measured(here: Path) -> None:
    vae = use.load("vae")
    arrays = storage.read_tensors(Path("data/evaluation/vae/arrays.safetensors"))
    mixture = use.sample(vae, 1000, seed=0, components=10)[: showcase.SAMPLES]
    assert quantise(mixture).equal(arrays["mixture_samples/0"])
    again = use.reconstruct(vae, use.real_images(vae, showcase.RECONSTRUCTIONS))
    assert quantise(again).equal(arrays["reconstructions/0"])

    found = use.score(use.sample(vae, 1000, seed=0))
    entry = storage.read_json(Path("data/evaluation/vae/details.json"))["seeds"]["0"]
    real = storage.read_json(Path("data/evaluation/real/details.json"))["rows"]["real"]
    (line,) = found.warnings
    assert re.fullmatch(r"grey levels from \d+ to \d+; the real images' are 0 to 255", line)
    assert found.given.metrics.items() <= entry["metrics"].items()
    assert {k: list(ends) for k, ends in found.given.intervals.items()}.items() <= (
        entry["intervals"].items()
    )
    assert found.real.metrics == real["metrics"]
    assert found.document()["real"]["images"] == real["images"] == 1000


def test_a_class_is_what_the_decoder_is_asked_for(here: Path) -> None:
    cgan = use.load("ghosh2020_cgan")
    z, _, codes = cgan.decoder.split(Noise(seed_for(5, "evaluate"), CPU).normal(4, 7))  # type: ignore[operator]
    right = to_images(cgan.decoder.of(z, torch.full((4,), 3), codes))  # type: ignore[operator]
    drawn = use.sample(cgan, 4, seed=5, label=3)
    assert quantise(drawn).equal(quantise(right))
    assert not drawn.equal(use.sample(cgan, 4, seed=5, label=4))


def test_walks_are_those_of_the_figures() -> None:
    walks = showcase.interpolations(16).view(showcase.INTERPOLATIONS, -1, 16)
    for walk in walks:
        (again,) = showcase.walks(walk[:1], walk[-1:], len(walk))
        torch.testing.assert_close(again, walk)
    (straight,) = showcase.walks(torch.ones(1, 1), -torch.ones(1, 1), 3)
    torch.testing.assert_close(straight, torch.tensor([[1.0], [0.0], [-1.0]]))


def test_an_inversion_comes_nearer(here: Path) -> None:
    gan = use.load("gan")
    drawn = use.sample(gan, 3)
    errors = [
        float((use.draw(gan, use.invert(gan, drawn, steps)) - drawn).square().mean())
        for steps in (1, 60)
    ]
    assert errors[1] < errors[0] / 2
    assert use.invert(gan, drawn, 1, seed=1).shape == (3, 16)


@pytest.mark.parametrize("name", ["folder/", "images.npz"])
def test_what_is_written_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    grey = torch.arange(12 * 784).remainder(256).view(12, 1, 28, 28) / 127.5 - 1
    use.write(grey, f"{tmp_path}/{name}")
    assert use.read(tmp_path / name).equal(grey)


def test_pictures_in_colour(tmp_path: Path) -> None:
    """As the models of faces draw them."""
    colour = torch.linspace(-1, 1, 3 * 3 * 64 * 64).view(3, 3, 64, 64)
    for name in ("faces.png", "faces.npz", "faces/"):
        use.write(colour, f"{tmp_path}/{name}")
    assert picture(tmp_path / "faces.png").size == (3 * 65 + 1, 66)
    assert np.load(tmp_path / "faces.npz")["images"].shape == (3, 64, 64, 3)
    first = np.asarray(picture(tmp_path / "faces/0.png")).transpose(2, 0, 1)
    assert np.array_equal(first, quantise(colour)[0].numpy())
    assert use.read(tmp_path / "faces").shape == (3, 1, 28, 28)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda real: real, []),
        (lambda real: real // 2, ["grey levels from 0 to 127; the real images' are 0 to 255"]),
        (lambda real: 255 - real, ["most images are dark on light, the real ones light on dark: "
                                   "--negative exchanges it"]),
        (lambda real: (real > 127) * 255, ["no grey: at most two levels, while the real images "
                                           "have more"]),
    ],
)  # fmt: skip
def test_levels_that_differ_from_the_real_ones(
    change: Callable[[torch.Tensor], torch.Tensor], lines: list[str]
) -> None:
    real = torch.zeros(20, 28, 28, dtype=torch.uint8)
    real[:, 6:22, 6:22] = torch.arange(256).view(16, 16)
    assert scores.differences(change(real).to(torch.uint8), real) == lines


def test_sorted_images_are_found() -> None:
    classes = torch.arange(10).repeat_interleave(10)
    assert scores.in_order(classes)
    assert not scores.in_order(classes[Noise(0, CPU).permutation(100)])
    assert not scores.in_order(torch.zeros(100, dtype=torch.int64)), "one class has no order"


def test_sorted_images_are_shuffled_and_counts_told(here: Path) -> None:
    """Real ones, so the judge tells their classes."""
    tensors = storage.read_tensors(Path("data/processed/test.safetensors"))
    by_class = tensors["images"][tensors["labels"].argsort()]
    with inside.little_drawn():
        found = use.score(by_class)
    count, order = found.warnings
    assert count.startswith("360 images, while the study's tables are of 1,000")
    assert order == "images in the order of their classes: they were shuffled"
    assert found.given.metrics["fid_classifier"] < 1
    assert "| FID, classifier ↓" in found.table()
    assert max(map(len, found.table().splitlines())) < 100


@pytest.mark.parametrize("network", ["decoder", "discriminator"])
def test_a_card_says_what_a_file_is_and_its_example_runs(
    here: Path, tmp_path: Path, network: str
) -> None:
    cgan = use.load("ghosh2020_cgan")
    file, card = use.export(cgan, "pt2", tmp_path / "cgan.pt2", network)
    text = card.read_text(encoding="utf-8")
    assert text.startswith(f"# ghosh2020_cgan, seed 0: {network}\n")
    assert "latent[:, 6] is the quantile of N(0, 1) at (k + 0.5) / 10" in text
    assert "Not measured where this card was written." in text
    known: dict[str, Any] = {}
    with contextlib.chdir(file.parent):
        exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], known)
    inputs = [known[name] for name in ("latent", "images", "labels") if name in known]
    right = cgan.networks[network](*(inputs[:1] if network == "decoder" else inputs))
    torch.testing.assert_close(known["logits" if network == "decoder" else "output"], right)


def test_a_card_has_metrics_with_intervals_and_the_commit(here: Path, tmp_path: Path) -> None:
    file, card = use.export(use.load("vae", 1), "safetensors", tmp_path / "vae.safetensors")
    text = card.read_text(encoding="utf-8")
    entry = storage.read_json(Path("data/evaluation/vae/details.json"))["seeds"]["1"]
    low, high = entry["intervals"]["fid_classifier"]
    row = next(line for line in text.splitlines() if line.startswith("| FID, classifier"))
    fid = entry["metrics"]["fid_classifier"]
    assert [f"{fid:,.2f}", f"[{low:,.2f}, {high:,.2f}]"] == [c.strip() for c in row.split("|")[2:4]]
    assert "**Collapsed**" in text, "after seven steps"
    costs = storage.read_json(Path("data/models/vae/costs/seed_1.json"))
    description, _ = build.from_file(file)
    assert description.commit == costs["runtime"]["commit"]
    assert costs["runtime"]["commit"] in text
    assert "MIT" in text


def test_experiments_in_120_columns(here: Path) -> None:
    base, *rows = use.experiments()
    by_name = {row.name: row for row in rows}
    better, worse = by_name["better"], by_name["worse-and-with-a-long-name"]
    assert (base.state, base.changed, base.marks) == ("baseline", {}, {})
    assert better.changed == {"train.lr": (0.0004, 0.001), "train.epochs": (0.3, 0.5)}
    assert better.marks["gan"] == {"fid_classifier": "++", "class_entropy": "++"}, "a difference"
    assert better.marks["vae"] == {"fid_classifier": "+", "class_entropy": "+"}, "within the spread"
    assert better.marks["wgan"] == {}
    assert worse.marks["gan"] == {"fid_classifier": "--"}
    assert worse.differs() == ["models.wgan.clip none → 0.03"]
    other = by_name["by-another-judge"]
    line = "measured otherwise: FID of real images 1 and 2: another classifier"
    assert other.differs() == [line]
    assert other.values["gan"]["fid_classifier"] == 90
    assert other.marks == {}, "of another scale"
    text = listing.text([base, *rows])
    assert max(map(len, text.splitlines())) <= 120
    (line,) = [line for line in text.splitlines() if line.startswith("better")]
    assert line.split()[1:] == [
        "train.lr",
        "0.0004",
        "→",
        "0.001",
        "FID",
        "↓",
        "90",
        "++",
        "200",
        "90",
        "+",
        "90",
        "+",
        "90",
        "+",
    ]
    assert listing.as_csv(rows).splitlines()[0].startswith("name,state,differs,fid_classifier_gan,")
    assert "| better | train.lr 0.0004 → 0.001; train.epochs 0.3 → 0.5 | 90 ++ |" in (
        listing.markdown(rows)
    )


def test_two_studies_by_the_one_standard(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = use.compare(".conv").set_index(["metric", "model"])
    verdicts = found.loc["fid_classifier"]["verdict"].to_dict()
    others = dict.fromkeys(("wgan", "vae", "vaegan", "cvaegan"), "no difference shown")
    assert verdicts == {"gan": "better", **others}
    of_gan = found.loc["fid_classifier", "gan"]
    one, other = ([mean * (1 + 0.01 * (s - 2)) for s in range(5)] for mean in (90.0, 100.0))
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval(1 - 0.05 / 5)
    assert of_gan["difference"] == pytest.approx(-10)
    assert (of_gan["low"], of_gan["high"]) == pytest.approx((welch.low, welch.high))
    ganvae("compare", ".conv")
    said = capsys.readouterr().out
    assert re.search(
        r"\| gan +\| +90\.00 \| 100\.00 \| +-10\.00 \| +\[-13\.20, -6\.80\] \| +better \|", said
    )
    assert re.search(r"\| +\| +\.conv \| +here \|", said)


def test_two_studies_must_be_measured_alike(here: Path, tmp_path: Path) -> None:
    found = storage.read_json(here / "metrics/comparison.json")
    kept = tmp_path / "kept"
    kept.mkdir()
    shutil.copy2(here / "params.yaml", kept)
    found["settings"] |= {"protocol": {"neighbours": 5}, "classifier": {"test_accuracy": 0.8}}
    storage.write_json(kept / "comparison.json", found)
    line = "protocol.neighbours 5 and 3, classifier.test_accuracy 0.8 and 0.9$"
    with pytest.raises(use.UserError, match=line):
        use.compare(kept)
    found = storage.read_json(here / "metrics/comparison.json")
    found["rows"]["real"]["fid_classifier"]["mean"] *= 1.5
    storage.write_json(kept / "comparison.json", found)
    with pytest.raises(use.UserError, match=r"FID of real images 1\.5 and 1: another classifier"):
        use.compare(kept)


def test_mixtures_are_a_family_of_their_own(here: Path, tmp_path: Path) -> None:
    """That they are there changes no model's interval."""
    for name, study in (("one", here / ".conv"), ("other", here)):
        (tmp_path / name).mkdir()
        shutil.copy2(study / "params.yaml", tmp_path / name)
        found = storage.read_json(study / "metrics/comparison.json")
        for model in ("vae", "vaegan", "cvaegan"):
            found["rows"][f"{model}, mixture"] = {**found["rows"][model], "mixture_of": model}
        storage.write_json(tmp_path / name / "comparison.json", found)
    held = use.compare(tmp_path / "one", tmp_path / "other")
    of_mixtures = held["model"].str.endswith("mixture")
    assert of_mixtures.any()
    pd.testing.assert_frame_equal(held[~of_mixtures].reset_index(drop=True), use.compare(".conv"))


def test_a_sum_over_other_densities_is_not_held_against(here: Path, tmp_path: Path) -> None:
    found = storage.read_json(here / "metrics/comparison.json")
    for row in found["rows"].values():
        row["negative_elbo"] = {"mean": 1.0, "std": None, "seeds": {"0": 1.0, "1": 1.5}}
    for name, likelihood in (("one", "bernoulli"), ("other", "gaussian")):
        (tmp_path / name).mkdir()
        storage.write_json(tmp_path / name / "comparison.json", found)
        change = {"models": {"vae": {"likelihood": likelihood}}}
        values = config.overlay(config.load(here / "params.yaml"), change)
        (tmp_path / name / "params.yaml").write_text(yaml.safe_dump(values))
    held = use.compare(tmp_path / "one", tmp_path / "other")
    assert "vae" not in set(held[held["metric"] == "negative_elbo"]["model"])
    held = use.compare(tmp_path / "one", tmp_path / "one")
    assert "vae" in set(held[held["metric"] == "negative_elbo"]["model"])


def test_no_experiments_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    project.set_params(folder, {})
    base = use.Experiment("main", "baseline", {}, {"gan": {"fid_classifier": 1.0}}, {})
    assert "no experiments of this branch" in listing.text([base])
    with pytest.raises(use.UserError, match="study"):
        use.experiments(folder)


def test_networks_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gan.safetensors"
    use_study.write_weights(path, "gan", params("wide"))
    with pytest.raises(
        use.UserError, match=r"gan is for images of \[1, 28, 28\] .* not \[3, 64, 64\]"
    ):
        use.invert(use.load(path), torch.zeros(2, 3, 64, 64), 1)
    spoilt = {name: w * torch.nan for name, w in storage.read_tensors(path).items()}
    storage.write_tensors(path, spoilt, storage.read_metadata(path))
    with pytest.raises(use.UserError, match=r"gan.safetensors: its networks give values that are"):
        use.sample(use.load(path), 1)
