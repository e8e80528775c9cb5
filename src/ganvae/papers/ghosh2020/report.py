"""The report of ghosh2020, "Comparative study between VAE and GAN".

The text prints pictures and no measured number; its claims are those of section 5 on the two pairs
of networks, and of the introduction on the conditional GAN and InfoGAN.
"""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from ganvae.judging.judged import read_judged_real
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.ghosh2020 import augmentation, figures, quantities
from ganvae.papers.ghosh2020.codes import Codes
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Result, Results
from ganvae.papers.shared.tables import metrics_table

METRICS = ("fid_classifier", "precision", "sharpness", "image_entropy", "recall", "coverage",
           "class_entropy", "modes", "reconstruction_mse", "negative_elbo", "kl_nats")  # fmt: skip


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """All tables and figures of the paper."""

    @cache
    def codes(name: str) -> Codes:
        result = results[name]
        return Codes(result, {seed: quantities.read(result, seed) for seed in result.seeds})

    @cache
    def added() -> pd.DataFrame:
        return augmentation.read(results.experiment("augmentation"))

    return Report(
        systems={"metrics": lambda: _metrics(results.asked)},
        tables={
            "conditional_classes": lambda: codes("cgan").classes(),
            "infogan_classes": lambda: codes("infogan").classes(),
            "infogan_codes": lambda: codes("infogan").correlations(),
            "augmentation": lambda: augmentation.table(added()),
        },
        figures={
            "vae_epochs": lambda: figures.epochs(results.named("vanilla_vae", "vae")),
            "reconstructions": lambda: figures.reconstructions(results.named("vanilla_vae", "vae")),
            "samples": lambda: figures.samples(
                results.named("vanilla_gan", "vanilla_vae", "gan", "vae")
            ),
            "losses": lambda: figures.losses(results.named("gan", "gan_saturating")),
            "classes": lambda: figures.classes(codes("cgan"), codes("infogan")),
            "infogan_continuous": lambda: figures.continuous(codes("infogan")),
            "confusion": lambda: figures.confusion([codes("cgan"), codes("infogan")]),
            "augmentation": lambda: augmentation.figure(added()),
        },
    )


def _metrics(results: Mapping[str, Result]) -> pd.DataFrame:
    """The systems' metrics, and a row of what the real test images have of the same ones."""
    table = metrics_table(results, METRICS)
    if table.empty:
        return table
    root = next(iter(results.values())).system.data
    judged = read_judged_real(root / "classifier" / "real.safetensors").test
    entropy = float(image_entropy(judged.probabilities).mean())
    real = {"system": "real test images", "sharpness": 1.0, "image_entropy": entropy}
    return pd.concat([table, pd.DataFrame([real])], ignore_index=True)
