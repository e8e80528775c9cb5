"""What parakatta2023 says autoencoders and VAEs are good for: its rows and readers of the tables.

Anomaly detection (VAEs), denoising, dimensionality reduction and compression (autoencoders).
"""

from pathlib import Path

import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.papers.shared.findings import Finding, experiment, if_true, written
from ganvae.papers.shared.results import of_seeds
from ganvae.papers.shared.rules import above, larger, opposite, unrefuted
from ganvae.papers.shared.tables import read_table

USEFUL = 0.8  # AUROC: an anomaly scores above a normal image in four of five pairs
SCORES = {"negative_elbo": "-ELBO", "reconstruction_mse": "reconstruction error"}
REASON = "reconstruction_mse"  # the claim's: what was not seen is not reconstructed
METHODS = {"autoencoder": "autoencoder", "vae": "VAE", "pca": "PCA", "jpeg": "JPEG"}
STORED = "float32"  # the number format of the codes that verdicts are on
WHERE = "(Application of Variational Autoencoders)"


def read_anomaly(folder: Path) -> pd.DataFrame:
    """`auroc.csv`: digit (-1: another set's images), seed, score (key of `SCORES`), auroc."""
    wanted = ("left_out", "seed", "score", "auroc")
    found = read_table(folder / "auroc.csv", wanted)[list(wanted)].dropna(subset=["auroc"])
    found.columns = pd.Index(["digit", "seed", "score", "auroc"])
    return found.assign(digit=found["digit"].fillna(-1).astype(int))


def read_denoising(folder: Path) -> pd.DataFrame:
    """`denoising.csv`: noise (std on [-1, 1]), method, seed, mse (per pixel on [0, 1]).

    `method` is "noisy", "clipped", "<filter> <window>" or "autoencoder <noise in training>".
    """
    wanted = ("noise", "method", "train_noise", "window", "seed", "mse")
    found = read_table(folder / "denoising.csv", wanted)[list(wanted)].dropna(subset=["mse"])
    settings = found["train_noise"].fillna(found["window"])
    named = zip(found["method"], settings, strict=True)
    names = [m if pd.isna(setting) else f"{m} {setting:g}" for m, setting in named]
    return found.assign(method=names)[["noise", "method", "seed", "mse"]]


def read_compression(folder: Path) -> pd.DataFrame:
    """`compression.csv`: method (key of `METHODS`), size, bytes, payload, mse, seed, format.

    `size` is the numbers of a code, or JPEG's quality; `bytes` the mean per image and `payload`
    that without what every file repeats; `format` that of the numbers, empty for JPEG.
    """
    wanted = (
        "method", "code_size", "quality", "number_format", "seed", "bytes_per_image",
        "header_bytes", "mse",
    )  # fmt: skip
    found = read_table(folder / "compression.csv", wanted).dropna(subset=["mse"])
    return pd.DataFrame(
        {
            "method": found["method"],
            "size": found["code_size"].fillna(found["quality"]).astype(int),
            "bytes": found["bytes_per_image"].astype(float),
            "payload": (found["bytes_per_image"] - found["header_bytes"]).astype(float),
            "mse": found["mse"].astype(float),
            "seed": found["seed"],
            "format": found["number_format"].fillna(""),
        }
    )


def detection(found: pd.DataFrame, score: str) -> Spread | None:
    """AUROC of a score by seed, the mean over the digits."""
    own = found[found["score"] == score].groupby("seed")["auroc"].mean()
    return of_seeds({int(str(seed)): value for seed, value in own.items()})


def anomaly(digits: pd.DataFrame, other: pd.DataFrame) -> list[Finding]:
    """Useful where AUROC by the reconstruction error lies above `USEFUL` (t test over seeds)."""
    rows = []
    for name, title, found in (
        ("anomaly", "a digit left out of training", digits),
        ("anomaly_other_set", "another set's images", other),
    ):
        values = {score: detection(found, score) for score in SCORES}
        words = ", ".join(f"{SCORES[s]} {written(value)}" for s, value in values.items())
        own = found[found["score"] == REASON].groupby("digit")["auroc"].mean()
        if len(own) > 1:
            words += f"; by digit {own.min():.3f} ({own.idxmin()}) to {own.max():.3f}"
        rows.append(
            Finding(
                f"VAEs are useful for anomaly detection: {title} {WHERE}",
                [], "particularly useful", f"AUROC {words}",
                if_true(above(values[REASON], USEFUL)),
                f"useful: above {USEFUL:g} by the reconstruction error",
                source=experiment(f"parakatta2023_{name}", found),
            )
        )  # fmt: skip
    return rows


