"""Stage compare: all tables and figures; it only reads what training and evaluation measured.

Reads `data/models/`, `data/evaluation/`, `metrics/classifier.json`, `params.yaml`.
Writes `metrics/comparison.csv`, `.json`, `.md`, `metrics/differences.csv`, `metrics/selftest.csv`,
`plots/*.csv` for `dvc plots`, `plots/*.png`.
"""

from pathlib import Path

import pandas as pd

from ganvae.comparison import curves, faults, markdown, measurements, pictures, summary, verdicts
from ganvae.core import config, storage
from ganvae.errors import UserError, run
from ganvae.figures import style
from ganvae.figures.params import FiguresParams

METRICS = Path("metrics")
PLOTS = Path("plots")


def main() -> None:
    """Computes everything before the first file is written, the figures apart."""
    if folders := [str(path) for path in PLOTS.glob("*") if path.is_dir()]:
        raise UserError(f"{', '.join(folders)}: a folder where only figures belong; move it away")
    params = config.load()
    figures = config.block(FiguresParams, params, "figures")
    study = measurements.read(params)
    rows = summary.rows(study)
    document = summary.document(study, rows)
    text = markdown.render(study, rows)
    metrics = {
        "comparison": summary.frame(rows),
        "differences": verdicts.frame(study, rows),
        "selftest": faults.frame(study),
    }

    for name, table in metrics.items():
        storage.write_text(METRICS / f"{name}.csv", _csv(table))
    storage.write_json(METRICS / "comparison.json", document)
    storage.write_text(METRICS / "comparison.md", text)
    tables, drawings = curves.tables(study), pictures.draw(study, figures.dpi)
    for name, table in tables.items():
        storage.write_text(PLOTS / f"{name}.csv", _csv(table))
    for name, draw in drawings.items():
        storage.write_bytes(PLOTS / f"{name}.png", style.to_png(draw()))
    written = {*(f"{name}.csv" for name in tables), *(f"{name}.png" for name in drawings)}
    for path in PLOTS.iterdir():
        if path.name not in written:  # of an earlier version: DVC does not clear the folder
            path.unlink()
    print(f"{METRICS / 'comparison.md'}: {len(rows)} rows; figures in {PLOTS}")


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.8g", lineterminator="\n")


if __name__ == "__main__":
    run(main)
