"""The figures of battineedi2023, drawn from this project's systems."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ganvae.core import imageset
from ganvae.core.imageset import quantise
from ganvae.evaluation.showcase import LATENT_POINTS, latent_plane
from ganvae.figures import distributions, style
from ganvae.figures.style import Panel
from ganvae.models.base.contract import posterior
from ganvae.papers.battineedi2023.quantities import at_epoch, kind
from ganvae.papers.battineedi2023.tables import settings, varied
from ganvae.papers.shared import courses, figures
from ganvae.papers.shared.figures import DPI
from ganvae.papers.shared.results import Result

GRID = 25
SHOWN = 20


def gan_epochs(gan: Result, epochs: Sequence[float]) -> Figure:
    """Samples of the GAN at the epochs of Fig. 1, as far as they were reached, and at the end."""
    shown = figures.epoch_panels(gan, epochs, GRID)
    columns = len(shown)
    return figures.image_panels(
        shown, 5, "GAN samples at epochs (Fig. 1)", columns=columns, height=2.6
    )


def gan_training(gans: Mapping[str, Result]) -> Figure:
    """Samples along the trainings, by the snapshots."""
    return figures.along_training(gans, "GAN samples along training, the same noise in each column")


def vae_samples(vae: Result) -> Figure:
    """25 samples of every seed of the VAE (section 3.8.2)."""
    shown = [
        Panel(f"seed {seed}", quantise(vae.images(seed, GRID)).numpy(), "") for seed in vae.seeds
    ]
    return figures.image_panels(
        shown or [Panel("VAE", None, figures.DIVERGED)], 5, "25 samples of the VAE", height=3.2
    )


def customised_samples(results: Mapping[str, Result]) -> Figure:
    """Samples of every system, named by what it varies."""
    shown = [
        figures.at_end(result, _name(result, results[kind(result).lower()]), SHOWN)
        for result in results.values()
    ]
    return figures.image_panels(
        shown, 10, "Latent sizes, networks and updates: samples of the first seeds at their end",
        columns=3, height=1.15,
    )  # fmt: skip


def _name(result: Result, base: Result) -> str:
    return f"{kind(result)}, {varied(result, base) or 'as read'}"


def latent_space(vae: Result, images: Tensor, labels: Tensor, epochs: Sequence[float]) -> Figure:
    """The latent space by class at the epochs of Fig. 2.

    Args:
        vae: its first seed is shown, each epoch on the principal axes of its own.
        images: test images [M, 1, 28, 28], of which `LATENT_POINTS` are shown.
        labels: their classes [M].
        epochs: of Fig. 2.
    """
    shown = [_plane(vae, epoch, images[:LATENT_POINTS]) for epoch in epochs]
    classes = imageset.classes(vae.system.data / "processed")
    drawn = distributions.latent_space(shown, labels[:LATENT_POINTS].numpy(), classes, {}, DPI)
    drawn.suptitle(
        f"The VAE's latent space by digit at epochs (Fig. 2): {vae.latent_dim} dimensions, "
        "two principal axes",
        fontsize=style.NORMAL + 1,
    )
    return drawn


@torch.no_grad()
def _plane(vae: Result, epoch: float, images: Tensor) -> Panel:
    """The posterior means of images after an epoch on their first two principal axes."""
    name = f"epoch {epoch:g}"
    if not vae.seeds:
        return Panel(name, None, figures.DIVERGED)
    if epoch not in vae.epochs():
        reached = courses.is_reached(vae, epoch)
        note = "weights not kept" if reached else "not reached"
        return Panel(name, None, f"{note}:\ntrained for {courses.epochs(vae):.3g} epochs")
    mean, _ = posterior(vae.networks(vae.seeds[0], epoch)["encoder"](images))
    return Panel(name, latent_plane(mean).numpy(), f"seed {vae.seeds[0]}")


def latent_sizes(results: Mapping[str, Result]) -> Figure:
    """Quality against the latent size, of the systems that vary nothing else."""
    drawn, axes = style.panels(2, 3.0, DPI, "Latent sizes: lines means, dots seeds", columns=2)
    quantities = {"fid_classifier": "classifier-FID", "class_entropy": "class entropy (nats)"}
    colours = style.colours(("GAN", "VAE"))
    for family, colour in colours.items():
        base = results[family.lower()]
        own = [result for result in results.values() if only_latent(result, base)]
        own.sort(key=lambda result: result.latent_dim)
        epoch = min(courses.epochs(result) for result in own)
        measured = [
            [courses.over_seeds(r, partial(at_epoch, r, epoch=epoch, metric=name)) for r in own]
            for name in quantities
        ]
        for ax, values in zip(axes, measured, strict=True):
            known = [(r.latent_dim, v) for r, v in zip(own, values, strict=True) if v]
            label = f"{family}, snapshot near epoch {epoch:.3g}"
            ax.plot([d for d, _ in known], [v.mean for _, v in known], color=colour, label=label)
            for dim, value in known:
                ax.plot([dim] * len(value.seeds), list(value.seeds.values()), ".", color=colour)
    ticks = sorted({result.latent_dim for result in results.values()})
    for ax, title in zip(axes, quantities.values(), strict=True):
        ax.set_xscale("log")
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
        figures.finish(ax, "latent dimensions", title)
    return drawn


def only_latent(result: Result, base: Result) -> bool:
    """Whether a system differs from the base in its latent size at most."""
    own, read = settings(result), settings(base)
    others = set(own) - {"latent_dim"}
    return kind(result) == kind(base) and all(own[name] == read[name] for name in others)
