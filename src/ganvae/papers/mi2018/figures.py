"""The figures of mi2018, drawn from this project's systems."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.comparison.published import CLASS_ENTROPY
from ganvae.core.imageset import quantise
from ganvae.figures import style
from ganvae.figures.style import Array
from ganvae.judging.classifier import classify
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.mi2018 import maps, quantities
from ganvae.papers.shared import panels
from ganvae.papers.shared.figures import banded, finish
from ganvae.papers.shared.results import Result, Results

DPI = 110
TEN = 10
ROWS = 5  # of snapshots
FIVE = ("gan", "wgan", "vae", "vaegan", "cvaegan")
COLOURS = style.colours((*FIVE, "gan_minimax", "wgan_convolutional"))
ITERATIONS = (1, 100_000, 500_000, 1_000_000)  # of Fig. 2


def courses(results: Results) -> Figure:
    """Class entropy against updates of the generator, as Fig. 3, with its values at the end."""
    names = ("gan", "gan_minimax", "wgan", "wgan_convolutional", "vae", "vaegan", "cvaegan")
    drawn, (whole, upper) = style.panels(
        2, 3.6, DPI, "Class entropy along training: mean over seeds, band lowest to highest", 2
    )
    for name in names:
        tables = [quantities.course(results[name], seed) for seed in results[name].seeds]
        for ax in (whole, upper):
            banded(ax, tables, "updates", "class_entropy", COLOURS[name], name)
    for ax in (whole, upper):
        ax.axhline(math.log(10), color="grey", linestyle=":", linewidth=1)
        for name, value in CLASS_ENTROPY.items():
            ax.plot(1e6, value, "o", color=COLOURS[name], markersize=6, fillstyle="none")
        ax.set_xscale("log")
        ax.set_xlabel("updates of the generator; circles: published", fontsize=style.SMALL)
        style.grid(ax)
    whole.set_ylabel("nats", fontsize=style.SMALL)
    upper.set_ylim(2.0, 2.32)
    upper.set_title("its upper part", fontsize=style.NORMAL)
    handles, labels = whole.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=style.SMALL)
    return drawn


def samples(results: Results) -> Figure:
    """The first seed's snapshots, as Fig. 2: a row per step, the same noise in each column."""
    names = ("gan", "gan_minimax", "wgan", "wgan_convolutional")
    drawn, axes = style.panels(
        len(names), 2.2, DPI, "Samples along training, by updates of the generator (Fig. 2)", 2
    )
    for ax, name in zip(axes, names, strict=True):
        _snapshots(ax, name, results[name], panels.first(results[name]))
    return drawn


def gan_by_seed(gan: Result) -> Figure:
    """Class entropy of each seed of the GAN along training, and its snapshots: Figs. 2 and 3."""
    drawn, (ax, *shown) = style.panels(
        1 + len(gan.all_seeds), 2.4, DPI, "The GAN's seeds along training (Figs. 2, 3)", 2
    )
    for seed, colour in zip(gan.seeds, style.PALETTE, strict=False):
        course = quantities.course(gan, seed)
        updates = course["updates"].clip(lower=1)
        ax.plot(updates, course["class_entropy"], ".-", color=colour, label=f"seed {seed}")
    ax.axhline(math.log(10), color="grey", linestyle=":", linewidth=1)
    ax.set_xscale("log")
    ax.set_title("class entropy, two-layer classifier", fontsize=style.NORMAL)
    finish(ax, "updates of the generator; dotted: ln 10", "nats")
    for ax, seed in zip(shown, gan.all_seeds, strict=True):
        _snapshots(ax, "gan", gan, seed if seed in gan.seeds else None)
    return drawn


def _snapshots(ax: Axes, name: str, result: Result, seed: int | None) -> None:
    if seed is None:
        style.heading(ax, name, "", "black")
        style.say(ax, "diverged")
        return
    images = result.arrays[f"snapshots/{seed}"].numpy()[:, :TEN]
    updates = result.timeline(seed)["updates"].to_numpy()
    picked, missing = rows_of(updates)
    note = f"; not reached: {', '.join(f'{m // 1000:,}k' for m in missing)}" if missing else ""
    style.heading(ax, name, f"seed {seed}{note}", "black")
    ax.imshow(style.shown(images[picked].reshape(-1, 28, 28), TEN), cmap="gray", vmin=0, vmax=255)
    places = [29 * row + 15 for row in range(len(picked))]
    ax.set_yticks(places, [f"{max(1, updates[i]):,.0f}" for i in picked], fontsize=style.SMALL)
    ax.set_xticks([])


