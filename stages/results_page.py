"""The papers' pages from their committed tables and figures: `python -m stages.results_page`.

Writes docs/results.md, and reports/<paper>.html for each paper that has a report.
"""

from pathlib import Path

from ganvae.core import storage
from ganvae.core.config import PAPERS
from ganvae.errors import run
from ganvae.jobs.arguments import arguments
from ganvae.papers.shared import page, paper_page

PAGE = Path("docs/results.md")
REPORTS = Path("reports")


def main() -> None:
    arguments(__file__, __doc__)
    page.write(PAPERS, PAGE)
    print(PAGE)
    for paper in page.TITLES:
        text = paper_page.render(PAPERS, paper)
        if text is not None:
            storage.write_text(REPORTS / f"{paper}.html", text)
            print(REPORTS / f"{paper}.html")


if __name__ == "__main__":
    run(main)
