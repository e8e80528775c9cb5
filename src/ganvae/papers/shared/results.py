"""What the systems of a paper left: read back for its report."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
from matplotlib.figure import Figure
from pydantic import Field
from torch import Tensor, nn

from ganvae.comparison import files, schema
from ganvae.comparison.summary import Spread, spread
from ganvae.core import storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import UserError
from ganvae.evaluation.sampling import sample
from ganvae.models.base import systems
from ganvae.models.base.build import restore
from ganvae.models.base.snapshots import read_snapshots
from ganvae.models.base.systems import System, SystemParams

BATCH = 1000


class NotAskedError(UserError):
    """What a report of some systems needs of others, which it does not look at."""


class _Costs(schema.Costs):
    """Those that a report counts with, besides what the comparison reads."""

    steps: Annotated[int, Field(ge=1, le=2**53)]
    generator_updates: schema.Count


def of_seeds(values: Mapping[int, float]) -> Spread | None:
    """Mean and standard deviation of one value per seed; None without any."""
    found = {str(seed): float(value) for seed, value in values.items()}
    return spread(found) if found else None


@dataclass(frozen=True, eq=False)  # one result is itself alone, so that functions can cache by it
class Result:
    """One system, trained and measured.

    Attributes:
        system: what it is and where its files lie.
        beside: the paper's results by name, this one among them.
    """

    system: System
    beside: "Mapping[str, Result]"

    @property
    def name(self) -> str:
        """A key of `systems`."""
        return self.system.name

    @property
    def block(self) -> SystemParams:
        """Its own block."""
        assert self.system.block is not None
        return self.system.block

    @property
    def values(self) -> Mapping[str, Any]:
        """Its blocks in the form of `params.yaml`."""
        return self.system.values

    @cached_property
    def details(self) -> dict[str, Any]:
        """The content of its `details.json`."""
        path = self.system.evaluated / "details.json"
        return storage.read_as(path, schema.ModelDetails).model_dump()

    @cached_property
    def arrays(self) -> dict[str, Tensor]:
        """What its figures show; a seed's are named `<kind>/<seed>`."""
        found = files.arrays(self.system.evaluated / "arrays.safetensors")
        return {name: torch.from_numpy(values) for name, values in found.items()}

    @property
    def all_seeds(self) -> list[int]:
        """The seeds that were trained."""
        return [int(seed) for seed in self.details["seeds"]]

    @property
    def seeds(self) -> list[int]:
        """The seeds that finished."""
        entries = self.details["seeds"]
        return [int(seed) for seed, entry in entries.items() if entry["state"] == "finished"]

    @property
    def diverged(self) -> int:
        """How many seeds did not finish."""
        return len(self.all_seeds) - len(self.seeds)

    @property
    def collapsed(self) -> int:
        """How many of the finished seeds draw too few classes at the end."""
        return sum(map(self.is_collapsed, self.seeds))

    def is_collapsed(self, seed: int) -> bool:
        """Whether a finished seed draws too few classes at the end."""
        return bool(self.details["seeds"][str(seed)]["collapsed"])

    def has_fallen(self, seed: int) -> bool:
        """Whether one that collapsed had drawn more classes at an earlier snapshot."""
        entry = self.details["seeds"][str(seed)]
        # none of its snapshots may be collapsed, as they show fewer images than its end
        since = entry["collapsed_at"] or math.inf
        return self.is_collapsed(seed) and bool(since > entry["timeline"][0]["step"])

    def number(self, seed: int, name: str) -> float | None:
        """A metric of one finished seed, or a cost of its training; None where it has neither."""
        metrics = self.details["seeds"][str(seed)]["metrics"]
        found: float | None = metrics.get(name, self.costs(seed).get(name))
        return found

    def metric(self, name: str) -> Spread | None:
        """A metric of the finished seeds; None where no seed has it."""
        found = {str(s): self.details["seeds"][str(s)]["metrics"].get(name) for s in self.seeds}
        values = {seed: value for seed, value in found.items() if value is not None}
        return spread(values) if values else None

    def cost(self, name: str) -> Spread | None:
        """A number of `costs.json` over all seeds that finished."""
        values = {str(seed): float(self.costs(seed)[name]) for seed in self.seeds}
        return spread(values) if values else None

    def costs(self, seed: int) -> dict[str, Any]:
        """What one seed's training cost."""
        return storage.read_as(self.system.record("costs", seed), _Costs).model_dump()

    @property
    def devices(self) -> str:
        """What its finished seeds were trained on, for instance "cuda: NVIDIA H200"."""
        return ", ".join(sorted({self.costs(seed)["runtime"]["device"] for seed in self.seeds}))

    def history(self, seed: int) -> pd.DataFrame:
        """One seed's losses: step, images_seen, epoch and `<update>.<record>`."""
        return files.history(self.system.record("history", seed))

    def timeline(self, seed: int) -> pd.DataFrame:
        """One seed's judged snapshots, with `updates`, those of the generator or decoder."""
        table = pd.DataFrame(self.details["seeds"][str(seed)]["timeline"])
        costs = self.costs(seed)
        return table.assign(updates=table["step"] * costs["generator_updates"] / costs["steps"])

    def snapshots(self, seed: int) -> Tensor:
        """One seed's images along training, from the same noise: uint8 [K, N, 28, 28]."""
        return read_snapshots(self.system.record("snapshots", seed))["images"]

    def epochs(self) -> list[float]:
        """The epochs of which the weights are kept, as far as they were reached."""
        train = self.values["train"]
        return [epoch for epoch in train["checkpoints"] if epoch <= train["epochs"]]

    def networks(self, seed: int, epoch: float | None = None) -> nn.ModuleDict:
        """One seed's networks in evaluation mode, at the end or after a kept epoch."""
        if epoch is None:
            return self.system.restored(seed)
        path = self.system.record("checkpoints", seed)
        weights = self._kept(storage.read_tensors(path), seed, epoch)
        return restore(self.system.model, self.system.networks, weights, path)

    def _kept(self, packed: Mapping[str, Tensor], seed: int, epoch: float) -> dict[str, Tensor]:
        """The checkpoint of `epoch`: files name them `<step>.<tensor>`."""
        named = {name.partition(".")[0] for name in packed}
        steps = {int(step) for step in named if step.isdecimal()}
        if not steps or len(steps) < len(named):
            path = self.system.record("checkpoints", seed)
            raise UserError(f"{path}: damaged: tensors named <step>.<tensor> expected")
        wanted = epoch / self.values["train"]["epochs"] * self.costs(seed)["steps"]
        start = f"{min(steps, key=lambda step: abs(step - wanted))}."
        return {n.removeprefix(start): t for n, t in packed.items() if n.startswith(start)}

    @property
    def latent_dim(self) -> int:
        """Size of the decoder's input."""
        found: int = self.values["networks"]["latent_dim"]
        return found

    def images(self, seed: int, count: int, epoch: float | None = None) -> Tensor:
        """Samples of the prior, decoded: [count, 1, 28, 28] in [-1, 1], rounded to grey levels."""
        return sample(self.networks(seed, epoch)["decoder"], self.latent_dim, count, seed)


