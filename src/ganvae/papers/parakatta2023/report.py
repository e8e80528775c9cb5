"""The report of parakatta2023, "VAE v/s GAN, a case study".

A survey without experiments of its own: its claims are those of its sections on autoencoders, on
the balance of a GAN, and of "Similarities between VAE and GAN", where it reports another study.
"""

from collections.abc import Mapping

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
    coded = {name: r for name, r in results.items() if r.system.model in ("ae", "vae")}
    codes = {
        name: Measured(result, {seed: quantities.codes(result, seed) for seed in result.seeds})
        for name, result in coded.items()
        if result.system.data == results["ae"].system.data
    }
    sets = both.read(results)
    digits = experiments.read_anomaly(results.experiment("anomaly"))
    other = experiments.read_anomaly(results.experiment("anomaly_other_set"))
    noisy = results.experiment("noise_removal")
    denoised = experiments.read_denoising(noisy)
    compressed = experiments.read_compression(results.experiment("compression"))
    pair = {name: results[name] for name in ("ae", "vae")}
    gans = {name: results[name] for name in ("gan", "gan_balanced")}
    return Report(
        tables={
            "metrics": _with_codes(metrics_table(results, METRICS), codes),
            "codes": latent.table(codes),
            "data_sets": both.table(sets),
            "fid_and_sharpness": both.agreement(sets.named()),
            "learning_rates": rates_table(gans),
            "anomaly": pd.concat([digits, other]).groupby(["digit", "score"])["auroc"]
            .agg(mean="mean", std="std", seeds="count").reset_index(),
            "denoising": denoised.groupby(["method", "noise"])["mse"]
            .agg(mean="mean", std="std").reset_index(),
            "compression": compressed.groupby(["method", "size", "format"])[
                ["bytes", "payload", "mse"]].mean().reset_index(),
        },
        figures={
            "samples": figures.samples(pair),
            "reconstructions": figures.reconstructions({name: codes[name] for name in pair}),
            "latent_space": figures.latent_space(codes),
            "learning_rates": figures.rates(gans),
            "fashion_samples": figures.fashion_samples(results, both.MODELS),
            "data_sets": figures.data_sets(sets),
            "anomaly": figures.anomaly(digits, other),
            "denoising": figures.denoising(denoised),
            "denoised_images": figures.denoised_images(noisy),
            "compression": figures.compression(compressed),
        },
    )  # fmt: skip


def _with_codes(table: pd.DataFrame, codes: Mapping[str, Measured]) -> pd.DataFrame:
    """The table with the plain autoencoders' reconstruction errors, which evaluation leaves out.

    It takes for an encoder what has a likelihood.
    """
    for name, measured in codes.items():
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
