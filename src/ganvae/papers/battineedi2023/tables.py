"""The tables of battineedi2023: sizes and seconds, errors of the reconstructions, variants."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from ganvae.comparison.summary import Spread, spread
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import written
from ganvae.papers.shared.results import BATCH, Result

READINGS = {
    "mse_signed": "mean squared error per pixel on [-1, 1]",
    "mse_unit": "mean squared error per pixel on [0, 1]",
    "mae_signed": "mean absolute error per pixel on [-1, 1]",
    "mae_unit": "mean absolute error per pixel on [0, 1]",
    "rmse_signed": "root mean squared error per pixel on [-1, 1]",
    "rmse_unit": "root mean squared error per pixel on [0, 1]",
}
METRICS = (
    "fid_classifier",
    "fid_inception",
    "inception_score_classifier",
    "inception_score_inception",
    "class_entropy",
    "sharpness",
    "precision",
    "recall",
    "negative_elbo",
    "reconstruction_mse",
    "active_units",
)


@dataclass(frozen=True)
class Errors:
    """Reconstruction errors of one system: seed -> reading of `READINGS` -> error."""

    seeds: dict[int, dict[str, float]]

    def spread(self, reading: str) -> Spread | None:
        """One reading over the seeds."""
        found = {str(seed): values[reading] for seed, values in self.seeds.items()}
        return spread(found) if found else None


def errors(result: Result, images: Tensor) -> Errors:
    """The errors of every finished seed on test images [M, 1, 28, 28]; none without an encoder."""
    if kind(result) != "VAE":
        return Errors({})
    return Errors(
        {seed: reconstruction_errors(result.networks(seed), images) for seed in result.seeds}
    )


@torch.no_grad()
def reconstruction_errors(networks: nn.ModuleDict, images: Tensor) -> dict[str, float]:
    """How far images are from what the decoder makes of their posterior means.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [M, 1, 28, 28] in [-1, 1].

    Returns:
        Means over images and pixels by the keys of `READINGS`.
    """
    absolute, squared = 0.0, 0.0
    for batch in torch.split(images, BATCH):
        mean, _ = posterior(networks["encoder"](batch))
        difference = (to_images(networks["decoder"](mean)) - batch).double()
        absolute += float(difference.abs().sum())
        squared += float(difference.square().sum())
    mae, mse = absolute / images.numel(), squared / images.numel()
    return {
        "mse_signed": mse, "mse_unit": mse / 4,
        "mae_signed": mae, "mae_unit": mae / 2,
        "rmse_signed": math.sqrt(mse), "rmse_unit": math.sqrt(mse) / 2,
    }  # fmt: skip


def reconstruction_error(errors: Mapping[str, Errors]) -> pd.DataFrame:
    """A row per VAE and seed."""
    rows = [
        {"system": name, "seed": seed, **values}
        for name, of_system in errors.items()
        for seed, values in of_system.seeds.items()
    ]
    return pd.DataFrame(rows, columns=["system", "seed", *READINGS])


def kind(result: Result) -> str:
    """ "GAN" or "VAE"."""
    return "VAE" if result.system.model.startswith("vae") else "GAN"


def settings(result: Result) -> dict[str, Any]:
    """What the variants differ in."""
    params = result.values["models"][result.system.model]
    alternating = result.system.model == "vae_alternating"
    return {
        **result.system.networks.options,
        "latent_dim": result.latent_dim,
        "discriminator_steps": params.get("discriminator_steps"),
        "generator_steps": params.get("generator_steps"),
        "updates": None if kind(result) == "GAN" else "alternating" if alternating else "joint",
    }


def varied(result: Result, base: Result) -> str:
    """In what a system of the same kind differs from the base, in words; empty for the base."""
    if kind(result) != kind(base):
        return ""
    own, read = settings(result), settings(base)
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in own.items() if value != read[name]
    )


def parameters(result: Result) -> float | None:
    """Weights of all its networks."""
    return courses.mean(result.cost("parameters"))


def networks_of(result: Result) -> dict[str, int]:
    """Weights by network, the decoder of a GAN under its own name."""
    if not result.seeds:
        return {}
    found = dict(result.costs(result.seeds[0])["parameters_by_network"])
    if kind(result) == "GAN":
        found["generator"] = found.pop("decoder")
    return found


def sizes_in_words(result: Result) -> str:
    """All weights, and by network."""
    total = parameters(result)
    if total is None:
        return "no seed finished"
    parts = ", ".join(f"{name} {count:,}" for name, count in networks_of(result).items())
    return f"{total:,.0f} weights ({parts})"


def sizes(results: Mapping[str, Result]) -> pd.DataFrame:
    """Weights, seconds and steps of every system, means over the seeds."""
    rows = []
    for name, result in results.items():
        cost = {c: s.mean for c in ("train_seconds", "steps") if (s := result.cost(c))}
        per_epoch = courses.seconds_per_epoch(result)
        rows.append(
            {
                "system": name,
                "seeds": len(result.seeds),
                "parameters": parameters(result),
                **{n: networks_of(result).get(n) for n in ("generator", "discriminator")},
                **{n: networks_of(result).get(n) for n in ("encoder", "decoder")},
                "length": result.block.budget,
                "epochs": courses.epochs(result),
                "device": result.devices,
                **cost,
                "seconds_per_epoch": courses.mean(per_epoch),
                "seconds_per_epoch_std": per_epoch and per_epoch.std,
            }
        )
    return pd.DataFrame(rows)


def customised(results: Mapping[str, Result], errors: Mapping[str, Errors]) -> pd.DataFrame:
    """A row per system: what it varies, its metrics, and its FID at a length that all reached."""
    shortest = {
        k: min(courses.epochs(r) for r in results.values() if kind(r) == k) for k in ("GAN", "VAE")
    }
    rows = []
    for name, result in results.items():
        epoch = shortest[kind(result)]
        mae = errors[name].spread("mae_unit")
        measured = {m: value.mean for m in METRICS if (value := result.metric(m))}
        rows.append(
            {
                "system": name,
                "kind": kind(result),
                "varied": varied(result, results[kind(result).lower()]) or "as read",
                **settings(result),
                "epochs": courses.epochs(result),
                "seeds": len(result.seeds),
                "diverged": result.diverged,
                "collapsed": result.collapsed,
                **measured,
                "reconstruction_mae": courses.mean(mae),
                "common_epoch": epoch,
                "snapshot_fid_classifier": courses.mean(snapshot_of(result, epoch)),
            }
        )
    return pd.DataFrame(rows)


def snapshot_of(result: Result, epoch: float, metric: str = "fid_classifier") -> Spread | None:
    """A metric of the snapshot nearest to an epoch."""

    def of(seed: int) -> float:
        course = courses.snapshots(result, seed)
        nearest = int((course["epoch"] - epoch).abs().to_numpy().argmin())
        return float(course[metric].iloc[nearest])

    return courses.over_seeds(result, of)


def snapshot_in_words(result: Result, epoch: float) -> str:
    """Its classifier-FID in words."""
    return written(snapshot_of(result, epoch), 1)
