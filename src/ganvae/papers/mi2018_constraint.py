"""What mi2018 says of the constrained VAE-GAN, section 4, each beside what was measured here."""

from collections.abc import Mapping

import pandas as pd

from ganvae.papers.findings import Finding, agreed, greater, if_true, listed, written
from ganvae.papers.mi2018_judge import CERTAIN, Judge
from ganvae.papers.results import Results

OPTIONS = ("cvaegan_per_image", "cvaegan_on_reconstructions", "cvaegan")


def findings(results: Results, judge: Judge, maps: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """The rows of section 4.

    Args:
        results: the paper's systems.
        judge: the two-layer classifier's view of them.
        maps: networks -> `map.csv` of `ganvae.experiments.map`.
    """
    rows = [*_constraint(results, judge), *_training(results)]
    return [*rows, *(best(networks, measured) for networks, measured in maps.items())]


def _constraint(results: Results, judge: Judge) -> list[Finding]:
    pair = [results["cvaegan"], results["vaegan"]]
    more = (judge.certain("cvaegan"), judge.certain("vaegan"))
    steadier = (judge.unsteadiness("vaegan"), judge.unsteadiness("cvaegan"))
    options = [results[name] for name in OPTIONS]
    return [
        Finding(
            "the constrained VAE-GAN has more images of low entropy than the VAE-GAN "
            "(section 4.2, Fig. 8)",
            pair, "more", f"share below {CERTAIN} nats: {written(more[0])} and {written(more[1])}",
            if_true(greater(*more)), "lambda and d are not given", question=5,
        ),
        Finding(
            "its image quality is more stable (section 4.2)", pair, "more stable",
            "standard deviation of the entropy over the images: "
            f"{written(steadier[1])} and {written(steadier[0])} nats",
            if_true(greater(*steadier)), "lambda and d are not given", question=5,
        ),
        Finding(
            "the hinge per image, L_gan on reconstructions, and as read", options, "not said",
            "FID " + ", ".join(written(r.metric("fid_classifier"), 1) for r in options),
            "no claim", question=5,
        ),
    ]  # fmt: skip


def _training(results: Results) -> list[Finding]:
    result = results["vaegan"]
    ratios = [growth(result.history(seed)) for seed in result.seeds]
    return [
        Finding(
            "L_gan might dominate, since it strengthens over iterations (section 4.1)", [result],
            "strengthens",
            "share of L_gan's gradient in both, last tenth over first: "
            f"{listed(ratios)}",
            if_true(agreed(ratios, 1.0)), question=5,
        )
    ]  # fmt: skip


def growth(history: pd.DataFrame) -> float:
    """How L_gan's share of the decoder's two gradient norms changes: last tenth over first."""
    gan, vae = history["autoencoder.l_gan_gradient"], history["autoencoder.l_vae_gradient"]
    share = (gan / (gan + vae)).dropna()
    tenth = max(1, len(share) // 10)
    return float(share[-tenth:].mean() / share[:tenth].mean())


def best(networks: str, measured: pd.DataFrame) -> Finding:
    """Where on a map the Frechet distance is lowest, beside d <= 0: no constraint, a VAE-GAN.

    Args:
        networks: on which the map was made.
        measured: columns lambda, d, fid_classifier, state and, with several, hinge and l_gan_on.
    """
    keys = [key for key in ("hinge", "l_gan_on", "lambda", "d") if key in measured]
    finished = measured[measured["state"] == "finished"]
    cells = finished.groupby(keys)["fid_classifier"].agg(["mean", "std", "count"]).reset_index()
    bound, free = cells[cells["d"] > 0], cells[cells["d"] <= 0]
    text = "no seed finished"
    if len(bound) and len(free):
        text = f"lowest FID with it {_cell(bound, keys)}, without it (d <= 0) {_cell(free, keys)}"
    return Finding(
        f"for which lambda and d the constraint helps, on {networks}", [], "not given", text,
        "no claim", f"map over lambda and d, {int(measured['seed'].nunique())} seeds a point",
        question=5,
    )  # fmt: skip


def _cell(cells: pd.DataFrame, keys: list[str]) -> str:
    lowest = cells.iloc[int(cells["mean"].to_numpy().argmin())]
    where = ", ".join(f"{key} {lowest[key]}" for key in keys)
    return f"{lowest['mean']:.1f} ± {lowest['std']:.1f} ({where})"
