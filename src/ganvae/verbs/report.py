"""The report of a study or of a paper, as one HTML file wherever it is wanted."""

from contextlib import chdir
from pathlib import Path

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.pages import study as study_page
from ganvae.papers.shared import page, paper_page
from ganvae.verbs import images


def report(out: str | Path, paper: str | None = None, study: str | Path = ".") -> Path:
    """Writes a report, made anew from what was measured: docs/report.md.

    Args:
        out: the file, whose name ends in `.html`.
        paper: the report of this source paper, such as mi2018; None is that of the study.
        study: the repository, or the folder of another study, such as `.demo`.

    Returns:
        `out`.

    Raises:
        UserError: there is no such paper or study, a result is missing or damaged, `out` cannot be
            written; nothing has been.
    """
    path = Path(out)
    if path.suffix.lower() != ".html":
        raise UserError(f"{out}: a name that ends in .html expected")
    images.check_writable(path)
    if not Path(study).is_dir():
        raise UserError(f"{study}: no such folder")
    path = path.absolute()
    with chdir(study):
        text = study_page.of_folder() if paper is None else _of_paper(paper)
    storage.write_text(path, text)
    return Path(out)


def _of_paper(paper: str) -> str:
    if paper not in page.TITLES:
        raise UserError(f"{paper}: no source paper; there are {', '.join(page.TITLES)}")
    text = paper_page.render(config.PAPERS, paper)
    if text is None:
        raise UserError(f"{paper}: no report yet: run `make paper PAPER={paper}`")
    return text
