"""The comparison's tables: their form, what stands in which, verdicts and the self-test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ganvae.comparison import (
    faults,
    markdown,
    measurements,
    sections,
    summary,
    tables,
    tex,
    verdicts,
    words,
)
from ganvae.comparison.columns import COLUMNS, column, ordered
from ganvae.comparison.sections import Section
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


def content(study: measurements.Study) -> list[Section]:
    rows = summary.rows(study)
    return sections.sections(study, rows, verdicts.frame(study, rows))


@pytest.fixture(scope="module")
def text(study: measurements.Study) -> str:
    return markdown.render(study, content(study))


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
    text = markdown.render(study, content(study))
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
    first, second = tables_of(markdown.text([tables.table(header, lines)]))
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
    shown = markdown.text(faults.parts(measurements.Study(**{**vars(study), "selftest": missed})))
    assert "**·**" in shown
    assert "↓" not in shown


def test_what_was_missed_or_moved_is_named_below_the_table(study: measurements.Study) -> None:
    told = {("recall", "blob"): "not seen", ("modes", "unchanged"): "moved"}
    entries = [
        {**entry, "told": told.get((entry["metric"], entry["fault"]), entry["told"])}
        for entry in study.selftest
    ]
    shown = markdown.text(faults.parts(measurements.Study(**{**vars(study), "selftest": entries})))
    assert "**Failed" not in markdown.text(faults.parts(study))
    assert "say less on these images:** modes (unchanged: moved), recall (blob: not seen)." in shown


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
    frame = verdicts.frame(study, rows)
    (found,) = frame.to_dict("records")
    assert (found["first"], found["second"], found["verdict"]) == ("gan", "wgan", verdict)
    assert found["difference"] == pytest.approx(-1.0, abs=1e-12)
    assert found["low"] < -1 < found["high"] < 0
    assert f"{-1:.{column(metric).digits}f}" in markdown.text(verdicts.parts(rows, frame))


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
    rows = summary.rows(one)
    shown = markdown.text(verdicts.parts(rows, verdicts.frame(one, rows)))
    assert "Fewer than two finished seeds, so left out: vae." in shown
    assert "gan - vaegan" in shown
    assert "gan - vae " not in shown


# What is said and marked to be best


LEAST = [0.5, 0.6, 0.4, 0.55, 0.45]


def said(study: measurements.Study, *rows: Row) -> str:
    """The sentences on the Frechet distance and on verdicts that are missing."""
    every = words.sentences(study, rows, verdicts.frame(study, rows))
    return "\n".join(s for s in every if s.startswith(("**FID", "**No verdict")))


def test_a_model_is_best_only_where_it_is_shown_to_be(study: measurements.Study) -> None:
    rows = [row(n, fid_classifier=v) for n, v in (("gan", LEAST), ("vae", FEW), ("wgan", MANY))]
    assert verdicts.best(verdicts.frame(study, rows), rows) == {("gan", "fid_classifier")}
    assert said(study, *rows) == (
        "**FID, classifier**: the lowest mean is that of gan, 0.50 ± 0.08; it is better than every "
        "other model; wgan is worse than every other."
    )
    near = [*rows, row("vaegan", fid_classifier=[v + 0.01 for v in LEAST])]
    assert not verdicts.best(verdicts.frame(study, near), near)
    assert (
        "it is better than vae and wgan; no difference from vaegan is shown; wgan is worse than "
        "every other" in said(study, *near)
    )


def test_few_seeds_have_no_verdict_in_words_either(study: measurements.Study) -> None:
    rows = [replace(row(name, fid_classifier=v[:4]), finished=4) for name, v in
            (("gan", FEW), ("vae", MANY))]  # fmt: skip
    text = said(study, *rows)
    assert "better than" not in text
    assert "worse than" not in text
    assert "no difference" not in text, "nothing was told apart"
    assert "each model has 4" in text
    assert words.standing(rows, verdicts.frame(study, rows)) is None
    alone = [row("gan", fid_classifier=FEW), replace(row("vae", fid_classifier=[9.0]), finished=1)]
    assert not verdicts.best(verdicts.frame(study, alone), alone)
    assert "vae has 1." in said(study, *alone)


def test_the_standing_counts_what_the_verdicts_say(study: measurements.Study) -> None:
    rows = [row(n, recall=v) for n, v in (("gan", LEAST), ("vae", FEW), ("wgan", MANY))]
    rows += [row("vaegan", coverage=FEW)]
    table = words.standing(rows, verdicts.frame(study, rows))
    assert table
    (line,) = [[cell.text for cell in line] for line in table.lines]
    assert table.header == ["", "gan", "vae", "wgan", "vaegan"]
    assert line == ["recall ↑", "−2", "+1 −1", "+2", tables.NONE]  # noqa: RUF001


def test_of_different_likelihoods_no_bound_is_the_lowest(study: measurements.Study) -> None:
    rows = [row(n, negative_elbo=v) for n, v in (("vae", FEW), ("vaegan", MANY))]
    alike = words.sentences(study, rows, verdicts.frame(study, rows))
    assert any(s.startswith("**-ELBO**: the lowest mean is that of vae,") for s in alike)
    params = config.load(PARAMS)
    params["models"]["vaegan"]["likelihood"] = "gaussian"
    mixed = measurements.Study(**{**vars(study), "params": params})
    assert not any("-ELBO" in s for s in words.sentences(mixed, rows, verdicts.frame(mixed, rows)))


def test_every_seed_that_went_wrong_is_said(study: measurements.Study) -> None:
    rows = summary.rows(study)
    first, *_ = words.sentences(study, rows, verdicts.frame(study, rows))
    assert first == (
        "**Trainings**: 15, 5 models; 1 collapsed (gan seed 1) and 1 diverged (wgan seed 2)."
    )


# For a paper


def test_latex_has_the_tables_and_marks_the_best(study: measurements.Study) -> None:
    rows = [row(n, recall=v) for n, v in (("a_b", MANY), ("vae", FEW))]
    best = verdicts.best(verdicts.frame(study, rows), rows)
    shown = tables.spreads(rows, ["recall", "negative_elbo"], fates=True, best=best)
    text = tex.render([Section(sections.GENERATED_IMAGES, [shown, "50 % of `x_y`, -ELBO"])])
    assert r"\textbf{2.000 $\pm$ 0.079}" in text
    assert text.count(r"\textbf") == 1
    assert r"a\_b & 5 & 0 & 0 & \textbf" in text
    assert r"50 \% of \texttt{x\_y}, $-$ELBO" in text
    assert "Bold: shown to be better" in text


def test_every_line_of_latex_has_as_many_cells_as_columns(study: measurements.Study) -> None:
    text = tex.render(content(study))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == len(tex.LABELS)
    assert text.isascii()
    for tabular in text.split(r"\begin{tabular}{")[1:]:
        columns, body = tabular.split("}\n", 1)
        lines = [line for line in body.split(r"\bottomrule")[0].splitlines() if line[0] != "\\"]
        assert len(lines) > 3
        assert {line.replace(r"\&", "").count("&") for line in lines} == {len(columns) - 1}
    assert r"\textbf" not in text, "three seeds show nothing"
    assert r" & \shortstack[r]{class\\entropy~$\uparrow$} & " in text
