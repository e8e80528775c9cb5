"""The report of one paper: `python -m stages.paper_report <paper> [<system>...]`.

Reads papers/data/<paper>/, the papers' images, papers/params.yaml and papers/<paper>/claims.yaml,
for mi2018 its maps and for parakatta2023 the main study's metrics/comparison.json too; writes
values.csv, further tables and figures to papers/<paper>/report/, all or nothing.

With names of systems, experiments or maps, without the paper's, it looks at these alone: their
values and rows are written anew, and what shows no other; all else stays as it is there, also the
values of times and memory, as they were measured on one machine.
"""

import importlib
import shutil
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import pandas as pd

from ganvae.core import storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import UserError, run
from ganvae.figures import style
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.papers.shared import claims, values, verdicts
from ganvae.papers.shared.page import TITLES
from ganvae.papers.shared.results import NotAskedError, Report, Results
from ganvae.papers.shared.tables import read_table


def main() -> None:
    known = "|".join(TITLES)
    paper, *only = arguments(__file__, __doc__, f"<{known}>", "[<system>...]")
    if paper not in TITLES:
        raise UserError(f"usage: python -m stages.paper_report <{known}> [<system>...]")
    out = PAPERS / paper / "report"
    module = importlib.import_module(f"ganvae.papers.{paper}.report")
    code = edits.sources(Path(__file__), Path(str(module.__file__)))
    code += edits.package("models", "networks", f"papers/{paper}")
    data = [PAPERS / paper / "claims.yaml", PAPERS / "data" / paper, PAPERS / "data" / "mnist"]
    # mi2018's tables that Git keeps, and the main study, with which parakatta2023 compares
    beside = [PAPERS / paper / "maps", Path("metrics/comparison.json")]
    with (
        storage.whole_folder(out) as written,
        edits.unedited([*code, PAPERS_FILE, *data, *beside]),
        style.defaults(),
    ):
        results, rows = Results(paper, only), claims.read(paper)
        if only and out.exists():
            shutil.copytree(out, written, dirs_exist_ok=True)
        earlier = values.read(file) if (file := written / "values.csv").exists() else {}
        found = values.collect(results, verdicts.needs(paper, rows), earlier)
        storage.write_text(file, values.text(found))
        write(module.report(results, rows), results, written)
    kept = values.read(out / "values.csv")
    counts = Counter(judged.verdict for judged in verdicts.tell(paper, rows, kept).values())
    print(f"{out}: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def write(report: Report, results: Results, folder: Path) -> None:
    """Writes its tables and figures; a report of some systems leaves what shows others too."""
    if results.asked:
        for stem, make in report.systems.items():
            path = folder / f"{stem}.csv"
            storage.write_text(path, csv(joined(path, make(), results.asked)))
    for stem, make in report.tables.items():
        with suppress(NotAskedError):
            storage.write_text(folder / f"{stem}.csv", csv(make()))
    for stem, draw in report.figures.items():
        with suppress(NotAskedError):
            storage.write_bytes(folder / f"{stem}.png", style.to_png(draw()))


def joined(path: Path, table: pd.DataFrame, asked: Collection[str]) -> pd.DataFrame:
    """These rows, and an earlier table's of systems that were not asked for, in its order."""
    if not path.exists():
        return table
    earlier = read_table(path, ("system",))
    if table.empty:
        return earlier[~earlier["system"].isin(asked)]
    order = list(dict.fromkeys([*earlier["system"], *table["system"]]))
    others = earlier[~earlier["system"].isin([*asked, *table["system"]])]
    both = pd.concat([others.dropna(axis="columns", how="all"), table])
    both = both[[*table, *both.columns.difference(list(table), sort=False)]]
    return both.sort_values("system", key=lambda of: of.map(order.index), kind="stable")


def csv(table: pd.DataFrame) -> str:
    """The content of a table's file."""
    text: str = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return text


if __name__ == "__main__":
    run(main)
