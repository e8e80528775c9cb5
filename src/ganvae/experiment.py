"""What the papers report beyond single systems: the blocks `experiments` of papers/params.yaml.

An experiment is a file `experiments/<name>.py` with three names:

- `Params`: the schema of its block's `params`;
- `MODELS`: the models that it trains, files of `ganvae.models`;
- `run(params, folder, root)`: writes its tables and images to `folder`, from the images in
  `<root>/processed/` and, where it judges images, the classifier in `<root>/classifier/`.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from ganvae import config, storage, systems
from ganvae.config import Block
from ganvae.errors import UserError


class Experiment(Block):
    """One experiment.

    Attributes:
        paper: a key of `papers`.
        experiment: a file of `ganvae.experiments`.
        data: the folder whose `processed/` and `classifier/` it works on.
        params: what its file's `Params` says.
    """

    paper: str
    experiment: str
    data: str
    params: dict[str, Any]

    @property
    def root(self) -> Path:
        """`data` as a path."""
        return Path(self.data)


def known() -> list[str]:
    """Names of the experiments that have a file."""
    folder = Path(__file__).parent / "experiments"
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")


def folder(experiment: Experiment, name: str) -> Path:
    """Where the results of an experiment lie."""
    return Path("data/papers") / experiment.paper / name


def read(name: str, file: Path = systems.FILE) -> tuple[Experiment, ModuleType, Block]:
    """An experiment's block, its module and its checked `params`.

    Raises:
        UserError: no such experiment, or a block that does not fit its schema.
    """
    everything = config.load(file)
    with named(name, file):
        found = config.block(Experiment, everything, f"experiments.{name}")
        config.section(everything, f"papers.{found.paper}")
        if found.experiment not in known():
            choices = ", ".join(known())
            raise UserError(
                f"params.yaml: experiments.{name}.experiment = {found.experiment!r}: "
                f"allowed: {choices}"
            )
        module = importlib.import_module(f"ganvae.experiments.{found.experiment}")
        params = config.block(module.Params, everything, f"experiments.{name}.params")
    return found, module, params


@contextmanager
def named(name: str, file: Path = systems.FILE) -> Iterator[None]:
    """Inside, an error about a parameter says in which file and experiment it stands."""
    try:
        yield
    except UserError as error:
        message = str(error)
        if not message.startswith("params.yaml: "):
            raise
        message = message.removeprefix("params.yaml: ")
        raise UserError(f"{file}: experiment {name}: {message}") from None


def write_table(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Writes a CSV with one row per measurement; what a row lacks is an empty cell."""
    table = pd.DataFrame(rows, columns=columns)
    text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    storage.write_text(path, text)
