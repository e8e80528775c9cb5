"""The figures of parakatta2023, a text without any that show results."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ganvae.core import storage
from ganvae.core.imageset import dequantise, quantise
from ganvae.figures import grids, style
from ganvae.figures.style import Panel
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.parakatta2023.experiments import METHODS, SCORES
from ganvae.papers.parakatta2023.latent import Measured
from ganvae.papers.parakatta2023.sets import MODELS, Sets
from ganvae.papers.shared import panels
from ganvae.papers.shared.figures import banded
from ganvae.papers.shared.panels import DPI, Images
from ganvae.papers.shared.results import Result, Results

LATENT = ("ae_latent_2", "vae_latent_2", "ae", "vae")
SHOWN = 10  # images a row
OTHER = -1  # "digit" of another set's images


def samples(shown: Mapping[str, Result]) -> Figure:
    """Samples of the prior, decoded."""
    found = [
        panels.stored(result, "samples", f"{result.system.model.upper()}: samples of N(0, I)")
        for result in shown.values()
    ]
    return panels.figure(found, "Autoencoder beside VAE: images from the prior")


@torch.no_grad()
def reconstructions(codes: Mapping[str, Measured]) -> Figure:
    """Test images, and below each its reconstructions without sampling, of the first seeds."""
    originals = panels.originals(next(iter(codes.values())).result).values
    assert originals is not None
    images = dequantise(torch.from_numpy(originals))
    rows = []
    for name, measured in codes.items():
        seed = panels.first(measured.result)
        if seed is None:
            rows.append(Panel(name, None, "no seed finished"))
            continue
        networks = measured.result.networks(seed)
        mean, _ = posterior(networks["encoder"](images))
        drawn = quantise(to_images(networks["decoder"](mean))).numpy()
        rows.append(Panel(name, drawn, f"seed {seed}"))
    return grids.reconstructions(originals, rows, style.colours(codes), DPI)


def latent_space(codes: Mapping[str, Measured]) -> Figure:
    """Codes of test images by class; circles: the radii that hold 39 and 86 % of N(0, I).

    Two-dimensional codes as they are, others on their two principal axes.
    """
    drawn, axes = style.panels(
        len(LATENT), 3.9, DPI, "Codes of test images by class; circles: 1 and 2 of N(0, I)", 2
    )
    for ax, name in zip(axes, LATENT, strict=True):
        measured = codes[name]
        dims = measured.result.latent_dim
        centred = "" if dims == 2 else ", centred"
        heading = f"{measured.result.system.model.upper()}, {dims} numbers{centred}"
        if not measured.seeds:
            style.heading(ax, heading, "", style.REAL_COLOUR)
            style.say(ax, "no seed finished")
            continue
        seed, found = next(iter(measured.seeds.items()))
        note = f"seed {seed}; {found.from_prior:.2f} from N(0, I)"
        style.heading(ax, heading, note, style.REAL_COLOUR)
        _scatter(ax, found.plane, found.labels)
        of = "number" if dims == 2 else "principal axis"
        ax.set_xlabel(f"first {of}", fontsize=style.SMALL)
        ax.set_ylabel(f"second {of}", fontsize=style.SMALL)
    return drawn


def _scatter(ax: Axes, plane: style.Array, labels: style.Array) -> None:
    for digit in range(10):
        own = plane[labels == digit]
        ax.scatter(
            own[:, 0], own[:, 1], s=4, color=style.CLASSES[digit], linewidths=0, label=str(digit)
        )
    for radius in (1, 2):
        ax.add_patch(Circle((0, 0), radius, fill=False, color="black", linewidth=0.9))
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(
        fontsize=style.SMALL - 1, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5),
        markerscale=2, handletextpad=0.1,
    )  # fmt: skip


def rates(gans: Mapping[str, Result]) -> Figure:
    """The discriminator's accuracy and FID along training, at equal rates and at half of one."""
    drawn, (accuracy, distance) = style.panels(
        2, 3.0, DPI, "A lower rate for the discriminator: mean and range over seeds", columns=2
    )
    for (name, result), colour in zip(gans.items(), style.PALETTE, strict=False):
        smooth = [_smoothed(result.history(seed)) for seed in result.seeds]
        banded(accuracy, smooth, "images_seen", "discriminator.accuracy", colour, name)
        courses = [result.timeline(seed) for seed in result.seeds]
        banded(distance, courses, "images_seen", "fid_classifier", colour, name)
    accuracy.axhline(0.5, color="grey", linewidth=0.9, linestyle=":")
    accuracy.set_ylabel("discriminator's accuracy; dotted: cannot tell", fontsize=style.SMALL)
    distance.set_ylabel("FID of snapshots", fontsize=style.SMALL)
    distance.set_xscale("log")
    style.log_ticks(distance)
    for ax in (accuracy, distance):
        ax.set_xlabel("training images seen", fontsize=style.SMALL)
        ax.legend(fontsize=style.SMALL, frameon=False)
        style.grid(ax)
    return drawn


