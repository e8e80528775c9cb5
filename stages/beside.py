"""The whole study with a file of parameters laid over params.yaml, in a folder beside it.

`python -m stages.beside conv.yaml` copies the code and the parameters into `.conv/`, a DVC project
of its own without Git, trains and measures there what `make study` does here, and prints the table.
The study that lies here stays as it is; a second call finds everything up to date. A second file is
laid over the first: `python -m stages.beside conv.yaml fashion_mnist.yaml` works in
`.conv-fashion_mnist/`. `stages.demo` is the same for demo.yaml.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ganvae.core import config, storage
from ganvae.errors import UserError, run
from ganvae.jobs.arguments import arguments
from stages import check_params
from stages.mend import mend
from stages.plots_page import page

NO_OWN_IMAGES = {"folder": None, "invert": False, "transpose": False}


def main() -> None:
    """Entry point: `python -m stages.beside <file of parameters> [<another>]`."""
    above = arguments(__file__, __doc__, "<file of parameters, such as conv.yaml>", "[<another>]")
    folder = lay_out(*map(Path, above))
    call(folder, "dvc", "repro", "evaluate_real")
    call(folder, "stages.study")
    call(folder, "dvc", "repro")
    call(folder, "dvc", "plots", "show")
    print(f"\n{table(folder)}\nMore: {folder / 'reports/report.html'}, figures: {folder / 'plots'}")
    print(f"Beside the study that lies here: ganvae compare {folder}")


def lay_out(*above: Path) -> Path:
    """A folder with code, parameters and a DVC configuration without Git, named after the files.

    Args:
        above: what is laid over params.yaml, each over those before it.

    Returns:
        `.<stem of above>`, of several with a hyphen between.

    Raises:
        UserError: a file is missing, or params.yaml with them is no parameters that a stage takes;
            nothing has been written.
    """
    values = _laid(*map(config.load, above))
    check_params.check(values)
    if values["data"]["name"] == "folder":  # a relative path means this repository
        values["data"]["folder"] = str(Path(values["data"]["folder"]).expanduser().absolute())
    folder = Path(f".{'-'.join(path.stem for path in above)}")
    laid = any((folder / name).exists() for name in ("stages", "src", "params.yaml"))
    if folder.exists() and not laid:
        names = ", ".join(map(str, above))
        raise UserError(f"{names}: {folder} is something else; give the file another name")
    for name in ("stages", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(name, folder / name, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore"):
        shutil.copy2(name, folder / name)
    storage.write_text(folder / ".gitignore", "*\n")
    storage.write_text(folder / "params.yaml", yaml.safe_dump(values, sort_keys=False))
    settings = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"
    template = folder / ".dvc" / "plots_page.html"
    if not template.exists():
        storage.write_text(template, page())
    settings += f"[plots]\n    html_template = {template.name}\n"
    storage.write_text(folder / ".dvc" / "config", settings)
    mend(folder)
    return folder


def _laid(*above: dict[str, Any]) -> dict[str, Any]:
    """params.yaml with others over it; of own images nothing is left where these name others."""
    below = config.load()
    if any(isinstance(file.get("data"), dict) and "name" in file["data"] for file in above):
        below = config.overlay(below, {"data": NO_OWN_IMAGES})
    return functools.reduce(config.overlay, above, below)


def call(folder: Path, module: str, *arguments: str) -> None:
    """Runs a module of this interpreter in `folder`; its programs come first on PATH.

    Raises:
        UserError: it failed; it has said why.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", module, *arguments]
    status = subprocess.call(command, cwd=folder, env={**os.environ, "PATH": path})
    if status:
        what = " ".join((module, *arguments[:1]))
        raise UserError(f"{what} failed in {folder}, the reason is above")


def table(folder: Path) -> str:
    """The first tables of the comparison, up to the reconstructions."""
    text = (folder / "metrics/comparison.md").read_text(encoding="utf-8")
    return "\n## ".join(text.split("\n## ")[:3])


if __name__ == "__main__":
    run(main)
