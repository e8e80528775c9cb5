"""Stage compare: all tables and figures; it only reads what training and evaluation measured.

Reads `data/models/`, `data/evaluation/`, `metrics/classifier.json`, `params.yaml`.
Writes `metrics/comparison.csv`, `.json`, `.md`, `.tex`, `metrics/differences.csv`,
`metrics/selftest.csv`, `plots/*.csv` for `dvc plots`, `plots/captions.md`, and the figures in
`plots/` in each format of `figures.formats`.
"""

from pathlib import Path

import pandas as pd

from ganvae.comparison import (
    captions,
    curves,
    faults,
    markdown,
    measurements,
    pictures,
    sections,
    summary,
    tex,
    verdicts,
)
from ganvae.comparison.measurements import Study
from ganvae.comparison.summary import Row
from ganvae.core import config, storage
from ganvae.errors import UserError, run
from ganvae.figures import style
from ganvae.figures.params import FiguresParams
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments

METRICS = Path("metrics")
PLOTS = Path("plots")
READ = (Path("data/models"), Path("data/evaluation"), METRICS / "classifier.json")


def main() -> None:
    """Computes everything before the first file is written."""
    arguments(__file__, __doc__)
    if folders := [str(path) for path in PLOTS.glob("*") if path.is_dir()]:
        raise UserError(f"{', '.join(folders)}: a folder where only figures belong; move it away")
    read = [*edits.sources(Path(__file__)), config.PARAMS_FILE, *READ]
    with edits.unedited(read), style.defaults():
        study = measurements.read(config.load())
        rows = summary.rows(study)
        files = {**_metrics(study, rows), **_plots(study)}
    for path, content in files.items():
        storage.write_bytes(path, content)
    for path in PLOTS.iterdir():
        if path not in files:  # of an earlier version: DVC does not clear the folder
            path.unlink()
    print(f"{METRICS / 'comparison.md'}: {len(rows)} rows; figures in {PLOTS}")


def _metrics(study: Study, rows: list[Row]) -> dict[Path, bytes]:
    found = verdicts.frame(study, rows)
    parts = sections.sections(study, rows, found)
    tables = {
        "comparison": summary.frame(rows),
        "differences": found,
        "selftest": faults.frame(study),
    }
    files = {METRICS / f"{name}.csv": _csv(table) for name, table in tables.items()}
    files[METRICS / "comparison.json"] = storage.json_bytes(summary.document(study, rows))
    files[METRICS / "comparison.md"] = markdown.render(study, parts).encode()
    files[METRICS / "comparison.tex"] = tex.render(parts).encode()
    return files


def _plots(study: Study) -> dict[Path, bytes]:
    params = config.block(FiguresParams, study.params, "figures")
    files = {PLOTS / f"{name}.csv": _csv(table) for name, table in curves.tables(study).items()}
    files[PLOTS / "captions.md"] = captions.text(study).encode()
    for name, draw in pictures.draw(study, params.dpi).items():  # one figure is held at a time
        figure = draw()
        for kind in [kind for kind in style.FORMATS if kind in params.formats]:
            files[PLOTS / f"{name}.{kind}"] = style.FORMATS[kind](figure)
    return files


def _csv(table: pd.DataFrame) -> bytes:
    text: str = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    return text.encode()


if __name__ == "__main__":
    run(main)