@dataclass(frozen=True)
class Report:
    """What a paper's report writes besides its values, by file stem, made when it is called.

    A report of some systems raises `NotAskedError` for what shows others too.

    Attributes:
        systems: tables with a column `system`, whose rows are of one system each.
        tables: all others.
        figures: in matplotlib.
    """

    systems: Mapping[str, Callable[[], pd.DataFrame]]
    tables: Mapping[str, Callable[[], pd.DataFrame]]
    figures: Mapping[str, Callable[[], Figure]]


class Results(Mapping[str, Result]):
    """The systems of one paper by name, without the paper's own name before it.

    Args:
        paper: its name.
        only: the systems, experiments and maps to look at; empty for all.

    Raises:
        UserError: the paper has no systems, or a block does not fit its schema.
    """

    def __init__(self, paper: str, only: Collection[str] = ()) -> None:
        self.paper, self.only = paper, only
        self._found: dict[str, Result] = {}
        for name in systems.of_paper(paper):
            result = Result(systems.read(name, PAPERS_FILE), self)
            self._found[name.removeprefix(f"{paper}_")] = result

    def is_asked(self, name: str) -> bool:
        """Whether a system or an experiment is looked at."""
        return not self.only or name in self.only

    @property
    def all(self) -> Mapping[str, Result]:
        """The paper's systems, looked at or not."""
        return self._found

    @property
    def asked(self) -> dict[str, Result]:
        """The systems that are looked at."""
        return {name: result for name, result in self._found.items() if self.is_asked(name)}

    def named(self, *names: str) -> dict[str, Result]:
        """These systems. Raises `NotAskedError` for one that is not looked at."""
        return {name: self[name] for name in names}

    def ask(self, name: str) -> None:
        """Raises `NotAskedError` for what is not looked at."""
        if not self.is_asked(name):
            raise NotAskedError(f"{PAPERS_FILE}: {self.paper}: {name}: not among {self.only}")

    def __getitem__(self, name: str) -> Result:
        self.ask(name)
        if name not in self._found:
            raise UserError(f"{PAPERS_FILE}: systems.{self.paper}_{name}: missing")
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def experiment(self, name: str) -> Path:
        """Where an experiment of this paper lies."""
        self.ask(name)
        return PAPERS / "data" / self.paper / f"{self.paper}_{name}"

    def map(self, name: str) -> Path:
        """The table of a map of this paper, which Git keeps."""
        self.ask(name)
        return PAPERS / self.paper / "maps" / f"{self.paper}_{name}" / "map.csv"
