"""`docs/results.md`: generated from the committed claims and values, and up to date."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from ganvae.errors import UserError
from ganvae.papers.shared import claims, page, paper_page
from tests.project import ROOT
from tests.test_study_page import check

ROWS: list[dict[str, Any]] = [
    {
        "id": "collapse", "claim": "the GAN collapses", "section": "Fig. 1", "number": 0.0,
        "systems": ["gan"], "rule": {"below": {"left": "gan.class_entropy", "right": 0.5}},
        "note": "a|b", "question": 1,
    },
    {
        "id": "sizes", "claim": "other", "published": "GAN larger", "systems": ["gan", "vae"],
        "rule": {"larger": {"left": "gan.parameters", "right": "vae.parameters"}},
    },
]  # fmt: skip
VALUES = [("gan", "class_entropy", seed, 0.1 + seed / 100) for seed in range(3)]
VALUES += [("gan", "length", seed, 0.05) for seed in range(3)]
VALUES += [(system, "parameters", 0, size) for system, size in (("gan", 9.0), ("vae", 5.0))]
PROTOCOL = "its rate; trained in bf16; Keras's initial weights"
EARLIER = {
    "paper": "mi2018", "claim": "the GAN collapses (Fig. 1)", "systems": "mi2018_gan", "seeds": "3",
    "length": "0.05", "published": "0.0", "measured": "2.283 ± 0.010 nats",
    "protocol": "its rate then",
    "verdict": "does not hold", "question": "1",
}  # fmt: skip


def write(
    folder: Path, values: list[tuple[str, str, int, float]], *earlier: dict[str, str]
) -> Path:
    """One paper; returns the folder of its report."""
    blocks = {"gan": {"differs": "its rate", "train": {"precision": "bf16"}}, "vae": {}}
    networks = {"initialisation": "keras"}
    params = {
        "papers": {"mi2018": {"networks": networks}},
        "systems": {f"mi2018_{k}": v for k, v in blocks.items()},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    report = folder / "mi2018" / "report"
    report.mkdir(parents=True)
    claims.path("mi2018", folder).write_text(yaml.safe_dump({"claims": ROWS}))
    if values:
        table = pd.DataFrame(values, columns=["system", "quantity", "seed", "value"])
        table.to_csv(report / "values.csv", index=False)
    if earlier:
        pd.DataFrame(earlier).to_csv(report / "findings.csv", index=False)
    return report


def test_a_row_is_in_its_table_in_the_counts_and_in_its_answer(tmp_path: Path) -> None:
    report = write(tmp_path, VALUES)
    (report / "class_entropy.png").write_bytes(b"")
    systems = pd.DataFrame({"system": ["gan", "vae"], "seeds": 3, "collapsed": 2, "diverged": 1})
    systems.to_csv(report / "systems.csv", index=False)
    text = page.page(tmp_path)
    measured = "class entropy: gan 0.110 ± 0.010"
    assert f"The GAN collapses (Fig. 1) (mi2018): {measured}." in text
    assert "Claims on it: 1 (holds 1, does not hold 0, cannot tell 0)." in text
    assert "is too, or diverged:\n\n- mi2018: gan 3 of 4\n" in text
    assert "[mi2018/class_entropy](../papers/mi2018/report/class_entropy.png)" in text
    assert text.count("No report answers it yet.") == len(page.QUESTIONS) - 1
    assert "| mi2018 | 2 | 0 | 0 | 0 |" in text
    row = "| the GAN collapses (Fig. 1) | gan | 3 | 0.05 | 0.0 |"
    assert f"{row} {measured} | a\\|b; {PROTOCOL} | holds |" in text
    assert "![class entropy](../papers/mi2018/report/class_entropy.png)" in text
    assert "[values.csv](../papers/mi2018/report/values.csv)" in text
    assert "Without a report yet: battineedi2023, ghosh2020" in text


def with_initial_weights(folder: Path) -> Path:
    """A paper with both starts, three seeds each, one of which diverged; its table."""
    write(folder, VALUES)
    common = {"system": "mi2018_gan", "step": 2000, "share": 0.9, "deviation": 0.25}
    rows = [
        {"initialisation": start, "seed": seed, "state": "finished", "collapsed": start == "torch",
         "class_entropy": entropy + seed / 100, "digit": digit, "fid_classifier": 100.0 + seed,
         **common}
        for start, digit, entropy in (("torch", 4, 0.1), ("keras", 1, 1.1)) for seed in range(3)
    ]  # fmt: skip
    lost = ("collapsed", "class_entropy", "digit", "share", "deviation", "fid_classifier")
    rows[0] |= {"state": "diverged", **dict.fromkeys(lost)}
    file = folder / "mi2018" / "initial_weights" / "seeds.csv"
    file.parent.mkdir()
    pd.DataFrame(rows).to_csv(file, index=False)
    course = [{**row, "step": step, "class_entropy": entropy} for row in rows
              for step, entropy in ((1, 0.0), (500, 1.5 + row["seed"] / 10))]  # fmt: skip
    pd.DataFrame(course).to_csv(file.with_name("course.csv"), index=False)
    return file


def test_both_starts_stand_beside_each_other(tmp_path: Path) -> None:
    with_initial_weights(tmp_path)
    text = page.page(tmp_path)
    assert (
        "| mi2018_gan | torch | 2 of 3 | 2 of 2 | 2,000 | 1.650 ± 0.071 | 0.115 ± 0.007 | 4, 4 |"
        " 0.900 ± 0.000 |" in text
    )
    assert "| keras | 3 of 3 | 0 of 3 | 2,000 | 1.600 ± 0.100 | 1.110 ± 0.010 | 1, 1, 1 |" in text
    line = "- class entropy at its end, Keras's start less torch's, interval "
    line += "[by the project's standard]"
    assert f"{line}(metrics.md#uncertainty): mi2018 +0.995 [+0.97" in text
    assert "- FID, classifier, Keras's start less torch's" in text
    assert "mi2018 -0.50 [" in text
    assert "(../papers/mi2018/initial_weights/samples.png)" in text


def test_one_seed_a_start_is_no_difference(tmp_path: Path) -> None:
    file = with_initial_weights(tmp_path)
    table = pd.read_csv(file)
    table[table["seed"] == 1].to_csv(file, index=False)
    text = page.page(tmp_path)
    assert "| mi2018_gan | torch | 1 of 1 |" in text
    assert "Keras's start less torch's" not in text


@pytest.mark.parametrize(
    ("column", "value"),
    [("initialisation", "Torch"), ("state", "Finished"), ("seed", 1), ("step", None),
     ("class_entropy", None), ("digit", None), ("collapsed", None), ("system", "other")],
)  # fmt: skip
def test_a_damaged_table_of_initial_weights_is_refused(
    tmp_path: Path, column: str, value: Any
) -> None:
    file = with_initial_weights(tmp_path)
    table = pd.read_csv(file).astype(object)
    table.loc[2, column] = value
    table.to_csv(file, index=False)
    with pytest.raises(UserError, match=r"mi2018/initial_weights/seeds\.csv: "):
        page.page(tmp_path)


def test_a_row_whose_values_were_not_kept_shows_the_earlier_verdict(tmp_path: Path) -> None:
    write(tmp_path, VALUES[3:], EARLIER)
    text = page.page(tmp_path)
    assert (
        "| 2.283 ± 0.010 nats | its rate then | does not hold (judged by an earlier rule) |" in text
    )
    assert "| mi2018 | 1 | 1 | 0 | 0 |" in text, "the other has its values"


def test_a_row_that_was_measured_is_judged_anew(tmp_path: Path) -> None:
    write(tmp_path, VALUES, EARLIER)
    assert "judged by an earlier rule" not in page.page(tmp_path).partition("## mi2018")[2]


def test_without_an_earlier_report_what_is_missing_is_said(tmp_path: Path) -> None:
    write(tmp_path, VALUES[3:])
    assert "| cannot tell: not measured: gan.class_entropy |" in page.page(tmp_path)


def test_the_page_names_the_devices_of_the_trainings(tmp_path: Path) -> None:
    report = write(tmp_path, VALUES)
    systems = pd.DataFrame({"system": ["gan", "vae"], "device": ["cuda: H200", "cpu: EPYC"]})
    systems.to_csv(report / "systems.csv", index=False)
    assert "Trained on cpu: EPYC (vae); cuda: H200 (gan).\n" in page.page(tmp_path)
    systems.assign(device="cpu: EPYC").to_csv(report / "systems.csv", index=False)
    assert "Trained on cpu: EPYC.\n" in page.page(tmp_path)


def test_no_report_and_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no report yet"):
        page.page(tmp_path)
    report = write(tmp_path, [])
    (report / "values.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"values\.csv: no column system, quantity, seed, value"):
        page.page(tmp_path)


def test_the_committed_page_is_what_the_committed_tables_say() -> None:
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == page.page(ROOT / "papers")


# One paper's page


def test_a_papers_page_has_its_claims_by_verdict_and_its_figures(tmp_path: Path) -> None:
    report = write(tmp_path, VALUES)
    systems = pd.DataFrame({"system": ["gan"], "device": ["cpu: <EPYC>"]})
    systems.to_csv(report / "systems.csv", index=False)
    (report / "class_entropy.png").write_bytes(b"an image")
    text = paper_page.render(tmp_path, "mi2018")
    assert text
    page_read = check(text)
    assert "Trained on cpu: <EPYC>." in page_read.words
    assert "2 holds" in page_read.words
    assert "What does not" not in page_read.words
    measured = "class entropy: gan 0.110 ± 0.010"
    assert f"0.0 {measured} a|b; {PROTOCOL} holds" in page_read.words
    (figure,) = page_read.of("img")
    assert figure["alt"] == "class entropy, of mi2018"
    assert not page_read.of("script")
    assert paper_page.render(tmp_path, "ghosh2020") is None
