"""The whole pipeline on scikit-learn's 8x8 digits, in `.demo/`: no download, nothing else touched.

Lays `demo.yaml` over `params.yaml`, copies the code, runs `dvc repro` and `dvc plots show` there
and prints the table. Works without git; a second call finds everything up to date.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from ganvae.core import config, storage
from ganvae.errors import UserError, run
from stages.plots_page import page

DEMO = Path(".demo")


def main() -> None:
    """Entry point: `python -m stages.demo`."""
    prepare()
    dvc("repro")
    dvc("plots", "show")
    table = DEMO / "metrics/comparison.md"
    first = table.read_text(encoding="utf-8").split("\n## ")[:3]  # up to the reconstructions
    print("\n" + "\n## ".join(first) + f"\nMore: {table}")
    print(f"Figures: {DEMO / 'plots'} (PNG), {DEMO / 'dvc_plots/index.html'} (open in a browser)")


def prepare() -> None:
    """Lays out `.demo/`: code, parameters and a DVC configuration without git."""
    for name in ("stages", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.rmtree(DEMO / name, ignore_errors=True)
        shutil.copytree(name, DEMO / name, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore"):
        shutil.copy2(name, DEMO / name)
    values = config.overlay(config.load(), config.load(Path("demo.yaml")))
    storage.write_text(DEMO / "params.yaml", yaml.safe_dump(values, sort_keys=False))
    settings = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"
    template = DEMO / ".dvc" / "plots_page.html"
    if not template.exists():
        storage.write_text(template, page())
    settings += f"[plots]\n    html_template = {template.name}\n"
    storage.write_text(DEMO / ".dvc" / "config", settings)


def dvc(*arguments: str) -> None:
    """Runs this interpreter's DVC in `.demo/`; its folder comes first on PATH for the stages."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "dvc", *arguments]
    status = subprocess.call(command, cwd=DEMO, env={**os.environ, "PATH": path})
    if status:
        raise UserError(f"dvc {arguments[0]} failed in {DEMO}, the reason is above")


if __name__ == "__main__":
    run(main)
