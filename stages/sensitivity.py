"""Maps of the constrained VAE-GAN's results over its parameters lambda and d.

`python -m stages.sensitivity <params.yaml> <folder>` reads data/processed/, data/classifier/ and,
from the given file, the blocks `networks`, `train`, `models.cvaegan`, `evaluate`, `figures` and
`sensitivity`; writes sensitivity.csv and sensitivity.png to the folder, both or neither.
"""

import shutil
import sys
from pathlib import Path

import pandas as pd

from ganvae import config, data, evaluation, grid, model, sensitivity, storage
from ganvae.errors import UserError, run
from ganvae.figures.params import FiguresParams
from ganvae.figures.style import to_png

CSV, PNG = "sensitivity.csv", "sensitivity.png"


def main() -> None:
    if len(sys.argv) != 3:
        raise UserError("usage: python -m stages.sensitivity <params.yaml> <folder>")
    file, folder = map(Path, sys.argv[1:])
    values = config.load(file)
    dpi = config.block(FiguresParams, values, "figures").dpi
    _check(values, folder)
    progress = sys.stderr.isatty()
    with grid.trained(values, file, progress) as points:
        measured = sensitivity.measure(values, points, progress)
        networks = values["networks"]["architecture"]
        title = f"Constrained VAE-GAN over λ and d, networks {networks}"
        _write(folder, measured, to_png(sensitivity.draw(measured, title, dpi)))
    states = measured["state"].value_counts()
    print(f"{folder / CSV}: " + ", ".join(f"{n} trainings {state}" for state, n in states.items()))


def _check(values: dict[str, object], folder: Path) -> None:
    """Finds before hours of training what would stop the stage after them."""
    config.block(evaluation.EvaluateParams, values, "evaluate")
    evaluation.read_real(Path("data/classifier/real.safetensors"))
    data.load(Path("data/processed/test.safetensors"))
    images, _ = data.load(Path("data/processed/train.safetensors"))
    model.check_batch_size(config.block(model.TrainParams, values, "train"), len(images))
    others = {path.name for path in folder.iterdir()} - {CSV, PNG} if folder.exists() else set()
    if others:
        raise UserError(f"{folder}: is replaced as a whole, but holds {min(others)}; name another")


def _write(folder: Path, measured: pd.DataFrame, png: bytes) -> None:
    written = storage.temporary(Path(".cache/sensitivity") / folder.name)
    table = measured.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    try:
        storage.write_text(written / CSV, table)
        storage.write_bytes(written / PNG, png)
        storage.replace_folder(written, folder)
    finally:
        shutil.rmtree(written, ignore_errors=True)


if __name__ == "__main__":
    run(main)
