"""The report of parakatta2023, "VAE v/s GAN, a case study".

A survey without experiments of its own: its claims are those of its sections on autoencoders, on
the balance of a GAN, and of "Similarities between VAE and GAN", where it reports another study.
"""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from ganvae.papers.parakatta2023 import experiments, figures, latent, quantities
from ganvae.papers.parakatta2023 import sets as both
from ganvae.papers.parakatta2023.latent import Measured
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.courses import last_tenth
from ganvae.papers.shared.results import Report, Result, Results
from ganvae.papers.shared.tables import metrics_table

METRICS = ("fid_classifier", "precision", "coverage", "recall", "sharpness", "image_entropy",
           "class_entropy", "modes", "reconstruction_mse", "negative_elbo")  # fmt: skip


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """All tables and figures of the paper."""

    @cache
    def sets() -> both.Sets:
        results.ask("study")
        return both.read(results)

    @cache
    def anomaly(name: str) -> pd.DataFrame:
        return experiments.read_anomaly(results.experiment(name))

    @cache
    def denoised() -> pd.DataFrame:
        return experiments.read_denoising(results.experiment("noise_removal"))

    @cache
    def compressed() -> pd.DataFrame:
        return experiments.read_compression(results.experiment("compression"))

    both_anomalies = ("anomaly", "anomaly_other_set")
    return Report(
        systems={
            "metrics": lambda: _metrics(results.asked),
            "codes": lambda: latent.table(_codes(results.asked)),
        },
        tables={
            "data_sets": lambda: both.table(sets()),
            "fid_and_sharpness": lambda: both.agreement(sets().named()),
            "learning_rates": lambda: rates_table(results.named("gan", "gan_balanced")),
            "anomaly": lambda: pd.concat(map(anomaly, both_anomalies))
            .groupby(["digit", "score"])["auroc"]
            .agg(mean="mean", std="std", seeds="count").reset_index(),
            "denoising": lambda: denoised().groupby(["method", "noise"])["mse"]
            .agg(mean="mean", std="std").reset_index(),
            "compression": lambda: compressed().groupby(["method", "size", "format"])[
                ["bytes", "payload", "mse"]].mean().reset_index(),
        },
        figures={
            "samples": lambda: figures.samples(results.named("ae", "vae")),
            "reconstructions": lambda: figures.reconstructions(_codes(results.named("ae", "vae"))),
            "latent_space": lambda: figures.latent_space(_codes(results.named(*figures.LATENT))),
            "learning_rates": lambda: figures.rates(results.named("gan", "gan_balanced")),
            "fashion_samples": lambda: figures.fashion_samples(results, both.MODELS),
            "data_sets": lambda: figures.data_sets(sets()),
            "anomaly": lambda: figures.anomaly(*map(anomaly, both_anomalies)),
            "denoising": lambda: figures.denoising(denoised()),
            "denoised_images": lambda: figures.denoised_images(
                results.experiment("noise_removal")),
            "compression": lambda: figures.compression(compressed()),
        },
    )  # fmt: skip


def _codes(results: Mapping[str, Result]) -> dict[str, Measured]:
    """The codes of MNIST's autoencoders and VAEs."""
    return {
        name: Measured(result, {seed: quantities.codes(result, seed) for seed in result.seeds})
        for name, result in results.items()
        if result.system.model in ("ae", "vae") and result.system.data.name == "mnist"
    }


def _metrics(results: Mapping[str, Result]) -> pd.DataFrame:
    """The systems' metrics; also the plain autoencoders' errors, which evaluation leaves out.

    It takes for an encoder what has a likelihood.
    """
    table = metrics_table(results, METRICS)
    for name, measured in _codes(results).items():
        own = table["system"] == name
        if (value := measured.of("mse")) and bool(
            table.loc[own, "reconstruction_mse"].isna().all()
        ):
            table.loc[own, "reconstruction_mse"] = value.mean
            table.loc[own, "reconstruction_mse_std"] = value.std
    return table


def rates_table(gans: Mapping[str, Result]) -> pd.DataFrame:
    """One row per system and seed: multipliers of the rate, the late accuracy and losses, FID."""
    rows = []
    for name, result in gans.items():
        params = result.values["models"]["gan"]
        records = ("discriminator.accuracy", "discriminator.loss", "generator.loss")
        for seed in result.seeds:
            row: dict[str, object] = {"system": name, "seed": seed}
            for network in ("generator", "discriminator"):
                row[f"{network}_rate"] = (
                    params[network]["lr_multiplier"] * result.values["train"]["lr"]
                )
            row |= {record: last_tenth(result, seed, record) for record in records}
            row["fid_classifier"] = result.number(seed, "fid_classifier")
            rows.append(row)
    return pd.DataFrame(rows)
