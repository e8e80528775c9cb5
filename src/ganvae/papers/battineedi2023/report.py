"""battineedi2023, "CAP6610 Project Report": what of it holds here.

Differs from the text because it gives no network for FID and Inception Score: Inception where its
features were taken (`fid_inception`), and this project's classifier always.
"""

from collections.abc import Mapping

from matplotlib.figure import Figure

from ganvae.core import imageset
from ganvae.papers.battineedi2023 import figures, tables
from ganvae.papers.battineedi2023.quantities import kind
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Results

EPOCHS = (10, 20, 50)  # Figs. 1 and 2


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """Tables and figures of the paper's systems."""

    def latent_space() -> Figure:
        vae = results["vae"]
        images, labels = imageset.load(vae.system.data / "processed" / "test.safetensors")
        return figures.latent_space(vae, images, labels, EPOCHS)

    def gan_training() -> Figure:
        gans = [name for name, result in results.all.items() if kind(result) == "GAN"]
        return figures.gan_training(results.named(*gans))

    return Report(
        systems={
            "sizes": lambda: tables.sizes(results.asked),
            "reconstruction_error": lambda: tables.reconstruction_error(results.asked),
        },
        tables={"customised": lambda: tables.customised(results)},
        figures={
            "gan_epochs": lambda: figures.gan_epochs(results["gan"], EPOCHS),
            "gan_training": gan_training,
            "latent_space": latent_space,
            "vae_samples": lambda: figures.vae_samples(results["vae"]),
            "customised_samples": lambda: figures.customised_samples(results),
            "latent_sizes": lambda: figures.latent_sizes(results),
        },
    )