def by_seed(found: pd.DataFrame) -> Spread | None:
    """The column mse over the seeds; one value without a spread for a method without seeds."""
    seeds = found["seed"].fillna(0).astype(int)
    return of_seeds(dict(zip(seeds, found["mse"], strict=True)))


def denoises(found: pd.DataFrame) -> tuple[bool | None, str]:
    """Whether autoencoders take noise out: lower error than the input at the noise of training.

    Judged is the one trained with the most noise, against the input cut off at the ends of the
    range where that is better.

    Returns:
        The verdict, and the numbers at every noise in words.
    """
    coders = [m for m in found["method"].unique() if m.startswith("autoencoder")]
    if not coders:
        return None, "no autoencoder finished"
    chosen = max(coders, key=lambda name: float(name.split()[1]))
    verdict, words = None, []
    for noise, own in found.groupby("noise"):
        value = by_seed(own[own["method"] == chosen])
        inputs = own[own["method"].isin(["noisy", "clipped"])]["mse"].min()
        rest = own[~own["method"].isin([*coders, "noisy", "clipped"])]
        best = f", best filter {rest['mse'].min():.4f}" if len(rest) else ""
        if noise == float(chosen.split()[1]):
            verdict = opposite(above(value, float(inputs)))
        words.append(f"{noise:g}: {written(value, 4)}, input {inputs:.4f}{best}")
    return verdict, f"MSE of {chosen} at noise " + "; ".join(words)


def denoising(found: pd.DataFrame) -> list[Finding]:
    """Autoencoders for denoising."""
    condition, words = denoises(found)
    return [
        Finding(
            f"autoencoders find application in image denoising {WHERE}",
            [], "yes", words, if_true(condition),
            "denoises: below the input's error at the noise that it was trained with",
            source=experiment("parakatta2023_noise_removal", found),
        )
    ]  # fmt: skip


def rivals(found: pd.DataFrame, other: str) -> list[tuple[int, Spread | None, Spread | None]]:
    """For each code size the autoencoder's error, and what `other` can do with no more.

    For PCA that is the same number of components; for JPEG, whose sizes are others, the lowest
    error among the qualities whose files are not larger, None where all are. Headers are left
    out: every file repeats them, as every code needs the same decoder.
    """
    stored = found[found["format"].isin([STORED, ""])]
    own = stored[stored["method"] == "autoencoder"]
    theirs = stored[stored["method"] == other]
    rows = []
    for size, of_size in own.groupby("size"):
        if other == "jpeg":
            small = theirs[theirs["payload"] <= of_size["payload"].mean()]
            rival = small[small["mse"] == small["mse"].min()]
        else:
            rival = theirs[theirs["size"] == size]
        rows.append((int(str(size)), by_seed(of_size), by_seed(rival) if len(rival) else None))
    return rows


def wins(found: pd.DataFrame, other: str) -> bool | None:
    """Whether the autoencoder has the lower error at every size.

    It wins one that the other cannot reach; False where the seeds tell the contrary at any.
    """
    votes = {
        None if own is None else True if rival is None else _lower(own, rival)
        for _, own, rival in rivals(found, other)
    }
    if False in votes:
        return False
    return True if votes == {True} else None


def _lower(own: Spread, rival: Spread) -> bool | None:
    """PCA and JPEG have no seeds: their error is a fixed bound."""
    if len(rival.seeds) == 1:
        return opposite(above(own, rival.mean))
    return larger(rival, own)


def compression(found: pd.DataFrame) -> list[Finding]:
    """Dimensionality reduction beside PCA, compression beside JPEG."""
    rows = []
    for title, other, rule in (
        ("dimensionality reduction", "pca", "lower error than as many principal components"),
        ("data compression", "jpeg", "lower error than JPEG of no more bytes, headers apart,"),
    ):
        words = "; ".join(
            f"{size} numbers: {written(own, 4)}, {METHODS[other]} "
            f"{written(rival, 4) if rival else 'cannot be as small'}"
            for size, own, rival in rivals(found, other)
        )
        rows.append(
            Finding(
                f"autoencoders find application in {title} {WHERE}",
                [], "yes", f"MSE with {words or 'no autoencoder finished'}",
                if_true(unrefuted(wins(found, other))),
                f"holds with {rule} at every size; codes in {STORED}; another network might",
                source=experiment("parakatta2023_compression", found),
            )
        )  # fmt: skip
    return rows
