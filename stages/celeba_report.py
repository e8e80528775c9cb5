"""Shows what the models made of CelebA: `python -m stages.celeba_report`.

Reads papers/celeba/params.yaml, the test images and every system's
data/papers/celeba/<system>/trained/; writes samples.png, reconstructions.png, losses.png and
losses.csv to papers/celeba/. Images are those of the first seed that finished.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ganvae import config, data, faces, model, runtime, storage, systems, trained
from ganvae.errors import run
from ganvae.faces import COLUMNS
from ganvae.figures import curves, style
from ganvae.figures.curves import Curves
from ganvae.figures.style import Panel
from ganvae.systems import System

FILE = Path("papers/celeba/params.yaml")
OUT = FILE.parent


def main() -> None:
    runtime.use_one_thread()
    names = list(config.section(config.load(FILE), "systems"))
    read = {name: systems.read(name, FILE) for name in names}
    colours = style.colours(names)
    rows = [panels(name, *read[name]) for name in names]
    tables = {name: histories(name, *read[name]) for name in names}
    originals = data.quantise(first_test_images(read[names[0]][0])).numpy()
    drawn = {
        "samples": faces.sample_figure([row[0] for row in rows], colours),
        "reconstructions": faces.reconstruction_figure(
            originals, [row[1] for row in rows], colours
        ),
        "losses": curves.losses(list(tables.values()), colours, faces.DPI),
    }
    for name, figure in drawn.items():
        storage.write_bytes(OUT / f"{name}.png", faces.to_png(figure))
    storage.write_text(OUT / "losses.csv", losses(tables).to_csv(index=False, float_format="%.6g"))


def first_test_images(system: System) -> torch.Tensor:
    """[N, C, H, W] in [-1, 1], N <= `COLUMNS`, on the device."""
    images = data.Streamed(system.root / "processed" / "test.npy", runtime.device())
    return images[:COLUMNS]


def panels(name: str, system: System, values: Mapping[str, Any]) -> tuple[Panel, Panel]:
    """A system's samples and reconstructions, of the first seed that finished."""
    folder = system.root / name / "trained"
    statuses = trained.read_statuses(folder, values["train"]["seeds"])
    seed = next(seed for seed, status in statuses.items() if status.state == "finished")
    params = config.block(model.NetworksParams, values, "networks")
    networks = model.create(system.model, params, seed)
    weights = folder / "weights" / f"seed_{seed}.safetensors"
    model.load_weights(networks, storage.read_tensors(weights), weights)
    networks.to(runtime.device()).eval()
    note = f"seed {seed}, {values['train']['epochs']:g} epochs"
    return (
        Panel(name, faces.samples(networks, params.latent_dim), note),
        Panel(name, faces.reconstructions(networks, first_test_images(system)), note),
    )


def histories(name: str, system: System, values: Mapping[str, Any]) -> Curves:
    """A system's losses along training by seed."""
    folder = system.root / name / "trained"
    statuses = trained.read_statuses(folder, values["train"]["seeds"])
    tables: dict[str, list[pd.DataFrame]] = {"finished": [], "diverged": []}
    for seed, status in statuses.items():
        table = pd.read_csv(folder / "history" / f"seed_{seed}.csv")
        table.insert(0, "seed", seed)
        tables[status.state].append(table)
    return Curves(name, tables["finished"], tables["diverged"])


def losses(tables: Mapping[str, Curves]) -> pd.DataFrame:
    """Every row of every seed's history, with columns `system` and `seed` before the records."""
    every = {name: [*found.finished, *found.diverged] for name, found in tables.items()}
    rows = [table.assign(system=name) for name, found in every.items() for table in found]
    together = pd.concat(rows, ignore_index=True)
    return together[["system", *(c for c in together.columns if c != "system")]]


if __name__ == "__main__":
    run(main)