def _smoothed(table: pd.DataFrame, points: int = 100) -> pd.DataFrame:
    """Means of neighbouring rows, `points` at most."""
    group = np.arange(len(table)) * points // max(len(table), points)
    return table.groupby(group).mean()


def fashion_samples(results: Results, models: Sequence[str]) -> Figure:
    """Samples of the five models on FashionMNIST, beside test images."""
    tests = panels.originals(results[f"fashion_{models[0]}"])
    shown = [panels.stored(results[f"fashion_{m}"], "samples", m.upper(), limit=60) for m in models]
    return panels.figure([tests, *shown], "FashionMNIST: generated images, the same noise")


def data_sets(sets: Sets) -> Figure:
    """Each model's FID on both sets (dots: seeds), and FID against sharpness."""
    drawn, (slopes, points) = style.panels(
        2, 3.6, DPI, "MNIST and FashionMNIST: FID, and FID against sharpness", columns=2
    )
    colours = style.colours(MODELS)
    for place, (name, scores) in enumerate(sets.named().items()):
        for model in MODELS:
            fid, sharp = scores["fid_classifier"][model], scores["sharpness"][model]
            if fid is None or sharp is None:
                continue
            slopes.plot([place] * len(fid.seeds), [*fid.seeds.values()], ".", color=colours[model])
            points.plot(
                [sharp.seeds[seed] for seed in fid.seeds], [*fid.seeds.values()],
                "os"[place], color=colours[model], markersize=4, alpha=0.8,
                fillstyle="full" if place else "none",
            )  # fmt: skip
        points.plot([], [], "os"[place], color="black", label=name, markersize=4,
                    fillstyle="full" if place else "none")  # fmt: skip
    for model in MODELS:
        means = [scores["fid_classifier"][model] for scores in sets.named().values()]
        values = [value.mean if value else np.nan for value in means]
        slopes.plot([0, 1], values, "-", color=colours[model], linewidth=1.4, label=model.upper())
    slopes.set_xticks([0, 1], labels=list(sets.named()))
    slopes.set_xlim(-0.2, 1.2)
    points.axvline(1, color="grey", linewidth=0.9, linestyle=":")
    points.set_xlabel("sharpness; dotted: real images", fontsize=style.SMALL)
    for ax in (slopes, points):
        style.log_ticks(ax)
        ax.set_ylabel("FID, classifier", fontsize=style.SMALL)
        ax.legend(fontsize=style.SMALL, frameon=False)
        style.grid(ax)
    return drawn


