"""Generated images beside real ones in a classifier's training, as ghosh2020's introduction names.

The text says that it compared the classifier's accuracy, and gives none.
"""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from ganvae.comparison.summary import Spread
from ganvae.figures import style
from ganvae.papers.shared.findings import Finding, experiment, written
from ganvae.papers.shared.panels import DPI
from ganvae.papers.shared.results import of_seeds
from ganvae.papers.shared.tables import read_table

STANDS_FOR = "the conditional GAN is fully connected and trained on the real ones alone"
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
    found = read_table(folder / "accuracy.csv", wanted)[list(wanted)]
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


def findings(found: pd.DataFrame) -> list[Finding]:
    """One row per number of real and of generated images, and one on InfoGAN."""
    rows = [
        Finding(
            claim=f"{share * n:,.0f} generated images augment {n:,} real ones for a classifier "
            "(section 1)",
            systems=[],
            published="accuracy of the classifier compared; no number given",
            measured="accuracy "
            + ", ".join(
                f"{words} {written(accuracy(found, n, variant, share), 4)}"
                for variant, words in VARIANTS.items()
            )
            + f"; gain over as many steps {_described(gain(found, n, share))}",
            verdict="no claim",
            protocol=f"the classifier is the two-layer one; {STANDS_FOR}",
            source=experiment("ghosh2020_augmentation", found),
        )
        for n, share in _cases(found)
    ]
    return [
        *rows,
        Finding(
            claim="InfoGAN augments the data set too (section 1)",
            systems=[],
            published="no number given",
            measured="not done: its images have no labels",
            verdict="no claim",
            protocol="a code is no class until someone names it",
        ),
    ]


def accuracy(found: pd.DataFrame, n: int, variant: str, share: float) -> Spread | None:
    """Of the classifiers of one kind, by seed; those on real images alone have no share."""
    own = found[(found["n"] == n) & (found["variant"] == variant)]
    own = own[own["share"] == (0.0 if variant == "real" else share)]
    return of_seeds(dict(zip(own["seed"].astype(int), own["accuracy"], strict=True)))


def _cases(found: pd.DataFrame) -> list[tuple[int, float]]:
    """(real images, generated per real one), sorted."""
    added = found[found["share"] > 0]
    return sorted(set(zip(added["n"], added["share"], strict=True)))


def _described(value: Spread | None) -> str:
    if value is None:
        return "not measured"
    text = f"{'+' if value.mean >= 0 else ''}{written(value, 4)}"
    if value.std:
        p = stats.ttest_1samp(list(value.seeds.values()), 0).pvalue
        text += f" (paired t test p = {p:.2g})"
    return text


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
