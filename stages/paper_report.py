"""The report of one paper: `python -m stages.paper_report <paper>`.

Reads papers/data/<paper>/, the papers' images, papers/params.yaml and papers/<paper>/claims.yaml,
for mi2018 its maps and for parakatta2023 the main study's metrics/comparison.json too; writes
values.csv, further tables and figures to papers/<paper>/report/, all or nothing.
"""

import importlib
from collections import Counter
from pathlib import Path

from ganvae.core import storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import UserError, run
from ganvae.figures import style
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.papers.shared import claims, values, verdicts
from ganvae.papers.shared.page import TITLES
from ganvae.papers.shared.results import Results


def main() -> None:
    known = "|".join(TITLES)
    (paper,) = arguments(__file__, __doc__, f"<{known}>")
    if paper not in TITLES:
        raise UserError(f"usage: python -m stages.paper_report <{known}>")
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
        results, rows = Results(paper), claims.read(paper)
        found = values.collect(results, verdicts.needs(paper, rows))
        report = module.report(results, rows)
        storage.write_text(written / "values.csv", values.text(found))
        for stem, table in report.tables.items():
            text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
            storage.write_text(written / f"{stem}.csv", text)
        for stem, figure in report.figures.items():
            storage.write_bytes(written / f"{stem}.png", style.to_png(figure))
    counts = Counter(judged.verdict for judged in verdicts.tell(paper, rows, found).values())
    print(f"{out}: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


if __name__ == "__main__":
    run(main)
