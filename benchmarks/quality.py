"""What `wide` and `conv` draw after equal epochs, and after equal seconds of one core.

As `benchmarks.tuning`: MNIST's four IDX files from a folder, trainings on the first 50,000 training
images with one seed, measured against the last 10,000; the test images play no part. Each of the
five models is trained with params.yaml, and with conv.yaml laid over it for as many epochs, and for
as many seconds as the first took. A model whose row stands in `benchmarks/results/quality.json` is
not measured again. Writes that file and the table in docs/architectures.md.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import kept, tuning
from benchmarks.this_machine import described
from ganvae.core import config, machine
from ganvae.errors import UserError, run

RESULT = Path("benchmarks/results/quality.json")
PAGE = Path("docs/architectures.md")
BEGIN, END = kept.begin(RESULT), kept.END
LOCK = Path(".cache/quality.lock")
CONV = Path("conv.yaml")
HEADER = (
    "| model | `wide` | `conv`, equal epochs | `conv`, equal core seconds | its epochs |\n"
    "|---|--:|--:|--:|--:|"
)
NOTHING = "Not measured yet."


def main() -> None:
    """Entry point: `python -m benchmarks.quality <folder>`."""
    asked = _arguments()
    machine.use_one_thread()
    wide = config.load()
    for model in asked.models:
        if model not in wide["models"]:
            raise UserError(f"no model {model!r}; there are: {', '.join(wide['models'])}")
    setting = tuning.read(asked.folder)
    for model in wide["models"]:
        if model in (asked.models or wide["models"]) and model not in kept.read(RESULT):
            found = compared(setting, model, wide, asked.epochs)
            print(line(model, found), flush=True)
            row = {**found, "machine": described()}
            kept.add(model, row, result=RESULT, page=PAGE, lock=LOCK, shown=with_table)


def compared(
    setting: tuning.Setting, model: str, wide: dict[str, Any], epochs: float
) -> dict[str, Any]:
    """The three trainings of one model."""
    conv = config.overlay(wide, config.load(CONV))
    first = tuning.trained(setting, model, wide, epochs)
    fitting = tuning.fitting(setting, model, conv, first["seconds"])
    return {
        "wide": first,
        "conv, equal epochs": tuning.trained(setting, model, conv, epochs),
        "conv, equal core seconds": tuning.trained(setting, model, conv, fitting),
    }


def line(model: str, found: Mapping[str, Any]) -> str:
    """A row of the table."""
    kinds = ("wide", "conv, equal epochs", "conv, equal core seconds")
    fids = [
        f"{found[kind]['fid_classifier']:.0f}" if "fid_classifier" in found[kind] else "diverged"
        for kind in kinds
    ]
    return f"| {' | '.join([model, *fids, format(found[kinds[-1]]['epochs'], '.1f')])} |"


def with_table(page: str, made: Mapping[str, Any]) -> str:
    """The page with the table of these trainings, in params.yaml's order, in its own's place."""
    order = [model for model in config.load()["models"] if model in made]
    rows = [HEADER, *(line(model, made[model]) for model in order)] if order else [NOTHING]
    return kept.with_table(page, BEGIN, rows)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with MNIST's four IDX files")
    parser.add_argument("models", nargs="*", help="all where none is given")
    parser.add_argument("--epochs", type=float, default=5.0, help="of the training on wide")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
