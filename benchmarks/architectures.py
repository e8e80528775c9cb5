"""What each architecture for images of 28 x 28 costs: parameters, and the time of a step.

The time is of one core, against the same model on `wide`, measured in turns, so that a drift of the
machine cancels. Options are those of the first system of papers/params.yaml, or of conv.yaml, that
has any. Writes `benchmarks/results/architectures.json` and the table in docs/architectures.md.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import kept
from benchmarks.this_machine import described
from benchmarks.worker import endless, random_images
from ganvae.core import config, machine, storage
from ganvae.core.config import PAPERS_FILE
from ganvae.errors import run
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from ganvae.training import task

RESULT = Path("benchmarks/results/architectures.json")
PAGE = Path("docs/architectures.md")
BEGIN, END = kept.begin(RESULT), kept.END
BASE = "wide"
IMAGES, STEPS, ROUNDS = 1280, 3, 5


def main() -> None:
    """Entry point: `python -m benchmarks.architectures`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architectures", description=__doc__)
    parser.parse_args()
    machine.use_one_thread()
    values = config.load()
    found = {}
    for name in names():
        found[name] = measured(name, values)
        print(line(name, found[name]), flush=True)
    storage.write_json(RESULT, {"machine": described(), "architectures": found})
    storage.write_text(PAGE, with_table(PAGE.read_text(encoding="utf-8"), found))


def names() -> list[str]:
    """The architectures for images of the base's shape."""
    shape = build.image_shape(BASE)
    return [name for name in build.known("networks") if build.image_shape(name) == shape]


def measured(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of each model of params.yaml that fits: parameters, and its step's time against `BASE`'s."""
    options = options_of(name)
    models = {}
    for model in values["models"]:
        if build.missing(model, name):
            continue
        here, there = (_steps(model, a, o, values) for a, o in ((name, options), (BASE, {})))
        ratios = [_seconds(here) / _seconds(there) for _ in range(ROUNDS)]
        built = build.create(model, _networks(name, options, values), 0)
        models[model] = {
            "parameters": sum(p.numel() for p in built.parameters()),
            "step": float(f"{median(ratios[1:]):.3g}"),  # the first is warm-up
        }
    return {"options": options, "models": models}


def options_of(name: str) -> dict[str, Any]:
    """Those that a file of parameters of this project first gives it."""
    blocks = [config.load(Path("conv.yaml")).get("networks", {})]
    for system in config.load(PAPERS_FILE)["systems"].values():
        blocks.append({**system.get("networks", {}), "architecture": system["architecture"]})
    given = (b.get("options", {}) for b in blocks if b.get("architecture") == name)
    return next(given, {})


def with_table(page: str, found: Mapping[str, Any]) -> str:
    """The page with the table of these measurements in the place of its own."""
    rows = [HEADER, *(line(name, row) for name, row in found.items())]
    return kept.with_table(page, BEGIN, rows)


HEADER = "| architecture | models | million parameters | step against `wide` |\n|---|---|--:|--:|"


def line(name: str, row: Mapping[str, Any]) -> str:
    """A row of the table: ranges over the models."""
    models = row["models"]
    sizes = [each["parameters"] / 1e6 for each in models.values()]
    steps = [each["step"] for each in models.values()]
    options = ", ".join(f"{key} {value}" for key, value in row["options"].items())
    shown = f"{name} ({options})" if options else name
    cells = (shown, ", ".join(models), _range(sizes), _range(steps))
    return f"| {' | '.join(cells)} |"


def _range(numbers: list[float]) -> str:
    low, high = f"{min(numbers):.2f}", f"{max(numbers):.2f}"
    return low if low == high else f"{low} to {high}"


def _networks(name: str, options: Mapping[str, Any], values: Mapping[str, Any]) -> NetworksParams:
    latent_dim = values["networks"]["latent_dim"]
    return NetworksParams(architecture=name, latent_dim=latent_dim, options=dict(options))


def _steps(
    model: str, name: str, options: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[None]:
    settings = {**values, "networks": _networks(name, options, values).model_dump()}
    settings["train"] = {**values["train"], "lr_decay": 0.0}
    given = task.build(model, settings, *random_images(IMAGES), seed=0, folder=Path("unused"))
    return endless(model, given)


def _seconds(steps: Iterator[None]) -> float:
    begun = time.process_time()
    for _ in range(STEPS):
        next(steps)
    return time.process_time() - begun


if __name__ == "__main__":
    run(main)
