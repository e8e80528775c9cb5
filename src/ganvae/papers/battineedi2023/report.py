"""battineedi2023, "CAP6610 Project Report": what of it holds here.

Differs from the text because it gives no network for FID and Inception Score: Inception where its
features were taken (`fid_inception`), and this project's classifier always.
"""

from collections.abc import Mapping

from ganvae.core import imageset
from ganvae.papers.battineedi2023 import figures, tables
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Results

EPOCHS = (10, 20, 50)  # Figs. 1 and 2


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """Tables and figures of the paper's systems."""
    vae = results["vae"]
    images, labels = imageset.load(vae.system.data / "processed" / "test.safetensors")
    return Report(
        {
            "sizes": tables.sizes(results),
            "customised": tables.customised(results),
            "reconstruction_error": tables.reconstruction_error(results),
        },
        {
            "gan_epochs": figures.gan_epochs(results["gan"], EPOCHS),
            "gan_training": figures.gan_training(results),
            "latent_space": figures.latent_space(vae, images, labels, EPOCHS),
            "vae_samples": figures.vae_samples(vae),
            "customised_samples": figures.customised_samples(results),
            "latent_sizes": figures.latent_sizes(results),
        },
    )
