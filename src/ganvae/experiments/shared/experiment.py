"""What the papers report beyond single systems: `experiments` and `maps` of papers/params.yaml.

An experiment is a file `experiments/<name>.py` with three names:

- `Params`: the schema of its block's `params`;
- `MODELS`: the models that it trains, folders of `ganvae.models`;
- `run(params, folder, root)`: writes its tables and images to `folder`, from the images in
  `<root>/processed/` and, where it judges images, the classifier in `<root>/classifier/`.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from ganvae.core import config, storage
from ganvae.core.config import PAPERS, PAPERS_FILE, Block
from ganvae.errors import ParameterError, parameters_of

SECTIONS = ("experiments", "maps")


class Experiment(Block):
    """One experiment.

    Attributes:
        paper: a key of `papers`.
        experiment: a file of `ganvae.experiments`.
        data: whose images and classifier it works on, a key of `data_sets`.
        params: what its file's `Params` says.
    """

    paper: str
    experiment: str
    data: str
    params: dict[str, Any]

    @property
    def root(self) -> Path:
        """The folder of `data`, with `processed/` and `classifier/`."""
        return PAPERS / "data" / self.data


def known() -> list[str]:
    """Names of the experiments that have a file."""
    folder = Path(__file__).parents[1]
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")


def folder(experiment: Experiment, name: str) -> Path:
    """Where the results of an experiment lie; a map's table where Git keeps it."""
    if experiment.experiment == "map":
        return PAPERS / experiment.paper / "maps" / name
    return PAPERS / "data" / experiment.paper / name


def read(name: str, file: Path = PAPERS_FILE) -> tuple[Experiment, ModuleType, Block]:
    """An experiment's block, its module and its checked `params`.

    Raises:
        UserError: no such experiment, or a block that does not fit its schema.
    """
    everything = config.load(file)
    with parameters_of(file, f"experiment {name}: "):
        section = next((s for s in SECTIONS if name in (everything.get(s) or {})), SECTIONS[0])
        found = config.block(Experiment, everything, f"{section}.{name}")
        config.section(everything, f"papers.{found.paper}")
        if (section == "maps") != (found.experiment == "map"):
            raise ParameterError(f"{section}.{name}: maps, and they alone, stand in the block maps")
        if found.experiment not in known():
            choices = ", ".join(known())
            raise ParameterError(
                f"{section}.{name}.experiment = {found.experiment!r}: allowed: {choices}"
            )
        module = importlib.import_module(f"ganvae.experiments.{found.experiment}")
        params = config.block(module.Params, everything, f"{section}.{name}.params")
    return found, module, params


def write_table(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Writes a CSV with one row per measurement; what a row lacks is an empty cell."""
    table = pd.DataFrame(rows, columns=columns)
    text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    storage.write_text(path, text)
