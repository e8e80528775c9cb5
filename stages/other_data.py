"""Other images than the main pipeline's: `python -m stages.other_data <name>`.

Runs the stages `download`, `preprocess` and `train_classifier` with `data_sets.<name>` of
papers/params.yaml in the place of `data`; writes papers/data/<name>/{processed,classifier}/.
"""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from ganvae.core import config, storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.core.storage import repository
from ganvae.data import sources
from ganvae.errors import UserError, parameters_of, run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments

STAGES = ("download", "preprocess", "train_classifier")
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    (name,) = arguments(__file__, __doc__, "<name>")
    final = PAPERS / "data" / name
    with storage.scratch_folder(final) as scratch:
        code = edits.sources(Path(__file__), *(ROOT / "stages" / f"{name}.py" for name in STAGES))
        with edits.unedited([*code, config.PARAMS_FILE, PAPERS_FILE]):
            _make(name, scratch)
        for kind in ("processed", "classifier"):
            storage.replace_folder(scratch / "data" / kind, final / kind)


def _make(name: str, folder: Path) -> None:
    """Writes `folder`/data/ as the stages would."""
    papers = config.load(PAPERS_FILE)
    with parameters_of(PAPERS_FILE):
        config.block(sources.DataParams, papers, f"data_sets.{name}")
    values = {**config.load(), "data": papers["data_sets"][name]}
    storage.write_text(folder / "params.yaml", yaml.safe_dump(values))
    for stage in STAGES:
        _run(stage, folder)


def _run(stage: str, folder: Path) -> None:
    """Runs a stage in another folder; relative paths of the user still count from this one."""
    environment = {**os.environ, "DVC_ROOT": str(repository()), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"stages.{stage}"]
    if subprocess.call(command, cwd=folder, env=environment):
        raise UserError(f"stages.{stage} failed, the reason is above")


if __name__ == "__main__":
    run(main)
