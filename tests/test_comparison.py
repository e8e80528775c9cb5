"""The comparison: what it reads, refuses, averages and writes."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from ganvae.comparison import curves, markdown, measurements, pictures, sections, summary, verdicts
from ganvae.core import config, storage
from ganvae.errors import UserError
from stages import compare
from tests import fake_details, fake_study

PARAMS = Path(__file__).parents[1] / "params.yaml"


def default_params() -> dict[str, Any]:
    params = config.load(PARAMS)
    params["train"]["seeds"] = [0, 1, 2]
    params["figures"]["dpi"] = 50
    return params


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fake study with everything that `compare` wrote from it."""
    root = tmp_path_factory.mktemp("written")
    fake_study.write(root, default_params())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        compare.main()
    return root


@pytest.fixture(scope="module")
def study(written: Path) -> measurements.Study:
    return measurements.read(config.load(written / "params.yaml"), written)


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    """The same study, to be damaged."""
    return Path(shutil.copytree(written, tmp_path / "copy"))


def row_of(study: measurements.Study, name: str) -> summary.Row:
    return next(row for row in summary.rows(study) if row.name == name)


def outputs(root: Path) -> dict[str, bytes]:
    files = [*(root / "metrics").iterdir(), *(root / "plots").iterdir()]
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def test_spread_is_the_sample_standard_deviation() -> None:
    two = summary.spread({"0": 1.0, "1": 3.0})
    assert two.mean == pytest.approx(2.0, abs=1e-12)
    assert two.std == pytest.approx(2**0.5, abs=1e-12)
    assert summary.spread({"0": 5.0}).std is None


def test_means_are_over_the_finished_seeds_and_the_others_are_counted(
    study: measurements.Study,
) -> None:
    wgan, gan = row_of(study, "wgan"), row_of(study, "gan")
    assert (wgan.finished, wgan.collapsed, wgan.diverged) == (2, 0, 1)
    assert wgan.metrics["fid_classifier"].mean == pytest.approx(70.5, abs=1e-9)
    assert wgan.metrics["train_seconds"].mean == pytest.approx(100.5, abs=1e-9)
    assert set(wgan.metrics["class_entropy"].seeds) == {"0", "1"}
    assert (gan.finished, gan.collapsed, gan.diverged) == (3, 1, 0)
    assert gan.metrics["fid_classifier"].mean == pytest.approx(71.0, abs=1e-9)  # none dropped


def with_mixtures(models: Iterable[str]) -> list[str]:
    """The rows of models: one with an encoder has its mixture's below its own."""
    rows = [(name, f"{name}, mixture") for name in models]
    return [row for pair in rows for row in pair[: 1 + (pair[0] in fake_details.ENCODERS)]]


def test_csv_has_the_models_then_real_rows(written: Path) -> None:
    table = pd.read_csv(written / "metrics/comparison.csv")
    models = with_mixtures(default_params()["models"])
    assert list(table["row"]) == [*models, *fake_details.real_details()["rows"]]
    assert list(table.columns[:4]) == ["row", "images", "against", "class_entropy"]
    assert [f"{c}_std" for c in table.columns[3::2]] == list(table.columns[4::2])
    by_row = table.set_index("row")
    assert by_row.loc["vae", "negative_elbo_std"] == pytest.approx(1.0, abs=1e-9)
    assert by_row["negative_elbo"].isna()["gan"]
    assert by_row["class_entropy_std"].isna()["real"]
    assert list(by_row.loc["gan", ["images", "against"]]) == [50, 50]
    assert list(by_row.loc["real_halves", ["images", "against"]]) == [25, 25]


def test_json_holds_settings_seeds_and_no_nan(written: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (written / "metrics/comparison.json").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=refuse)
    settings = content["settings"]
    assert settings["protocol"] == fake_details.PROTOCOL
    assert settings["protocol_real"] == fake_details.REAL_PROTOCOL
    assert settings["classifier"] == {"architecture": "cnn", "test_accuracy": 0.9921}
    assert settings["runtime"]["training"]["torch"] == ["2.15.0"]
    wgan = content["rows"]["wgan"]
    assert wgan["seeds_diverged"] == 1
    assert wgan["fid_classifier"]["seeds"] == {"0": 70.0, "1": 71.0}
    assert wgan["fid_classifier"]["low"] == pytest.approx(0.98 * 70.5, abs=1e-9)
    assert wgan["fid_classifier"]["high"] == pytest.approx(1.04 * 70.5, abs=1e-9)
    assert wgan["class_kl"]["low"] is None
    assert wgan["runtime"]["training"]["commit"] == ["0123456789ab"]
    assert wgan["runtime"]["evaluation"] == wgan["runtime"]["training"]
    real = content["rows"]["real"]
    bare = {"std": None, "low": None, "high": None, "seeds": {}}
    assert real["class_entropy"] == {"mean": 2.2, **bare}
    assert real["fid_classifier"]["high"] == pytest.approx(1.04 * 70, abs=1e-9)
    assert "seeds_finished" not in real
    assert real["runtime"]["training"] == {}


