"""The report of a study in Chromium, as a reader opens it: from a file, on a phone, on paper.

Needs Chromium and the extra `browser` (playwright without its own browsers, axe-core); skipped
where one of them is missing.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import made_pages

pytestmark = pytest.mark.browser
ASKED = 'pip install -e ".[browser]"'
playwright = pytest.importorskip("playwright.sync_api", reason=f"no playwright: {ASKED}")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=f"no axe-core: {ASKED}")

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 120_000  # milliseconds, on a machine that is busy with other tests


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium: none of {', '.join(NAMES)} is on PATH")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All five models, one of whose seeds collapsed and one diverged."""
    root = tmp_path_factory.mktemp("browser")
    text = made_pages.write(root, models=("gan", "wgan", "vae", "vaegan", "cvaegan"), seeds=5)
    path = root / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def faults() -> list[str]:
    """What the browser had to say while a page was open."""
    return []


def shown(browser: Any, file: Path, faults: list[str], width: int = 1400, **options: Any) -> Any:
    """The page in a window of this width; its faults are written down."""
    page = browser.new_page(viewport={"width": width, "height": 844}, **options)
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if not local(request) else None)
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url[:80]}"))
    page.goto(file.as_uri())
    return page


def local(request: Any) -> bool:
    return bool(request.url.startswith(("file:", "data:")))


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(
    browser: Any, file: Path, faults: list[str], width: int, scheme: str
) -> None:
    """axe-core looks at contrast, headings, names of what is operated, alternative texts."""
    page = shown(browser, file, faults, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(i => i.hidden || i.naturalWidth > 0)")
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert not faults
    page.close()


def views(page: Any) -> list[str]:
    """The explorer's images, each as the browser's own bytes."""
    found: list[str] = page.eval_on_selector_all(
        "#explorer .image", "all => all.map(canvas => canvas.toDataURL())"
    )
    return found


def test_the_explorer_follows_mouse_keys_and_choices(
    browser: Any, file: Path, faults: list[str]
) -> None:
    page = shown(browser, file, faults)
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    places = []
    for x, y in ((0.02, 0.02), (0.98, 0.5)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        places.append((page.locator("#place").inner_text(), views(page)))
    (corner, first), (edge, second) = places
    assert corner == "x −2.40, y 2.40"  # noqa: RUF001
    assert edge == "x 2.40, y 0.00"
    assert len(first) == 5
    assert all(a != b for a, b in zip(first, second, strict=True)), "all five images change"
    pad.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.locator("#place").inner_text() == "x 2.16, y 0.24"
    by_keys = views(page)
    assert by_keys != second
    page.get_by_label("the codes of vae").check()
    assert page.locator("#place").inner_text() == "x 2.25, y 0.25"
    assert views(page) != by_keys
    page.get_by_label("cvaegan", exact=True).check()
    sprite = page.locator("#pad img:visible")
    assert sprite.count() == 1
    assert sprite.get_attribute("alt").startswith("cvaegan on the codes of vae")
    assert not faults
    page.close()


def test_a_finger_moves_the_point_and_not_the_page(
    browser: Any, file: Path, faults: list[str]
) -> None:
    page = shown(browser, file, faults, 390, has_touch=True)
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    before, box = views(page), pad.bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.9 * box["height"])
    assert views(page) != before
    assert page.evaluate("getComputedStyle(document.getElementById('pad')).touchAction") == "none"
    assert not faults
    page.close()


def test_what_the_classifier_sees_is_written_below_each_image(
    browser: Any, file: Path, faults: list[str]
) -> None:
    page = shown(browser, file, faults)
    told = page.locator("#explorer .seen").all_inner_texts()
    assert len(told) == 5
    assert all("%" in text and "nats" in text for text in told)
    page.close()


def test_it_is_printed_on_a4(browser: Any, file: Path, faults: list[str]) -> None:
    """Nothing is wider than the page's text, and the explorer stands there as it was left."""
    page = shown(browser, file, faults, 695)  # A4 less the margins, in CSS pixels
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 695
    content = page.pdf(prefer_css_page_size=True)
    assert content.startswith(b"%PDF")
    assert 5 < content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") < 40
    page.close()


def test_without_javascript_all_else_is_there(browser: Any, file: Path, faults: list[str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#explorer noscript p").is_visible()
    assert page.get_by_role("heading", name="Provenance").is_visible()
    context.close()
