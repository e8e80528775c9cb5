"""Lets `dvc plots show` draw without a network.

DVC's page fetches Vega from a content delivery network. This writes a template with the same
scripts inside it to `.dvc/plots_page.html` and names it in `.dvc/config.local`; both stay out of
git.
"""

import subprocess
import sys
from pathlib import Path

from ganvae.core import storage
from ganvae.errors import UserError, run

TEMPLATE = Path(".dvc/plots_page.html")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>DVC plots</title>
<script>SCRIPTS</script>
<style>body { font-family: sans-serif; margin: 2em; } img { max-width: 100%; }</style>
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
    storage.write_text(TEMPLATE, page())
    subprocess.run(
        [sys.executable, "-m", "dvc", "config", "--local", "plots.html_template", TEMPLATE.name],
        check=True,
    )


if __name__ == "__main__":
    run(main)
