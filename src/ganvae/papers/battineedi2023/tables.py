"""The tables of battineedi2023: sizes and seconds, errors of the reconstructions, variants."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from ganvae.papers.battineedi2023 import quantities
from ganvae.papers.battineedi2023.quantities import READINGS, kind
from ganvae.papers.shared import courses
from ganvae.papers.shared.results import Result

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


def reconstruction_error(results: Mapping[str, Result]) -> pd.DataFrame:
    """A row per VAE and seed."""
    rows = [
        {"system": name, "seed": seed, **errors}
        for name, result in results.items()
        for seed in result.seeds
        if (errors := quantities.errors(result, seed))
    ]
    return pd.DataFrame(rows, columns=["system", "seed", *READINGS])


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


def sizes(results: Mapping[str, Result]) -> pd.DataFrame:
    """Weights, seconds and steps of every system, means over the seeds."""
    rows = []
    for name, result in results.items():
        cost = {c: s.mean for c in ("train_seconds", "steps") if (s := result.cost(c))}
        per_epoch = courses.over_seeds(result, partial(courses.seconds_per_epoch, result))
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


def customised(results: Mapping[str, Result]) -> pd.DataFrame:
    """A row per system: what it varies, its metrics, and its FID at a length that all reached."""
    rows = []
    for name, result in results.items():
        mae = courses.over_seeds(result, partial(quantities.QUANTITIES["mae_unit"], result))
        fid = courses.over_seeds(result, partial(quantities.fid_at_common_epoch, result))
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
                "common_epoch": quantities.common_epoch(result),
                "snapshot_fid_classifier": courses.mean(fid),
            }
        )
    return pd.DataFrame(rows)
