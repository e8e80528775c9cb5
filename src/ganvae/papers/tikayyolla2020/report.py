"""tikayyolla2020, "Comparative Analysis of GAN and VAE": what of it holds here."""

from collections.abc import Mapping

import pandas as pd

from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Results
from ganvae.papers.tikayyolla2020 import figures, losses, training
from ganvae.papers.tikayyolla2020.training import PLAYERS

VAES = ("vae2", "vae3", "vae4", "vae2_latent_3", "vae2_latent_10", "vae2_full_batch")
GANS = ("gan", "gan_relu")


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """Tables and figures of the paper's systems."""
    columns = {name: losses.published(claims, name) for name in (*losses.LAYERS, *PLAYERS)}
    vae = {name: losses.vae_losses(results[name], columns["vae2"]) for name in VAES}
    gan = {name: losses.gan_losses(results[name], columns[PLAYERS[0]]) for name in GANS}
    accuracy = [training.accuracy_table(name, results[name]) for name in GANS]
    return Report(
        {
            "vae_losses": losses.vae_table(columns, vae),
            "vae_losses_late": losses.late_table(columns, vae),
            "gan_losses": losses.gan_table(columns, gan),
            "batches": training.batches(results),
            "accuracy": pd.concat(accuracy, ignore_index=True),
            "systems": training.systems(results),
        },
        {
            "vae_samples": figures.vae_samples(results["vae2"]),
            "gan_samples": figures.gan_samples(results["gan"]),
            "side_by_side": figures.side_by_side(results),
            "vae_losses": figures.vae_losses(results, columns, vae),
            "gan_losses": figures.gan_losses(results, columns),
            "accuracy": figures.accuracy(results),
            "batches": figures.batches(results),
        },
    )