def anomaly(digits: pd.DataFrame, other: pd.DataFrame) -> Figure:
    """AUROC of both scores by the digit left out, and of another set: bar mean, dot seed."""
    drawn, (ax,) = style.panels(
        1, 3.2, DPI, "Anomalies found by a VAE that never saw them: bar mean, dot seed", columns=1
    )
    found = pd.concat([digits, other])
    kinds = sorted(digits["digit"].unique().tolist()) + ([OTHER] if len(other) else [])
    width = 0.38
    for i, (score, label) in enumerate(SCORES.items()):
        own = found[found["score"] == score]
        means = own.groupby("digit")["auroc"].mean()
        places = {kind: place + (i - 0.5) * width for place, kind in enumerate(kinds)}
        heights = [means.get(kind, np.nan) for kind in kinds]
        ax.bar(list(places.values()), heights, width, color=style.PALETTE[i], label=label)
        ax.plot(own["digit"].map(places), own["auroc"], ".", color="black", markersize=3)
    ax.axhline(0.5, color="grey", linewidth=0.9, linestyle=":", label="guessing")
    names = ["another set" if kind == OTHER else str(kind) for kind in kinds]
    ax.set_xticks(range(len(kinds)), labels=names)
    ax.set_xlabel("digit left out of training", fontsize=style.SMALL)
    ax.set_ylabel("AUROC", fontsize=style.SMALL)
    ax.set_ylim(0, 1.02)
    ax.legend(fontsize=style.SMALL, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    style.grid(ax)
    return drawn


def denoising(found: pd.DataFrame) -> Figure:
    """Error against the noise, a line per method, and dots per seed."""
    drawn, (ax,) = style.panels(1, 3.8, DPI, "Denoising: error against noise, dot seed", columns=1)
    for (method, own), colour in zip(found.groupby("method"), style.PALETTE, strict=False):
        means = own.groupby("noise")["mse"].mean()
        dashes = "-" if str(method).startswith("autoencoder") else "--"
        ax.plot(means.index, means, dashes, color=colour, linewidth=1.4, label=str(method))
        ax.plot(own["noise"], own["mse"], ".", color=colour, markersize=4)
    ax.set_xlabel("standard deviation of the noise, on [-1, 1]", fontsize=style.SMALL)
    ax.set_ylabel("MSE per pixel, on [0, 1]", fontsize=style.SMALL)
    _small_numbers(ax)
    ax.legend(fontsize=style.SMALL, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    style.grid(ax)
    return drawn


def _small_numbers(ax: Axes) -> None:
    """A logarithmic y axis for values far below 1."""
    style.log_ticks(ax)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def denoised_images(folder: Path) -> Figure:
    """`images.safetensors`: the clean images, and a panel per noise with a row per method."""
    tensors = storage.read_tensors(folder / "images.safetensors")
    clean = tensors.pop("clean").numpy()[:SHOWN]
    noises = sorted({name.partition("/")[0] for name in tensors}, key=float)
    shown = []
    for noise in noises:
        methods = [name for name in tensors if name.startswith(f"{noise}/")]
        rows = [clean, *(tensors[name].numpy()[:SHOWN] for name in methods)]
        labels = ["clean", *(name.partition("/")[2].replace("_", " ") for name in methods)]
        shown.append(Images(f"noise {noise}", np.concatenate(rows), "", len(clean), labels))
    return panels.figure(shown, "Noise taken out of test images")


def compression(found: pd.DataFrame) -> Figure:
    """Error against bytes a line per method and number format; open circles: without headers."""
    drawn, (ax,) = style.panels(1, 3.8, DPI, "Compression: error against size", columns=1)
    colours = style.colours(METHODS)
    for key, own in found.groupby(["method", "format"]):
        method, form = (str(part) for part in key)
        means = own.groupby("size")[["bytes", "payload", "mse"]].mean().sort_values("bytes")
        label = METHODS.get(method, method) + (f", {form}" if form else "")
        dashes = "--" if form == "float16" else "-"
        colour = colours.get(method, "grey")
        ax.plot(means["bytes"], means["mse"], f"{dashes}o", color=colour, markersize=3, label=label)
        if (means["payload"] != means["bytes"]).any():
            ax.plot(
                means["payload"], means["mse"], ":o", color=colour, markersize=3,
                fillstyle="none", label=f"{label} without headers",
            )  # fmt: skip
    ax.set_xscale("log")
    _small_numbers(ax)
    ax.set_xlabel("bytes per image", fontsize=style.SMALL)
    ax.set_ylabel("MSE per pixel, on [0, 1]", fontsize=style.SMALL)
    ax.legend(fontsize=style.SMALL, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    style.grid(ax)
    return drawn
