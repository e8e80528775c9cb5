"""The report of one paper: `python -m stages.report <paper>`.

Reads data/papers/<paper>/, the papers' images and papers/params.yaml, for parakatta2023 the main
study's metrics/comparison.json too; writes findings.csv, further tables and figures to
papers/<paper>/, all or nothing.
"""

import importlib
import shutil
import sys
from pathlib import Path

from ganvae.core import storage
from ganvae.errors import UserError, run
from ganvae.figures.style import to_png
from ganvae.papers.shared import findings
from ganvae.papers.shared.results import Results

PAPERS = ("mi2018", "battineedi2023", "ghosh2020", "tikayyolla2020", "parakatta2023")


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in PAPERS:
        raise UserError(f"usage: python -m stages.report <{'|'.join(PAPERS)}>")
    paper = sys.argv[1]
    report: findings.Report = importlib.import_module(f"ganvae.papers.{paper}").report(
        Results(paper)
    )
    tables = {"findings": findings.table(paper, report.findings), **report.tables}
    written = storage.temporary(Path(".cache") / f"report-{paper}")
    try:
        for stem, table in tables.items():
            text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
            storage.write_text(written / f"{stem}.csv", text)
        for stem, figure in report.figures.items():
            storage.write_bytes(written / f"{stem}.png", to_png(figure))
        storage.replace_folder(written, Path("papers") / paper)
    finally:
        shutil.rmtree(written, ignore_errors=True)
    verdicts = tables["findings"]["verdict"].value_counts()
    print(
        f"papers/{paper}: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    )


if __name__ == "__main__":
    run(main)
