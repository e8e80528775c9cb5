"""Writes docs/results.md from the papers' committed tables: `python -m stages.results_page`."""

from pathlib import Path

from ganvae.errors import run
from ganvae.papers.shared import page

PAGE = Path("docs/results.md")


def main() -> None:
    page.write(Path("papers"), PAGE)
    print(PAGE)


if __name__ == "__main__":
    run(main)