def rows_of(updates: Array) -> tuple[list[int], list[int]]:
    """Which snapshots are shown, and which of the published iterations were not reached.

    The nearest ones to the published iterations, filled up to `ROWS` with evenly spaced ones.
    """
    near = [it for it in ITERATIONS if it <= updates[-1] * 1.01]
    picked = {int(np.abs(np.log(np.maximum(updates, 1) / it)).argmin()) for it in near}
    for index in reversed(style.spaced(len(updates), ROWS)):
        if len(picked) < ROWS:
            picked.add(int(index))
    return sorted(picked), [it for it in ITERATIONS if it not in near]


def both_vaegans(results: Results) -> Figure:
    """Sample grids of the VAE-GAN and the constrained one, as Fig. 7a and b."""
    shown = [
        panels.stored(results[name], "samples", name, limit=100) for name in ("vaegan", "cvaegan")
    ]
    return panels.figure(shown, "VAE-GAN and constrained VAE-GAN (Fig. 7)")


def ten_images(results: Results) -> Figure:
    """Ten images of each model with predicted digit and entropy in nats, as Figs. 4 and 5."""
    drawn, axes = style.panels(
        len(FIVE), 1.35, DPI, "Ten images a model: predicted digit, entropy in nats (Figs 4, 5)", 1
    )
    for ax, name in zip(axes, FIVE, strict=True):
        result = results[name]
        seed = panels.first(result)
        style.heading(ax, name, "" if seed is None else f"seed {seed}", COLOURS[name])
        if seed is None:
            style.say(ax, "every seed diverged")
            continue
        images = result.images(seed, TEN)
        _, probabilities = classify(quantities.judge(result), images)
        entropies = image_entropy(probabilities).tolist()
        digits = probabilities.argmax(dim=1).tolist()
        ax.imshow(style.shown(quantise(images).numpy(), TEN), cmap="gray", vmin=0, vmax=255)
        labels = [f"{d}: {e:.2f}" for d, e in zip(digits, entropies, strict=True)]
        ax.set_xticks([29 * i + 15 for i in range(TEN)], labels, fontsize=style.SMALL)
        ax.set_yticks([])
    return drawn


def histogram(results: Results) -> Figure:
    """Single-image entropies of VAE-GAN and constrained VAE-GAN over all images, as Fig. 8."""
    drawn, axes = style.panels(
        2, 3.0, DPI, "Single-image entropy by the two-layer classifier, all seeds (Fig. 8)", 2
    )
    edges = np.linspace(0, math.log(10), 24)
    for ax, scale in zip(axes, ("linear", "log"), strict=True):
        for name in ("vaegan", "cvaegan"):
            result = results[name]
            judged = [quantities.probabilities(result, seed) for seed in result.seeds]
            of_seeds = [image_entropy(p).numpy() for p in judged]
            if not of_seeds:
                continue
            values = np.clip(np.concatenate(of_seeds), 0, edges[-1])
            shares = np.histogram(values, edges)[0] / len(values)
            ax.stairs(shares, edges, color=COLOURS[name], label=name, linewidth=1.4)
        ax.set_yscale(scale)
        ax.set_xlabel("entropy of one image (nats)", fontsize=style.SMALL)
        ax.set_ylabel("share of images", fontsize=style.SMALL)
        style.grid(ax)
    axes[0].legend(fontsize=style.SMALL)
    return drawn


def gradients(results: Results) -> Figure:
    """L_vae, L_gan and the norms of their gradients for the decoder, along training."""
    drawn, axes = style.panels(
        4, 2.6, DPI, "L_vae, L_gan and their gradients for the decoder: mean over seeds", 2
    )
    wanted = {
        "L_vae (nats per image)": "l_vae",
        "L_gan (nats)": "autoencoder.l_gan",
        "gradient of L_vae for the decoder (norm)": "autoencoder.l_vae_gradient",
        "gradient of the weighted L_gan (norm)": "autoencoder.l_gan_gradient",
    }
    for ax, (title, column) in zip(axes, wanted.items(), strict=True):
        for name in ("vaegan", "cvaegan"):
            tables = [_with_l_vae(results[name].history(seed)) for seed in results[name].seeds]
            tables = [table[["step", column]].dropna() for table in tables if column in table]
            banded(ax, tables, "step", column, COLOURS[name], name)
        ax.set_title(title, fontsize=style.NORMAL)
        ax.set_xscale("log")
        ax.set_xlabel("step", fontsize=style.SMALL)
        style.grid(ax)
    axes[0].legend(fontsize=style.SMALL)
    return drawn


def _with_l_vae(history: pd.DataFrame) -> pd.DataFrame:
    parts = history["autoencoder.reconstruction_nats"] + history["autoencoder.kl_nats"]
    return history.assign(l_vae=parts)


def lambda_and_d(measured: pd.DataFrame, name: str) -> Figure:
    """The maps over lambda and d of the constrained VAE-GAN as eq. 7 is read."""
    return maps.draw(measured, f"Constrained VAE-GAN over λ and d ({name})", DPI)
