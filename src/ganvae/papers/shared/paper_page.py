"""One paper's report as an HTML page of one file: its claims by their verdicts, and its figures."""

from pathlib import Path

from ganvae.comparison.tables import table
from ganvae.pages import html
from ganvae.pages.html import Figure
from ganvae.papers.shared import page


def render(folder: Path, paper: str) -> str | None:
    """The page of a paper.

    Args:
        folder: `papers/`.
        paper: a key of `page.TITLES`.

    Returns:
        None where the paper has no report yet.

    Raises:
        UserError: a file is of another form.
    """
    claims = page.read(folder, paper)
    if claims is None:
        return None
    report = folder / paper / "report"
    groups = {verdict: claims[claims["outcome"] == verdict] for verdict in page.LEADS}
    tables = {
        page.LEADS[verdict]: table(page.SHOWN, rows[page.SHOWN].to_numpy().tolist(), numbers=False)
        for verdict, rows in groups.items()
        if len(rows)
    }
    return html.render(
        "paper.html",
        title=f"{paper}: {page.TITLES[paper]}",
        counts=[(verdict, str(len(rows))) for verdict, rows in groups.items()],
        introduction=page.devices(report),
        tables=tables,
        figures=[_figure(path, paper) for path in sorted(report.glob("*.png"))],
    )


def _figure(path: Path, paper: str) -> Figure:
    name = path.stem.replace("_", " ")
    return Figure(path.stem, html.embedded(path), f"{name}, of {paper}", name.capitalize())
