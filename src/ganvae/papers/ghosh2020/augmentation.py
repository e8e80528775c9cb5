"""Generated images beside real ones in a classifier's training, as ghosh2020's introduction names.

The text says that it compared the classifier's accuracy, and gives none.
"""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ganvae.comparison.summary import Spread, spread
from ganvae.figures import style
from ganvae.papers.shared.panels import DPI
from ganvae.papers.shared.results import of_seeds
from ganvae.papers.shared.tables import read_table

VARIANTS = {
    "real": "real images",
    "real_longer": "real images, as many gradient steps as with added ones",
    "augmented": "real and generated images",
}


def read(folder: Path) -> pd.DataFrame:
    """`accuracy.csv` with the columns n (real images), variant, share, seed, accuracy (0 to 1).

    `variant` is a key of `VARIANTS`, `share` the generated images per real one (0 for "real").
    Classifiers whose GAN diverged are left out.
    """
    wanted = ("real_images", "variant", "share", "seed", "test_accuracy")
    numbers = [name for name in wanted if name != "variant"]
    found = read_table(folder / "accuracy.csv", ("variant",), numbers)[list(wanted)]
    found.columns = pd.Index(["n", "variant", "share", "seed", "accuracy"])
    return found.assign(share=found["share"].fillna(0.0)).dropna(subset=["accuracy"])


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Columns n, share, variant, mean, std (ddof = 1), seeds."""
    grouped = found.groupby(["n", "share", "variant"])["accuracy"]
    return grouped.agg(mean="mean", std="std", seeds="count").reset_index()


def gain(found: pd.DataFrame, n: int, share: float) -> Spread | None:
    """Accuracy with generated images less that of as long a training without them, by seed."""
    of_n = found[(found["n"] == n) & (found["share"] == share)]
    by_seed = of_n.pivot(index="seed", columns="variant", values="accuracy")
    if not {"augmented", "real_longer"} <= set(by_seed.columns):
        return None
    gains = (by_seed["augmented"] - by_seed["real_longer"]).dropna()
    return of_seeds({int(str(seed)): value for seed, value in gains.items()})


def values(found: pd.DataFrame) -> dict[tuple[str, str], Spread]:
    """`accuracy@<variant> <n> <share>` and `gain@<n> <share>`, by seed."""
    values: dict[tuple[str, str], Spread] = {}
    for (variant, n, share), own in found.groupby(["variant", "n", "share"]):
        by_seed = dict(zip(own["seed"].astype(str), own["accuracy"], strict=True))
        values["augmentation", f"accuracy@{variant} {n} {share:g}"] = spread(by_seed)
    added = found[found["share"] > 0]
    for n, share in sorted(set(zip(added["n"], added["share"], strict=True))):
        if gained := gain(found, n, share):
            values["augmentation", f"gain@{n} {share:g}"] = gained
    return values


def figure(found: pd.DataFrame) -> Figure:
    """Accuracy against the number of real images: line mean, dot seed."""
    drawn, (ax,) = style.panels(
        1, 3.4, DPI, "A classifier's test accuracy: line mean, dot seed", columns=1
    )
    sizes = sorted(found["n"].unique())
    shares = sorted(share for share in found["share"].unique() if share)
    wanted = [
        ("real", 0.0),
        *((v, share) for share in shares for v in ("real_longer", "augmented")),
    ]
    for (variant, share), colour in zip(wanted, style.PALETTE, strict=False):
        own = found[(found["variant"] == variant) & (found["share"] == share)]
        label = VARIANTS[variant] + (f" ({share:g} generated per real)" if share else "")
        means = 100 * own.groupby("n")["accuracy"].mean()
        ax.plot(means.index, means, color=colour, label=label, linewidth=1.4)
        ax.plot(own["n"], 100 * own["accuracy"], ".", color=colour, markersize=5)
    ax.set_xscale("log")
    ax.set_xticks(sizes, labels=[f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.set_xlabel("real training images", fontsize=style.SMALL)
    ax.set_ylabel("accuracy (%)", fontsize=style.SMALL)
    ax.legend(fontsize=style.SMALL, frameon=False)
    style.grid(ax)
    return drawn
