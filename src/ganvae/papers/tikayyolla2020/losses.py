"""The loss tables of tikayyolla2020 beside what its systems gave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.papers.shared import courses
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Result
from ganvae.papers.tikayyolla2020 import quantities
from ganvae.papers.tikayyolla2020.quantities import LATE
from ganvae.papers.tikayyolla2020.training import PLAYERS

LAYERS = {"vae2": 2, "vae3": 3, "vae4": 4}
Column = Mapping[float, float]  # epoch -> loss


@dataclass(frozen=True)
class Loss:
    """BCE + KL in nats per image: over the epoch's training images, and over the test images."""

    train: Spread | None
    test: Spread | None


VaeLosses = Mapping[str, Mapping[float, Loss]]  # system -> epoch -> its losses
GanLosses = Mapping[str, Mapping[float, list[Spread | None]]]  # those of `PLAYERS`


def published(claims: Mapping[str, Claim], name: str) -> dict[float, float]:
    """A column of Table 1 (`vae2` ...) or Table 2 (`discriminator`, `generator`): epoch -> loss."""
    start = f"{name}_epoch_"
    rows = {id: claim.value for id, claim in claims.items() if id.startswith(start)}
    return {float(id.removeprefix(start)): loss for id, loss in rows.items() if loss is not None}


def vae_losses(result: Result, epochs: Iterable[float]) -> dict[float, Loss]:
    """The losses at those epochs that were reached; on test images where the weights were kept.

    Args:
        result: a VAE with the Bernoulli likelihood.
        epochs: wanted.
    """

    def of(kind: str, epoch: float) -> Spread | None:
        return courses.over_seeds(
            result, lambda seed: quantities.LOSSES[kind](result, seed, f"{epoch:g}")
        )

    reached = [epoch for epoch in epochs if courses.is_reached(result, epoch)]
    return {epoch: Loss(of("train", epoch), of("test", epoch)) for epoch in reached}


def gan_losses(result: Result, epochs: Iterable[float]) -> dict[float, list[Spread | None]]:
    """The losses of `PLAYERS` over those epochs that were reached."""
    return {
        epoch: [
            courses.over_seeds(result, partial(_of_player, result, player, epoch))
            for player in PLAYERS
        ]
        for epoch in epochs
        if courses.is_reached(result, epoch)
    }


def _of_player(result: Result, player: str, epoch: float, seed: int) -> float | None:
    return courses.loss_at(result.history(seed), f"{player}.loss", epoch)


def vae_table(columns: Mapping[str, Column], losses: VaeLosses) -> pd.DataFrame:
    """A row per epoch: `published_`, `train_` and `test_<system>`; empty where not reached."""
    rows = []
    for epoch in columns["vae2"]:
        row: dict[str, float | None] = {"epoch": epoch}
        for name, of_system in losses.items():
            loss = of_system.get(epoch, Loss(None, None))
            if name in columns:
                row[f"published_{name}"] = columns[name].get(epoch)
            row[f"train_{name}"] = courses.mean(loss.train)
            row[f"test_{name}"] = courses.mean(loss.test)
        rows.append(row)
    return pd.DataFrame(rows)


def gan_table(columns: Mapping[str, Column], losses: GanLosses) -> pd.DataFrame:
    """A row per epoch of Table 2: `published_<player>` and `<system>_<player>`."""
    rows = []
    for epoch in columns[PLAYERS[0]]:
        row: dict[str, float | None] = {"epoch": epoch}
        row |= {f"published_{player}": columns[player][epoch] for player in PLAYERS}
        for name, of_system in losses.items():
            found = of_system.get(epoch, [None, None])
            row |= {f"{name}_{p}": courses.mean(v) for p, v in zip(PLAYERS, found, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows)


def late_table(columns: Mapping[str, Column], losses: VaeLosses) -> pd.DataFrame:
    """Means over those of the epochs `LATE` that all depths reached, a row each, in nats."""
    epochs = [epoch for epoch in LATE if all(epoch in losses[name] for name in LAYERS)]
    rows = []
    for name, layers in LAYERS.items():
        own = [losses[name][epoch] for epoch in epochs]
        rows.append(
            {
                "hidden_layers": layers,
                "epochs": " ".join(f"{epoch:g}" for epoch in epochs),
                "published": _mean([columns[name][epoch] for epoch in epochs]),
                "train": _mean([loss.train.mean for loss in own if loss.train]),
                "test": _mean([loss.test.mean for loss in own if loss.test]),
            }
        )
    return pd.DataFrame(rows)


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None
