"""The figures of tikayyolla2020, drawn from this project's systems."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.figures import style
from ganvae.papers.shared import courses, figures
from ganvae.papers.shared.figures import DPI
from ganvae.papers.shared.results import Result
from ganvae.papers.tikayyolla2020 import training
from ganvae.papers.tikayyolla2020.losses import LAYERS, Column, VaeLosses
from ganvae.papers.tikayyolla2020.training import PLAYERS

VAE_EPOCHS = (10, 20, 30, 40)  # Figs. 5 to 8
GAN_EPOCHS = (1, 40, 80, 120, 160, 200)  # Figs. 9 to 14
BOTH = ("gan", "vae2", "gan_relu", "vae3", "wgan", "vae4")  # two columns: GANs and VAEs
GRID, SHOWN = 25, 50


def vae_samples(vae: Result) -> Figure:
    """Samples of the VAE at the epochs of Figs. 5 to 8, as far as they were reached."""
    return figures.image_panels(
        figures.epoch_panels(vae, VAE_EPOCHS, GRID), 5,
        f"Samples of {vae.name} (Figs. 5 to 8)", columns=4, height=2.6,
    )  # fmt: skip


def gan_samples(gan: Result) -> Figure:
    """Samples of the GAN at the epochs of Figs. 9 to 14, as far as they were reached."""
    return figures.image_panels(
        figures.epoch_panels(gan, GAN_EPOCHS, GRID), 5,
        f"Samples of {gan.name} (Figs. 9 to 14)", columns=4, height=2.6,
    )  # fmt: skip


def side_by_side(results: Mapping[str, Result]) -> Figure:
    """GANs on the left, VAEs on the right, as Figs. 15 and 16, at the end of their trainings."""
    shown = [figures.at_end(results[name], name, SHOWN) for name in BOTH]
    return figures.image_panels(
        shown, 10, "GANs and VAEs side by side (Figs. 15, 16), first seeds", columns=2, height=2.6
    )


def vae_losses(
    results: Mapping[str, Result], columns: Mapping[str, Column], losses: VaeLosses
) -> Figure:
    """BCE + KL by depth and by latent size: train a line, test dots, Table 1 circles."""
    drawn, axes = style.panels(
        4, 3.0, DPI, "VAE loss, BCE + KL in nats per image: line train, dots test", columns=2
    )
    colours = style.colours(losses)
    latent = [name for name in losses if name.startswith("vae2") and "batch" not in name]
    for ax, names in zip(axes, [*([name] for name in LAYERS), latent], strict=True):
        for name in names:
            result = results[name]
            tables = [_after_first_epoch(result.history(seed)) for seed in result.seeds]
            label = f"{name}, latent {result.latent_dim}"
            figures.banded(ax, tables, "epoch", training.LOSS, colours[name], label)
            test = {e: loss.test.mean for e, loss in losses[name].items() if loss.test}
            ax.plot(list(test), list(test.values()), ".", color=colours[name], markersize=5)
        _published(ax, columns[names[0]], "published")
        ax.set_title(
            f"{LAYERS[names[0]]} hidden layers" if len(names) == 1 else "latent sizes, 2 layers",
            fontsize=style.NORMAL,
        )
        figures.finish(ax, "epoch", "nats per image")
    return drawn


def _after_first_epoch(history: pd.DataFrame) -> pd.DataFrame:
    """The first epoch's fall would flatten all that follows; kept where there is no more."""
    later = history[history["epoch"] > 1]
    return history if later.empty else later


def _published(ax: Axes, column: Column, label: str) -> None:
    ax.plot(
        list(column), list(column.values()), "o", color="black", fillstyle="none", markersize=4,
        label=label,
    )  # fmt: skip


def gan_losses(results: Mapping[str, Result], columns: Mapping[str, Column]) -> Figure:
    """Both losses of the GAN beside Table 2, and those with ReLU."""
    names = ("gan", "gan_relu")
    drawn, axes = style.panels(2, 3.2, DPI, "GAN losses in nats; circles: Table 2", columns=2)
    colours = style.colours(PLAYERS)
    for ax, name in zip(axes, names, strict=True):
        tables = [results[name].history(seed) for seed in results[name].seeds]
        for player, colour in colours.items():
            figures.banded(ax, tables, "epoch", f"{player}.loss", colour, player)
            column = columns[player]
            ax.plot(list(column), list(column.values()), "o", color=colour, fillstyle="none")
        ax.set_title(name, fontsize=style.NORMAL)
        figures.finish(ax, "epoch", "nats")
    return drawn


def accuracy(results: Mapping[str, Result]) -> Figure:
    """The discriminator's accuracy along training, and the quality of the snapshots."""
    names = ("gan", "gan_relu")
    drawn, (right, quality) = style.panels(
        2, 3.2, DPI, "Discriminator's accuracy and the images' quality along training", columns=2
    )
    for name, colour in style.colours(names).items():
        result = results[name]
        histories = [result.history(seed) for seed in result.seeds]
        figures.banded(right, histories, "epoch", "discriminator.accuracy", colour, name)
        tables = [courses.snapshots(result, seed) for seed in result.seeds]
        figures.banded(quality, tables, "epoch", "fid_classifier", colour, name)
        for history in histories:
            if (row := training.half(history)) is not None:
                for ax in (right, quality):
                    ax.axvline(row["epoch"], color=colour, linestyle="--", linewidth=0.9)
    right.axhline(training.HALF, color="grey", linestyle=":", linewidth=1)
    style.log_ticks(quality)
    figures.finish(right, f"epoch; dashed: first at {training.HALF:.0%} or less", "accuracy")
    figures.finish(quality, "epoch", "classifier-FID of the snapshots")
    return drawn


def batches(results: Mapping[str, Result]) -> Figure:
    """Training loss of mini-batch and full batch, against steps and against seconds."""
    drawn, axes = style.panels(2, 3.0, DPI, "Mini-batch and full batch: training loss", columns=2)
    for name, colour in style.colours(("vae2", "vae2_first_steps", "vae2_full_batch")).items():
        result = results[name]
        for seed in result.seeds:
            history = result.history(seed)
            seconds = history["step"] * training.seconds_per_step(result, seed)
            label = f"{name}, batch {result.values['train']['batch_size']:,}"
            for ax, x in zip(axes, (history["step"], seconds), strict=True):
                ax.plot(x, history[training.LOSS], ".-", color=colour, markersize=3, label=label)
    for ax, name in zip(axes, ("steps", "seconds of training"), strict=True):
        ax.set_xscale("log")
        figures.finish(ax, name, "nats per image")
    return drawn
