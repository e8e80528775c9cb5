"""The report of ghosh2020, "Comparative study between VAE and GAN".

The text prints pictures and no measured number; its claims are those of section 5 on the two pairs
of networks, and of the introduction on the conditional GAN and InfoGAN.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ganvae.judging.judged import read_judged_real
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.ghosh2020 import augmentation, figures, quantities
from ganvae.papers.ghosh2020.codes import Codes
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.results import Report, Results
from ganvae.papers.shared.tables import metrics_table

METRICS = ("fid_classifier", "precision", "sharpness", "image_entropy", "recall", "coverage",
           "class_entropy", "modes", "reconstruction_mse", "negative_elbo", "kl_nats")  # fmt: skip


def report(results: Results, claims: Mapping[str, Claim]) -> Report:
    """All tables and figures of the paper."""
    conditional, info = (
        Codes(results[name], {s: quantities.read(results[name], s) for s in results[name].seeds})
        for name in ("cgan", "infogan")
    )
    added = augmentation.read(results.experiment("augmentation"))
    vaes = {name: results[name] for name in ("vanilla_vae", "vae")}
    order = ("vanilla_gan", "vanilla_vae", "gan", "vae")
    return Report(
        tables={
            "metrics": _with_real(metrics_table(results, METRICS), results["gan"].system.data),
            "conditional_classes": conditional.classes(),
            "infogan_classes": info.classes(),
            "infogan_codes": info.correlations(),
            "augmentation": augmentation.table(added),
        },
        figures={
            "vae_epochs": figures.epochs(vaes),
            "reconstructions": figures.reconstructions(vaes),
            "samples": figures.samples({name: results[name] for name in order}),
            "losses": figures.losses({n: results[n] for n in ("gan", "gan_saturating")}),
            "classes": figures.classes(conditional, info),
            "infogan_continuous": figures.continuous(info),
            "confusion": figures.confusion([conditional, info]),
            "augmentation": augmentation.figure(added),
        },
    )


def _with_real(table: pd.DataFrame, root: Path) -> pd.DataFrame:
    """The table with a row of what the real test images have of the same metrics."""
    judged = read_judged_real(root / "classifier" / "real.safetensors").test
    entropy = float(image_entropy(judged.probabilities).mean())
    real = {"system": "real test images", "sharpness": 1.0, "image_entropy": entropy}
    return pd.concat([table, pd.DataFrame([real])], ignore_index=True)
