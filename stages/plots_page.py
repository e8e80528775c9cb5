"""Lets `dvc plots show` draw without a network.

DVC's page fetches Vega from a content delivery network. This writes a template with the same
scripts inside it to `.dvc/plots_page.html` and names it in `.dvc/config.local`; both stay out of
git. The samples come first, and the pictures of two revisions lie side by side, whole.
"""

import subprocess
import sys
from pathlib import Path

from ganvae.core import storage
from ganvae.errors import UserError, run
from ganvae.jobs.arguments import arguments

TEMPLATE = Path(".dvc/plots_page.html")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>DVC plots</title>
<script>SCRIPTS</script>
<style>
body { font-family: sans-serif; margin: 2em; display: flex; flex-direction: column; }
/* DVC gives each picture a box with its revisions in one row, and cuts off what is too wide */
div[id^="plots_"] { order: -1; display: flex; flex-wrap: wrap; border: 0 !important;
                    white-space: normal !important; margin-bottom: 1em; }
div[id^="plots_"] > p { flex: 0 0 100%; margin: 0.5em; font-weight: bold; }
div[id^="plots_"] > div { flex: 1 1 0; min-width: 0; border: 0 !important; }
div[id="plots_samples_png"] { order: -2; }
img { max-width: 100%; }
</style>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def page() -> str:
    """The template with Vega, Vega-Lite and Vega-Embed inside. Needs the `dev` extra."""
    try:
        import vl_convert
    except ImportError:
        raise UserError('vl_convert is missing: pip install -e ".[dev]"') from None
    shown = "window.vega = vega; window.vegaLite = vegaLite; window.vegaEmbed = vegaEmbed;"
    return _PAGE.replace("SCRIPTS", vl_convert.javascript_bundle(shown))


def main() -> None:
    """Entry point: `python -m stages.plots_page`."""
    arguments(__file__, __doc__)
    storage.write_text(TEMPLATE, page())
    subprocess.run(
        [sys.executable, "-m", "dvc", "config", "--local", "plots.html_template", TEMPLATE.name],
        check=True,
    )


if __name__ == "__main__":
    run(main)
