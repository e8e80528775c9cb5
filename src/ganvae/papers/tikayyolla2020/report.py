"""tikayyolla2020, "Comparative Analysis of GAN and VAE": what of it holds here."""

import pandas as pd

from ganvae.core import imageset
from ganvae.papers.shared.findings import Report
from ganvae.papers.shared.results import Results
from ganvae.papers.tikayyolla2020 import figures, losses, training
from ganvae.papers.tikayyolla2020 import gan as of_gan
from ganvae.papers.tikayyolla2020 import vae as of_vae

VAES = ("vae2", "vae3", "vae4", "vae2_latent_3", "vae2_latent_10", "vae2_full_batch")
GANS = ("gan", "gan_relu")


def report(results: Results) -> Report:
    """Findings, tables and figures of the paper's systems."""
    root = results["vae2"].system.data
    images, _ = imageset.load(root / "processed" / "test.safetensors")
    epochs = list(losses.VAE_LOSS["vae2"])
    vae = {name: losses.vae_losses(results[name], images, epochs) for name in VAES}
    gan = {name: losses.gan_losses(results[name], losses.GAN_LOSS) for name in GANS}
    found = [
        *losses.vae_rows(results, vae),
        *losses.gan_rows(results["gan"], gan["gan"]),
        *of_vae.claims(results, vae),
        *of_gan.of_the_gan(results),
        *of_gan.of_both(results),
    ]
    accuracy = [training.accuracy_table(name, results[name]) for name in GANS]
    return Report(
        found,
        {
            "vae_losses": losses.vae_table(vae, epochs),
            "vae_losses_late": losses.late_table(vae),
            "gan_losses": losses.gan_table(gan),
            "batches": training.batches(results),
            "accuracy": pd.concat(accuracy, ignore_index=True),
            "systems": training.systems(results),
        },
        {
            "vae_samples": figures.vae_samples(results["vae2"]),
            "gan_samples": figures.gan_samples(results["gan"]),
            "side_by_side": figures.side_by_side(results),
            "vae_losses": figures.vae_losses(results, vae),
            "gan_losses": figures.gan_losses(results),
            "accuracy": figures.accuracy(results),
            "batches": figures.batches(results),
        },
    )
