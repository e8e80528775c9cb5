"""Shows what the models made of CelebA: `python -m stages.celeba_report`.

Reads papers/celeba/params.yaml, the test images and every system's
papers/data/celeba/<system>/trained/; writes samples.png, reconstructions.png, losses.png and
losses.csv to papers/celeba/. Images are those of the first seed that finished.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch

from ganvae.celeba import faces
from ganvae.celeba.faces import COLUMNS
from ganvae.comparison import files
from ganvae.core import config, imageset, machine, storage
from ganvae.errors import parameters_of, run
from ganvae.evaluation.status import read_statuses
from ganvae.figures import curves, style
from ganvae.figures.curves import Curves
from ganvae.figures.style import Panel
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.models.base import systems
from ganvae.models.base.systems import System

FILE = Path("papers/celeba/params.yaml")
OUT = FILE.parent


def main() -> None:
    arguments(__file__, __doc__)
    machine.use_one_thread()
    with parameters_of(FILE):
        names = list(config.section(config.load(FILE), "systems"))
    read = [systems.read(name, FILE) for name in names]
    data = [read[0].data / "processed", *(system.folder for system in read)]
    code = [*edits.sources(Path(__file__)), *edits.package("models", "networks")]
    with edits.unedited([*code, FILE, *data]), style.defaults():
        made = _files(read)
    for name, content in made.items():
        storage.write_bytes(OUT / name, content)


def _files(read: Sequence[System]) -> dict[str, bytes]:
    colours = style.colours([system.name for system in read])
    rows = [panels(system) for system in read]
    tables = {system.name: histories(system) for system in read}
    originals = imageset.quantise(first_test_images(read[0])).numpy()
    drawn = {
        "samples": faces.sample_figure([row[0] for row in rows], colours),
        "reconstructions": faces.reconstruction_figure(
            originals, [row[1] for row in rows], colours
        ),
        "losses": curves.losses(list(tables.values()), colours, faces.DPI),
    }
    text: str = losses(tables).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return {f"{name}.png": faces.to_png(figure) for name, figure in drawn.items()} | {
        "losses.csv": text.encode()
    }


def first_test_images(system: System) -> torch.Tensor:
    """[N, C, H, W] in [-1, 1], N <= `COLUMNS`, on the device."""
    images = imageset.Streamed(system.data / "processed" / "test.npy", machine.device())
    return images[:COLUMNS]


def panels(system: System) -> tuple[Panel, Panel]:
    """A system's samples and reconstructions, of the first seed that finished."""
    statuses = read_statuses(system)
    seed = next(seed for seed, status in statuses.items() if status.state == "finished")
    networks = system.restored(seed).to(machine.device())
    note = f"seed {seed}, {system.train.epochs:g} epochs"
    return (
        Panel(system.name, faces.samples(networks, system.networks.latent_dim), note),
        Panel(system.name, faces.reconstructions(networks, first_test_images(system)), note),
    )


def histories(system: System) -> Curves:
    """A system's losses along training by seed."""
    statuses = read_statuses(system)
    tables: dict[str, list[pd.DataFrame]] = {"finished": [], "diverged": []}
    for seed, status in statuses.items():
        table = files.history(system.record("history", seed))
        table.insert(0, "seed", seed)
        tables[status.state].append(table)
    return Curves(system.name, tables["finished"], tables["diverged"])


def losses(tables: Mapping[str, Curves]) -> pd.DataFrame:
    """Every row of every seed's history, with columns `system` and `seed` before the records."""
    every = {name: [*found.finished, *found.diverged] for name, found in tables.items()}
    rows = [table.assign(system=name) for name, found in every.items() for table in found]
    together = pd.concat(rows, ignore_index=True)
    return together[["system", *(c for c in together.columns if c != "system")]]


if __name__ == "__main__":
    run(main)
