"""`docs/results.md`: generated from the committed tables, and up to date."""

from pathlib import Path

import pandas as pd
import pytest

from ganvae.errors import UserError
from ganvae.papers.shared import page
from ganvae.papers.shared.findings import COLUMNS
from tests.project import ROOT

ROW = {
    "paper": "mi2018", "claim": "the GAN collapses", "systems": "mi2018_gan", "published": "0.0",
    "measured": "2.283 ± 0.010 nats", "seeds": "3", "length": "0.05", "protocol": "a|b",
    "verdict": "cannot tell", "question": "1",
}  # fmt: skip


def write(folder: Path, *rows: dict[str, str]) -> None:
    (folder / "mi2018").mkdir(parents=True)
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.to_csv(folder / "mi2018" / "findings.csv", index=False)


def test_a_row_is_in_its_table_in_the_counts_and_in_its_answer(tmp_path: Path) -> None:
    write(tmp_path, ROW, {**ROW, "claim": "other", "question": "", "verdict": "holds"})
    (tmp_path / "mi2018" / "class_entropy.png").write_bytes(b"")
    systems = pd.DataFrame({"system": ["gan", "vae"], "seeds": 3, "collapsed": 2, "diverged": 1})
    systems.to_csv(tmp_path / "mi2018" / "systems.csv", index=False)
    text = page.page(tmp_path)
    assert "The GAN collapses (mi2018): 2.283 ± 0.010 nats." in text
    assert "Claims on it: 1 (holds 0, does not hold 0, cannot tell 1)." in text
    assert "is too, or diverged: mi2018 gan 3 of 4." in text
    assert "Figures: [mi2018/class_entropy](../papers/mi2018/class_entropy.png)" in text
    assert text.count("No report answers it yet.") == len(page.QUESTIONS) - 1
    assert "| mi2018 | 1 | 0 | 1 | 0 |" in text
    assert "| a\\|b | cannot tell |" in text
    assert "![class entropy](../papers/mi2018/class_entropy.png)" in text
    assert "Without a report yet: battineedi2023, ghosh2020" in text


def test_the_page_names_the_devices_of_the_trainings(tmp_path: Path) -> None:
    write(tmp_path, ROW)
    systems = pd.DataFrame({"system": ["gan", "vae"], "device": ["cuda: H200", "cpu: EPYC"]})
    systems.to_csv(tmp_path / "mi2018" / "systems.csv", index=False)
    assert "Trained on cpu: EPYC (vae); cuda: H200 (gan).\n" in page.page(tmp_path)
    systems.assign(device="cpu: EPYC").to_csv(tmp_path / "mi2018" / "systems.csv", index=False)
    assert "Trained on cpu: EPYC.\n" in page.page(tmp_path)


def test_no_report_and_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no report yet; run dvc repro papers/dvc\.yaml"):
        page.page(tmp_path)
    (tmp_path / "mi2018").mkdir()
    (tmp_path / "mi2018" / "findings.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"findings.csv: columns \['a', 'b'\]"):
        page.page(tmp_path)


def test_the_committed_page_is_what_the_committed_tables_say() -> None:
    if not any((ROOT / "papers" / paper / "findings.csv").exists() for paper in page.PAPERS):
        assert not (ROOT / "docs" / "results.md").exists()
        return
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == page.page(ROOT / "papers")