def test_a_mixture_has_the_metrics_of_images_alone(
    study: measurements.Study, written: Path
) -> None:
    own, row = row_of(study, "vae"), row_of(study, "vae, mixture")
    assert row.mixture_of == "vae"
    assert row.finished is None
    assert row.sizes == own.sizes
    assert set(row.metrics) == set(row_of(study, "real").metrics)
    assert row.metrics["fid_classifier"].mean == pytest.approx(71 / 2, abs=1e-9)
    assert row.metrics["fid_classifier"].interval == pytest.approx((0.98 * 35.5, 1.04 * 35.5))
    content = json.loads((written / "metrics/comparison.json").read_text(encoding="utf-8"))
    told = content["rows"]["vae, mixture"]
    assert told["mixture_of"] == "vae"
    assert told["fid_classifier"]["seeds"] == {"0": 35.0, "1": 35.5, "2": 36.0}
    assert told["runtime"] == content["rows"]["vae"]["runtime"]
    assert "seeds_finished" not in told
    assert "negative_elbo" not in told


def test_a_diverged_seed_has_no_mixture(copy: Path) -> None:
    diverged = {**fake_details.details("vae", 0, "diverged"), "update": "evaluate"}
    changed("data/evaluation/vae/details.json", "seeds", "0", value=diverged)(copy)
    read = measurements.read(default_params(), copy)
    assert set(row_of(read, "vae, mixture").metrics["recall"].seeds) == {"1", "2"}


def test_markdown_names_every_collapsed_and_diverged_seed(written: Path) -> None:
    text = (written / "metrics/comparison.md").read_text(encoding="utf-8")
    assert "Collapsed seeds: 1. Diverged seeds: 1, of 15." in text
    assert "- gan, seed 1: collapsed, from step 54 on\n" in text
    assert "- wgan, seed 2: diverged in `critic` at step 200\n" in text
    assert "71.00 ± 1.00" in text  # gan's Frechet distance
    assert "nan" not in text.lower()


def test_a_single_seed_has_no_spread(tmp_path: Path) -> None:
    params = default_params()
    params["train"]["seeds"] = [0]
    fake_study.write(tmp_path, params)
    read = measurements.read(params, tmp_path)
    rows = summary.rows(read)
    assert rows[0].metrics["class_entropy"].std is None
    parts = sections.sections(read, rows, verdicts.frame(read, rows))
    lines = markdown.render(read, parts).splitlines()
    assert not [line for line in lines if line.startswith("|") and "±" in line]


def add(path: str) -> Callable[[Path], None]:
    return lambda root: storage.write_text(root / path, "")


def remove(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        target = root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return change


STATE = {"state": "diverged", "step": 1}  # a seed of which nothing more is known


def changed(path: str, *keys: str, value: Any) -> Callable[[Path], None]:
    def assign(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return lambda root: fake_study.edit(root / path, assign)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (add("data/models/old/status/seed_0.json"), "old is not named in params.yaml"),
        (add("data/evaluation/old/details.json"), "old is not named in params.yaml"),
        (add("data/models/gan/weights/seed_7.safetensors"), "seed_7 is not named .* train.seeds"),
        (
            changed("data/evaluation/gan/details.json", "seeds", "7", value=STATE),
            "7 is not named .* train.seeds",
        ),
        (
            changed("data/evaluation/gan/details.json", "seeds", value={}),
            "no seed 0: run `dvc repro evaluate@gan`",
        ),
        (
            changed("data/evaluation/vae/details.json", "protocol", "generated_images", value=7),
            "gan and vae were evaluated differently: generated_images is 50 and 7",
        ),
        (
            changed("data/evaluation/vae/details.json", "protocol", "features", value=["a", "b"]),
            r"gan and vae were evaluated differently: features is \['classifier'\] and \['a', ",
        ),
        (
            changed("data/evaluation/real/details.json", "protocol", "feature_width", value=7),
            "gan and real were evaluated differently: feature_width",
        ),
        (
            changed("data/models/gan/status/seed_0.json", "state", value="diverged"),
            "seed 0 is diverged, but was evaluated as finished",
        ),
        (remove("data/models/vae"), "vae: no such folder"),
        (remove("data/evaluation/real"), "real: no such folder"),
        (remove("data/models/vae/history/seed_1.csv"), "seed_1.csv: no such file"),
        (remove("data/models/vae/costs/seed_1.json"), "seed_1.json: no such file"),
        (add("data/models/vae/history/seed_1.csv"), "damaged CSV"),
        (remove("metrics/classifier.json"), "classifier.json: no such file"),
    ],
)
def test_refuses_what_does_not_belong_to_one_study(
    copy: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], message: str
) -> None:
    damage(copy)
    before = outputs(copy)
    monkeypatch.chdir(copy)
    with pytest.raises(UserError, match=message):
        compare.main()
    assert outputs(copy) == before


