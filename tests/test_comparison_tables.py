"""The comparison's tables: their form, what stands in which, verdicts and the self-test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ganvae.comparison import faults, markdown, measurements, summary, tables, verdicts
from ganvae.comparison.columns import COLUMNS, column, ordered
from ganvae.comparison.summary import Row
from ganvae.core import config
from ganvae.floors.selftest import EXPECTED
from tests import fake_study
from tests.fake_details import PLANTED

PARAMS = Path(__file__).parents[1] / "params.yaml"


def read(root: Path, **changes: Any) -> measurements.Study:
    params = config.load(PARAMS)
    params["train"]["seeds"] = changes.pop("seeds", [0, 1, 2])
    params["models"] = {
        n: params["models"].get(n, {}) for n in changes.pop("models", params["models"])
    }
    fake_study.write(root, params, **changes)
    return measurements.read(params, root)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> measurements.Study:
    return read(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def text(study: measurements.Study) -> str:
    return markdown.render(study, summary.rows(study))


def tables_of(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, without the rule."""
    found = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    cells = [[[c.strip() for c in line[1:-1].split("|")] for line in lines] for lines in found]
    return [[lines[0], *lines[2:]] for lines in cells]


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0].strip()


ALL_DIVERGED = {(model, seed): "diverged" for model in ("gan", "vae") for seed in range(3)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seeds": [0]},
        {"models": ["gan", "wgan"]},
        {"models": ["gan", "vae"], "states": ALL_DIVERGED},
        {"models": ["gan", "a_model_with_a_name_of_forty_one_letters"]},
    ],
    ids=["default", "one seed", "no encoder", "all diverged", "a long name"],
)
def test_every_table_is_rectangular_and_not_too_wide(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    study = read(tmp_path, **changes)
    text = markdown.render(study, summary.rows(study))
    found = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert len(found) > 8
    for lines in found:
        assert len({line.count("|") for line in lines}) == 1
        assert len({len(line) for line in lines}) == 1
        assert len(lines[0]) <= 150
    assert "nan" not in text.lower()


def test_the_first_two_tables_are_quality_and_likelihood(text: str) -> None:
    quality, encoders = tables_of(text)[:2]
    assert [line[0] for line in quality] == [
        "", "gan", "wgan", "vae", "vae, mixture", "vaegan", "vaegan, mixture", "cvaegan",
        "cvaegan, mixture", "real",
    ]  # fmt: skip
    assert quality[4][1:4] == [tables.NONE] * 3
    assert len(encoders) == 6
    assert quality[0][1:] == [
        "finished", "collapsed", "diverged", "class entropy ↑", "image entropy",
        "FID, classifier ↓", "coverage ↑", "sharpness",
    ]  # fmt: skip
    assert quality[1][1:5] == ["3", "1", "0", "2.210 ± 0.010"]
    assert quality[2][1:4] == ["2", "0", "1"]
    assert encoders[0][-2:] == ["MSE ↓", "inversion MSE ↓"]
    assert "IWAE, 10 samples ↓" in encoders[0]
    assert encoders[1] == ["gan", *([tables.NONE] * 6), "0.0130 ± 0.0010"]
    assert tables.NONE not in encoders[3]


def test_rows_of_other_protocols_stand_apart(text: str) -> None:
    halves = section(text, "Floors and ceilings").split("### ")[1]
    assert halves.startswith("`real_halves`: 25 images against 25\n")
    for table in tables_of(text):
        names = [line[0] for line in table[1:]]
        assert "real_halves" not in names or names == ["real_halves"]
    floors = tables_of(section(text, "Floors and ceilings"))[0]
    assert [line[0] for line in floors[1:]] == ["real", *(f"planted_{name}" for name in PLANTED)]


def test_a_table_refuses_rows_of_different_protocols(study: measurements.Study) -> None:
    rows = [row for row in summary.rows(study) if row.name in ("gan", "real_halves")]
    with pytest.raises(ValueError, match="different protocols"):
        tables.spreads(rows, ["recall"])


def test_a_table_too_wide_is_split_by_columns() -> None:
    header = ["", *(f"column {i} of a table" for i in range(9))]
    lines = [["row", *(str(i) for i in range(9))]]
    first, second = tables_of(tables.table(header, lines))
    assert first[0] + second[0][1:] == header
    assert first[1] + second[1][1:] == lines[0]
    assert second[1][0] == "row"


def test_columns_have_one_order_and_numbered_metrics_their_place() -> None:
    names = {"zeta", "peak_memory_mib", "iwae_nll_50", "class_entropy", "kl_nats", "active_units"}
    assert ordered(names) == [
        "class_entropy", "kl_nats", "iwae_nll_50", "active_units", "peak_memory_mib", "zeta",
    ]  # fmt: skip
    assert column("iwae_nll_50").head == "IWAE, 50 samples ↓"
    assert column("zeta").head == "zeta"
    assert set(EXPECTED) < set(COLUMNS)


def test_small_negative_numbers_are_not_minus_zero() -> None:
    assert column("recall").show(-0.0004) == "0.000"
    assert column("recall").show(-0.0006) == "-0.001"
    assert column("parameters").show(1234567.0) == "1,234,567"


def test_sampling_error_is_the_mean_of_the_seeds_ends(text: str) -> None:
    header, gan, *_ = tables_of(section(text, "Sampling error"))[0]
    assert gan[header.index("FID, classifier")] == f"[{0.98 * 71:.2f}, {1.04 * 71:.2f}]"


def test_selftest_shows_arrows_bold_where_demanded(study: measurements.Study, text: str) -> None:
    header, *lines = tables_of(section(text, "Planted faults"))[0]
    assert header == ["", *(fault.replace("_", " ") for fault in PLANTED), "unchanged"]
    cells = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    assert cells["class_entropy"]["one digit"] == "**↓**"
    assert cells["sharpness"]["noisy"] == "**↑**"
    assert cells["sharpness"]["copies"] == "·"
    assert {line[-1] for line in lines} == {"·"}
    table = faults.frame(study)
    assert list(table.columns) == list(faults.COLUMNS)
    assert len(table) == len(lines) * (len(PLANTED) + 1)


def test_a_demanded_fault_that_was_missed_is_bold_too(study: measurements.Study) -> None:
    missed = [{**entry, "seen": 0} for entry in study.selftest]
    shown = faults.text(measurements.Study(**{**vars(study), "selftest": missed}))
    assert "**·**" in shown
    assert "↓" not in shown


def row(name: str, **metrics: list[float]) -> Row:
    found = {
        metric: summary.spread({str(i): value for i, value in enumerate(values)})
        for metric, values in metrics.items()
    }
    return Row(name, found, 50, 50, {}, {}, finished=5, collapsed=0, diverged=0)


FEW, MANY = [1.0, 1.1, 0.9, 1.05, 0.95], [2.0, 2.1, 1.9, 2.05, 1.95]


@pytest.mark.parametrize(
    ("metric", "verdict"), [("fid_classifier", "better"), ("class_entropy", "worse")]
)
def test_verdicts_follow_the_metrics_direction(
    study: measurements.Study, metric: str, verdict: str
) -> None:
    rows = [row("gan", **{metric: FEW}), row("wgan", **{metric: MANY})]
    (found,) = verdicts.frame(study, rows).to_dict("records")
    assert (found["first"], found["second"], found["verdict"]) == ("gan", "wgan", verdict)
    assert found["difference"] == pytest.approx(-1.0, abs=1e-12)
    assert found["low"] < -1 < found["high"] < 0
    assert f"{-1:.{column(metric).digits}f}" in verdicts.text(study, rows)


def test_no_verdict_with_few_seeds_without_spread_of_zero_or_without_direction(
    study: measurements.Study,
) -> None:
    rows = [row("gan", recall=FEW[:3], sharpness=FEW), row("wgan", recall=MANY, sharpness=MANY)]
    (found,) = verdicts.frame(study, rows).to_dict("records")
    assert (found["metric"], found["verdict"]) == ("recall", "no verdict (3 seeds)")
    same = [row("gan", recall=FEW), row("wgan", recall=FEW[::-1])]
    assert list(verdicts.frame(study, same)["verdict"]) == ["no difference shown"]


def test_each_metric_is_a_family_of_its_own(study: measurements.Study) -> None:
    rows = [row(name, recall=FEW, precision=FEW) for name in ("gan", "wgan", "vae")]
    found = verdicts.frame(study, rows)
    assert list(found["metric"]) == ["precision"] * 3 + ["recall"] * 3
    alone = verdicts.frame(study, [row(r.name, recall=FEW) for r in rows])
    pd.testing.assert_frame_equal(found[3:].reset_index(drop=True), alone)


def test_elbos_of_different_likelihoods_are_not_compared(study: measurements.Study) -> None:
    rows = [row(name, negative_elbo=FEW) for name in ("vae", "vaegan", "cvaegan")]
    params = config.load(PARAMS)
    params["models"]["vaegan"]["likelihood"] = "gaussian"
    mixed = measurements.Study(**{**vars(study), "params": params})
    pairs = verdicts.frame(mixed, rows)[["first", "second"]].to_numpy().tolist()
    assert pairs == [["vae", "cvaegan"]]


def test_a_mixture_is_compared_with_its_own_model_seed_by_seed(study: measurements.Study) -> None:
    """And takes no part in the models' family."""
    models = [row(name, recall=[v + 3 * i for v in FEW]) for i, name in enumerate(("vae", "gan"))]
    changes = [0.10, 0.12, 0.11, 0.10, 0.12]
    sampled = [value + change for value, change in zip(FEW, changes, strict=True)]
    mixture = replace(row("vae, mixture", recall=sampled), finished=None, mixture_of="vae")
    found = verdicts.frame(study, [models[0], mixture, models[1]])
    assert found[["first", "second"]].to_numpy().tolist() == [
        ["vae", "gan"], ["vae, mixture", "vae"],
    ]  # fmt: skip
    pd.testing.assert_frame_equal(found[:1], verdicts.frame(study, models))
    paired = found.iloc[1]
    reach = stats.t.ppf(0.975, 4) * np.std(changes, ddof=1) / 5**0.5
    assert paired["difference"] == pytest.approx(0.11, abs=1e-12)
    assert (paired["low"], paired["high"]) == pytest.approx((0.11 - reach, 0.11 + reach), rel=1e-9)
    assert (paired["seeds"], paired["verdict"]) == (5, "better")


def test_models_with_one_finished_seed_are_named(tmp_path: Path) -> None:
    one = read(tmp_path, states={("vae", 0): "diverged", ("vae", 1): "diverged"})
    shown = verdicts.text(one, summary.rows(one))
    assert "Fewer than two finished seeds, so left out: vae." in shown
    assert "gan - vaegan" in shown
    assert "gan - vae " not in shown
