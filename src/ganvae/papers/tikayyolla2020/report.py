"""tikayyolla2020, "Comparative Analysis of GAN and VAE": what of it holds here."""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Results
from ganvae.papers.tikayyolla2020 import figures, losses, training
from ganvae.papers.tikayyolla2020.losses import GanLosses, VaeLosses
from ganvae.papers.tikayyolla2020.training import PLAYERS

VAES = ("vae2", "vae3", "vae4", "vae2_latent_3", "vae2_latent_10", "vae2_full_batch")
GANS = ("gan", "gan_relu")


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """Tables and figures of the paper's systems."""
    columns = {name: losses.published(claims, name) for name in (*losses.LAYERS, *PLAYERS)}

    @cache
    def vae() -> VaeLosses:
        return {name: losses.vae_losses(results[name], columns["vae2"]) for name in VAES}

    def gan() -> GanLosses:
        return {name: losses.gan_losses(results[name], columns[PLAYERS[0]]) for name in GANS}

    def accuracy() -> pd.DataFrame:
        found = [training.accuracy_table(name, results[name]) for name in GANS]
        return pd.concat(found, ignore_index=True)

    return Report(
        systems={"systems": lambda: training.systems(results.asked)},
        tables={
            "vae_losses": lambda: losses.vae_table(columns, vae()),
            "vae_losses_late": lambda: losses.late_table(columns, vae()),
            "gan_losses": lambda: losses.gan_table(columns, gan()),
            "batches": lambda: training.batches(results),
            "accuracy": accuracy,
        },
        figures={
            "vae_samples": lambda: figures.vae_samples(results["vae2"]),
            "gan_samples": lambda: figures.gan_samples(results["gan"]),
            "side_by_side": lambda: figures.side_by_side(results),
            "vae_losses": lambda: figures.vae_losses(results, columns, vae()),
            "gan_losses": lambda: figures.gan_losses(results, columns),
            "accuracy": lambda: figures.accuracy(results),
            "batches": lambda: figures.batches(results),
        },
    )
