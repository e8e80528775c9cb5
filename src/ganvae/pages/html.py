"""HTML pages that are one file: nothing in them comes from elsewhere, and all text is escaped."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from ganvae.comparison.tables import Table
from ganvae.errors import UserError

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "style.css"
KINDS = {".png": "image/png", ".svg": "image/svg+xml"}
FIGURE = re.compile(r"plots/(\w+)\.png")
# of Markdown only what the comparison's texts have: no link and no image, whatever a name is
_MARKDOWN = MarkdownIt("zero").enable(["backticks", "emphasis", "list", "escape", "newline"])


@dataclass(frozen=True)
class Figure:
    """A figure inside a page.

    Attributes:
        stem: of its file; its name on the page.
        source: the image as a data URI.
        alt: what it is, in place of the image.
        caption: its sentence.
    """

    stem: str
    source: str
    alt: str
    caption: str


def render(template: str, *, script: str | None = None, **content: Any) -> str:
    """A template's page.

    Args:
        template: its file in `TEMPLATES`.
        script: a file there that is put into the page; no other script runs in it.
        content: what the template shows; strings are escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown, "inline": inline, "anchor": anchor}
    environment.tests["table"] = lambda part: isinstance(part, Table)
    code = (TEMPLATES / script).read_text(encoding="utf-8") if script else ""
    return environment.get_template(template).render(
        style=Markup((TEMPLATES / STYLE).read_text(encoding="utf-8")),
        script=Markup(code),
        policy=_policy(code),
        **content,
    )


def _policy(script: str) -> str:
    """The content security policy: nothing from elsewhere, and of scripts this one alone."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"


def markdown(text: str) -> Markup:
    """Paragraphs and lists of a text in Markdown; a named figure is where it stands on the page."""
    rendered = FIGURE.sub(_link, _MARKDOWN.render(text))
    return Markup(rendered)


def _link(found: re.Match[str]) -> str:
    return f'<a href="#figure-{anchor(found[1])}">{found[0]}</a>'


def inline(text: str) -> Markup:
    """The same without a paragraph around it."""
    return Markup(_MARKDOWN.renderInline(text))


def anchor(title: str) -> str:
    """A heading's name in an address."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def data_uri(content: bytes, suffix: str = ".png") -> str:
    """An image inside the page."""
    return f"data:{KINDS[suffix]};base64,{base64.b64encode(content).decode()}"


def embedded(path: Path) -> str:
    """A file's image inside the page. Raises `UserError` if there is none."""
    try:
        return data_uri(path.read_bytes(), path.suffix)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file: run `dvc repro`") from None
