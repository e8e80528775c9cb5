"""The report of parakatta2023, "VAE v/s GAN, a case study".

A survey without experiments of its own: its claims are those of its sections on autoencoders, on
the balance of a GAN, and of "Similarities between VAE and GAN", where it reports another study.
The verdicts' rules stand with the functions that apply them, here and in the modules imported.
"""

from collections.abc import Mapping

import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.papers.parakatta2023 import experiments, fashion, figures, latent
from ganvae.papers.parakatta2023 import sets as both
from ganvae.papers.parakatta2023.latent import Measured
from ganvae.papers.shared.courses import late
from ganvae.papers.shared.findings import Finding, Report, if_true, written
from ganvae.papers.shared.results import Result, Results, of_seeds
from ganvae.papers.shared.rules import every, larger, unrefuted
from ganvae.papers.shared.tables import metrics_table

BALANCED = 0.5  # accuracy of a discriminator that cannot tell
WHERE = "(Autoencoders and Variational Autoencoders)"
PRIOR = ("fid_classifier", "precision", "coverage")
METRICS = (*PRIOR, "recall", "sharpness", "image_entropy", "class_entropy", "modes",
           "reconstruction_mse", "negative_elbo")  # fmt: skip


def report(results: Results) -> Report:
    """All rows, tables and figures of the paper."""
    coded = {name: r for name, r in results.items() if r.system.model in ("ae", "vae")}
    codes = latent.all_of(
        {n: r for n, r in coded.items() if r.system.data == results["ae"].system.data}
    )
    sets = both.read(results)
    digits = experiments.read_anomaly(results.experiment("anomaly"))
    other = experiments.read_anomaly(results.experiment("anomaly_other_set"))
    noisy = results.experiment("noise_removal")
    denoised = experiments.read_denoising(noisy)
    compressed = experiments.read_compression(results.experiment("compression"))
    pair = {name: results[name] for name in ("ae", "vae")}
    gans = {name: results[name] for name in ("gan", "gan_balanced")}
    return Report(
        findings=[
            *autoencoders(codes["ae"], codes["vae"]),
            *rates(results["gan"], results["gan_balanced"]),
            *fashion.findings(results, sets),
            *experiments.anomaly(digits, other),
            *experiments.denoising(denoised),
            *experiments.compression(compressed),
        ],
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


def autoencoders(ae: Measured, vae: Measured) -> list[Finding]:
    """The plain autoencoder beside the VAE of the same networks."""
    systems = [ae.result, vae.result]
    prior = "; ".join(
        f"{r.system.model.upper()}: "
        + ", ".join(f"{m.partition('_')[0]} {written(r.metric(m))}" for m in PRIOR)
        for r in systems
    )
    far = [m.of("from_prior") for m in (ae, vae)]
    same = [m.of("same_class") for m in (ae, vae)]
    mse = [m.of("mse") for m in (ae, vae)]
    return [
        Finding(
            f"reconstruction alone: the autoencoder reconstructs better than the VAE {WHERE}",
            systems, "the VAE adds a regularization term",
            f"test MSE per pixel: {_both(mse, 5)}", "no claim",
            "without sampling, from the mean half of the encoder's output",
        ),
        Finding(
            f"the VAE, not the autoencoder, generates new data from the prior {WHERE}", systems,
            "VAE", prior, if_true(generates(vae.result, ae.result)),
            "holds with the better FID, precision and coverage; precision does not count where all "
            "seeds collapsed",
        ),
        Finding(
            f"the autoencoder's latent space is randomly distributed, the VAE's normal {WHERE}",
            systems, "disorganized", f"distance to N(0, I) per dimension: {_both(far)}",
            if_true(larger(far[0], far[1])),
            "squared 2-Wasserstein distance; a VAE's codes are samples of q(z | x)",
        ),
        Finding(
            f"the autoencoder's latent space is disorganized, the VAE's ordered {WHERE}", systems,
            "disorganized",
            f"of the {latent.NEIGHBOURS} nearest codes are of the same class: {_both(same)}",
            if_true(larger(same[1], same[0])),
            "another reading: ordered by class",
        ),
    ]  # fmt: skip


def generates(better: Result, worse: Result) -> bool | None:
    """Whether samples of the prior are better in all of FID, precision and coverage.

    But for precision where all seeds of one collapsed: a single image gives it any value.
    """
    fid, precision, coverage = ((better.metric(m), worse.metric(m)) for m in PRIOR)
    votes = [larger(fid[1], fid[0]), larger(*coverage)]
    if not (better.all_collapsed or worse.all_collapsed):
        votes.append(larger(*precision))
    return every(votes)


def _both(values: list[Spread | None], digits: int = 3) -> str:
    return f"AE {written(values[0], digits)}, VAE {written(values[1], digits)}"


def imbalance(result: Result) -> Spread | None:
    """How far the discriminator's accuracy is from 1/2 over the last tenth, 0 to 1/2."""
    found = late(result, "discriminator.accuracy")
    return found and of_seeds({int(s): abs(v - BALANCED) for s, v in found.seeds.items()})


def rates(gan: Result, balanced: Result) -> list[Finding]:
    """ "Adjusting the learning rates of both networks can mitigate these issues"."""
    accuracy = [late(r, "discriminator.accuracy") for r in (gan, balanced)]
    fid = [r.metric("fid_classifier") for r in (gan, balanced)]
    what = "a lower rate of the discriminator"
    where = "(Generative Adversarial Networks)"
    return [
        Finding(
            f"{what} mitigates the imbalance {where}", [gan, balanced], "can mitigate",
            f"discriminator's accuracy over the last tenth: {written(accuracy[0])} at equal rates, "
            f"{written(accuracy[1])} at half of it",
            if_true(larger(imbalance(gan), imbalance(balanced))), "balanced: nearer to 1/2",
        ),
        Finding(
            f"{what} improves the images {where}", [gan, balanced], "can mitigate",
            f"FID {written(fid[0], 2)} at equal rates, {written(fid[1], 2)} at half of it",
            if_true(unrefuted(larger(fid[0], fid[1]))), "by FID; one lower rate cannot refute it",
        ),
    ]  # fmt: skip


def rates_table(gans: Mapping[str, Result]) -> pd.DataFrame:
    """One row per system and seed: multipliers of the rate, the late accuracy and losses, FID."""
    rows = []
    for name, result in gans.items():
        params = result.values["models"]["gan"]
        records = ("discriminator.accuracy", "discriminator.loss", "generator.loss")
        values = {record: late(result, record) for record in records}
        values["fid_classifier"] = result.metric("fid_classifier")
        for seed in result.seeds:
            row: dict[str, object] = {"system": name, "seed": seed}
            for network in ("generator", "discriminator"):
                row[f"{network}_rate"] = (
                    params[network]["lr_multiplier"] * result.values["train"]["lr"]
                )
            row |= {key: v.seeds.get(str(seed)) for key, v in values.items() if v}
            rows.append(row)
    return pd.DataFrame(rows)
