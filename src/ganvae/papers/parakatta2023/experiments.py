"""What parakatta2023 says autoencoders and VAEs are good for: readers of the tables.

Anomaly detection (VAEs), denoising, dimensionality reduction and compression (autoencoders).
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from ganvae.comparison.summary import Spread, spread
from ganvae.papers.shared.evidence import Values
from ganvae.papers.shared.results import Results, of_seeds
from ganvae.papers.shared.tables import read_table
from ganvae.papers.shared.values import ReadValues

SCORES = {"negative_elbo": "-ELBO", "reconstruction_mse": "reconstruction error"}
METHODS = {"autoencoder": "autoencoder", "vae": "VAE", "pca": "PCA", "jpeg": "JPEG"}
STORED = "float32"  # the number format of the codes that verdicts are on


def read_anomaly(folder: Path) -> pd.DataFrame:
    """`auroc.csv`: digit (-1: another set's images), seed, score (key of `SCORES`), auroc."""
    wanted = ("left_out", "seed", "score", "auroc")
    table = read_table(folder / "auroc.csv", ("score",), ("left_out", "seed", "auroc"))
    found = table[list(wanted)].dropna(subset=["auroc"])
    found.columns = pd.Index(["digit", "seed", "score", "auroc"])
    return found.assign(digit=found["digit"].fillna(-1).astype(int))


def read_denoising(folder: Path) -> pd.DataFrame:
    """`denoising.csv`: noise (std on [-1, 1]), method, seed, mse (per pixel on [0, 1]).

    `method` is "noisy", "clipped", "<filter> <window>" or "autoencoder <noise in training>".
    """
    wanted = ("noise", "method", "train_noise", "window", "seed", "mse")
    numbers = ("noise", "train_noise", "window", "seed", "mse")
    found = read_table(folder / "denoising.csv", ("method",), numbers)[list(wanted)].dropna(
        subset=["mse"]
    )
    settings = found["train_noise"].fillna(found["window"])
    named = zip(found["method"], settings, strict=True)
    names = [m if pd.isna(setting) else f"{m} {setting:g}" for m, setting in named]
    return found.assign(method=names)[["noise", "method", "seed", "mse"]]


def read_compression(folder: Path) -> pd.DataFrame:
    """`compression.csv`: method (key of `METHODS`), size, bytes, payload, mse, seed, format.

    `size` is the numbers of a code, or JPEG's quality; `bytes` the mean per image and `payload`
    that without what every file repeats; `format` that of the numbers, empty for JPEG.
    """
    numbers = ("code_size", "quality", "seed", "bytes_per_image", "header_bytes", "mse")
    texts = ("method", "number_format")
    found = read_table(folder / "compression.csv", texts, numbers).dropna(subset=["mse"])
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


def by_seed(found: pd.DataFrame) -> Spread | None:
    """The column mse over the seeds; one value without a seed for a method without seeds."""
    seeds = ["" if pd.isna(seed) else f"{seed:.0f}" for seed in found["seed"]]
    return spread(dict(zip(seeds, found["mse"], strict=True))) if seeds else None


def denoised(found: pd.DataFrame) -> Iterator[tuple[str, Spread]]:
    """Errors at the noise that an autoencoder was trained with: its own, the input's, a filter's.

    The one trained with the most noise; the input cut off at the ends of the range where that is
    better.
    """
    coders = [m for m in found["method"].unique() if m.startswith("autoencoder")]
    if not coders:
        return
    chosen = max(coders, key=lambda name: float(name.split()[1]))
    own = found[found["noise"] == float(chosen.split()[1])]
    inputs = ["noisy", "clipped"]
    others = {"input_mse": own[own["method"].isin(inputs)],
              "best_filter_mse": own[~own["method"].isin([*coders, *inputs])]}  # fmt: skip
    if value := by_seed(own[own["method"] == chosen]):
        yield "denoised_mse", value
    for name, rows in others.items():
        if len(rows):
            yield name, spread({"": float(rows["mse"].min())})


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


def _anomaly(name: str, results: Results) -> Values:
    table = read_anomaly(results.experiment(name))
    found = {score: detection(table, score) for score in SCORES}
    return {(name, f"auroc@{score}"): value for score, value in found.items() if value}


def _noise_removal(results: Results) -> Values:
    noisy = read_denoising(results.experiment("noise_removal"))
    return {("noise_removal", name): value for name, value in denoised(noisy)}


def _compression(results: Results) -> Values:
    compressed = read_compression(results.experiment("compression"))
    found: dict[tuple[str, str], Spread] = {}
    for other in ("pca", "jpeg"):
        for size, own, rival in rivals(compressed, other):
            pair = {"autoencoder": own, other: rival}
            found |= {("compression", f"mse@{m} {size}"): v for m, v in pair.items() if v}
    return found


# what the claims read of each, by seed; PCA and JPEG have none
VALUES: Mapping[str, ReadValues] = {
    **{name: partial(_anomaly, name) for name in ("anomaly", "anomaly_other_set")},
    "noise_removal": _noise_removal,
    "compression": _compression,
}