def test_a_seed_that_only_its_evaluation_found_diverged_is_read(copy: Path) -> None:
    diverged = {**fake_details.details("vae", 0, "diverged"), "update": "evaluate"}
    changed("data/evaluation/vae/details.json", "seeds", "0", value=diverged)(copy)
    read = measurements.read(default_params(), copy)
    assert row_of(read, "vae").diverged == 1
    assert row_of(read, "vae").metrics["fid_classifier"].mean == pytest.approx(71.5, abs=1e-9)


def test_loss_curves_are_means_over_finished_seeds(study: measurements.Study) -> None:
    table = curves.losses(study)
    wgan = study.models[1]
    last = pd.concat([seed.history for seed in wgan.finished]).groupby("images_seen").mean().iloc[3]
    rows = table[table["series"] == "wgan critic.loss"]
    assert rows.iloc[3]["value"] == pytest.approx(last["critic.loss"], abs=1e-12)
    assert len(rows) == fake_details.ROWS
    assert "cvaegan autoencoder.active" in set(table["series"])


def test_class_entropy_curve_keeps_the_diverged_seed(study: measurements.Study) -> None:
    table = curves.timeline(study, "class_entropy")
    seeds = table[table["model"] == "wgan"]["seed"]
    assert set(seeds) == {0, 1, 2}


def test_digit_shares_sum_to_one_in_each_row(study: measurements.Study) -> None:
    sums = curves.class_histogram(study).groupby("model", sort=False)["share"].sum()
    assert list(sums.index) == [*default_params()["models"], "real"]
    assert sums.to_numpy() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("models", "states"),
    [
        (("gan", "wgan"), {}),
        (("vae",), {("vae", seed): "diverged" for seed in range(3)}),
        (("gan", "vae", "toy"), {("gan", 0): "diverged"}),
    ],
    ids=["no encoder", "all diverged", "a further model"],
)
def test_writes_all_tables_and_figures_whatever_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: Path,
    models: tuple[str, ...],
    states: dict[tuple[str, int], str],
) -> None:
    params = default_params()
    params["models"] = {name: params["models"].get(name, {}) for name in models}
    fake_study.write(tmp_path, params, states)
    monkeypatch.chdir(tmp_path)
    compare.main()
    assert outputs(tmp_path).keys() == outputs(written).keys()
    table = pd.read_csv(tmp_path / "metrics/comparison.csv")
    finished = [name for name in models if states.get((name, 1)) != "diverged"]
    named = with_mixtures(finished) if finished else list(models)
    assert list(table["row"])[: len(named) + 1] == [*named, "real"]


def test_a_seed_that_diverged_before_its_first_row_is_compared(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = copy / "data/models/wgan/history"
    header = (history / "seed_2.csv").read_text().splitlines()[0]
    (history / "seed_2.csv").write_text(f"{header}\n")
    monkeypatch.chdir(copy)
    compare.main()
    (history / "seed_1.csv").write_text(f"{header}\n")
    with pytest.raises(UserError, match=r"seed_1.csv: no row of a training that finished"):
        compare.main()


def test_a_users_own_settings_of_matplotlib_change_no_file(
    copy: Path, monkeypatch: pytest.MonkeyPatch, written: Path
) -> None:
    monkeypatch.chdir(copy)
    settings = {"text.usetex": True, "figure.facecolor": "black", "font.size": 30}
    with matplotlib.rc_context(settings):
        compare.main()
    assert outputs(copy) == outputs(written)


def test_figures_are_written_in_every_format_and_earlier_ones_removed(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    monkeypatch.setattr(pictures, "draw", lambda study, dpi: {"samples": Figure})
    params = default_params()
    params["figures"]["formats"] = ["png", "pdf", "svg"]
    storage.write_text(copy / "params.yaml", yaml.safe_dump(params))
    compare.main()
    figures = {path.name for path in (copy / "plots").iterdir() if path.suffix != ".csv"}
    assert figures == {"samples.png", "samples.pdf", "samples.svg", "captions.md"}
    assert (
        "- `samples`: Images drawn from the same noise" in (copy / "plots/captions.md").read_text()
    )
