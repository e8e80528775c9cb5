"""The figures of ghosh2020: its own (Figs 4 to 7), and those of the models that it only names."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganvae.core.imageset import quantise
from ganvae.figures import style
from ganvae.papers.ghosh2020 import codes
from ganvae.papers.ghosh2020.codes import Codes
from ganvae.papers.shared import panels
from ganvae.papers.shared.panels import DPI, Images
from ganvae.papers.shared.results import Result

SAMPLES = 100
SMOOTHED = 200  # points of a loss curve
LN2, LN4 = float(np.log(2)), float(np.log(4))


def epochs(shown: Mapping[str, Result]) -> Figure:
    """Fig. 4: samples of every system after each kept epoch, the same noise in both."""
    found = []
    for name, result in shown.items():
        seed = panels.first(result)
        if seed is None or not result.epochs():
            why = "no seed finished" if seed is None else "stopped before the first kept epoch"
            found.append(Images(name, None, why))
            continue
        for epoch in result.epochs():
            grid = quantise(result.images(seed, SAMPLES, epoch)).numpy()
            found.append(Images(name, grid, f"after epoch {epoch:g}, seed {seed}"))
    return panels.figure(found, "Samples of the VAE along training (Fig. 4)")


def reconstructions(shown: Mapping[str, Result]) -> Figure:
    """Fig. 5: the first test images, and each VAE's reconstructions of them, as grids."""
    first = next(iter(shown.values()))
    found = [panels.originals(first, "original", columns=5)]
    for name, result in shown.items():
        found.append(panels.stored(result, "reconstructions", name, columns=5))
    return panels.figure(found, "Original beside reconstruction (Fig. 5)", len(found))


def samples(shown: Mapping[str, Result]) -> Figure:
    """Fig. 6: the GAN on the left, the VAE on the right; a row per kind of network."""
    found = [panels.stored(result, "samples", name) for name, result in shown.items()]
    return panels.figure(found, "Generated images, GAN left and VAE right (Fig. 6)")


def losses(shown: Mapping[str, Result]) -> Figure:
    """Fig. 7: both losses of the first seed against the iteration, in nats, means of a few steps.

    Dotted: ln 4 and ln 2, the discriminator's and the non-saturating generator's loss where the
    discriminator cannot tell.
    """
    drawn, axes = style.panels(
        len(shown), 2.9, DPI, "Loss against iteration (Fig. 7); dotted ln 4 and ln 2", columns=2
    )
    for ax, (name, result) in zip(axes, shown.items(), strict=True):
        seed = panels.first(result)
        objective = result.values["models"]["gan"]["adversarial"].replace("_", "-")
        style.heading(ax, name, f"{objective}, seed {seed}", style.REAL_COLOUR)
        if seed is None:
            style.say(ax, "no seed finished")
            continue
        _losses(ax, result, seed)
    return drawn


def _losses(ax: Axes, result: Result, seed: int) -> None:
    table = result.history(seed)
    group = np.arange(len(table)) * SMOOTHED // max(len(table), SMOOTHED)
    few = table.groupby(group).mean()
    for (label, column), colour in zip(
        (("discriminator", "discriminator.loss"), ("generator", "generator.loss")),
        style.PALETTE,
        strict=False,
    ):
        own = few[["step", column]].dropna()
        ax.plot(own["step"], own[column], color=colour, linewidth=1.1, label=label)
    for level in (LN2, LN4):
        ax.axhline(level, color="grey", linewidth=0.8, linestyle=":")
    ax.set_xlabel("iteration", fontsize=style.SMALL)
    ax.set_ylabel("loss (nats)", fontsize=style.SMALL)
    ax.legend(fontsize=style.SMALL, frameon=False)
    style.grid(ax)


def classes(conditional: Codes, info: Codes) -> Figure:
    """One row per class asked for, or per value of InfoGAN's code with the class assigned to it."""
    shown = []
    for name, found in (("conditional GAN", conditional), ("InfoGAN", info)):
        panel = Images(name, None, "no seed finished")
        for seed, read in list(found.seeds.items())[:1]:
            chosen, fits = read.assignment
            rows = [f"code {code}: {digit}" for code, digit in enumerate(chosen)]
            note = f"seed {seed}; {100 * fits:.1f} % fit the assignment"
            if found is conditional:
                share = np.diag(read.confusion) / read.confusion.sum(axis=1)
                rows = [f"{digit}: {100 * agreed:.0f} %" for digit, agreed in enumerate(share)]
                note = f"seed {seed}; {100 * read.agreement:.1f} % read as asked"
            panel = Images(name, read.shown, note, codes.SHOWN, rows)
        shown.append(panel)
    return panels.figure(
        shown, "Rows: the class asked for and how often it is read; code and assigned class"
    )


def continuous(found: Codes) -> Figure:
    """InfoGAN: each continuous code from -1 to 1 along the rows, one row per categorical code."""
    shown = []
    rho = found.correlations()
    for seed, read in list(found.seeds.items())[:1]:
        for code in range(read.codes.shape[1]):
            own = rho[(rho["seed"] == seed) & (rho["code"] == codes.continuous_name(code))].iloc[0]
            note = f"rank correlation: slant {own['slant']:+.2f}, width {own['width']:+.2f}"
            shown.append(
                Images(
                    f"code {codes.continuous_name(code)}",
                    codes.walk(found.result, seed, code),
                    note,
                    codes.SHOWN,
                    [str(digit) for digit in range(10)],
                    [f"{x:.1f}" for x in np.linspace(-1, 1, codes.SHOWN)],
                    xlabel="value of the continuous code; rows: categorical code",
                )
            )
    shown = shown or [Images("InfoGAN", None, "no seed finished")]
    return panels.figure(shown, "InfoGAN's continuous codes, the same noise everywhere")


def confusion(shown: Sequence[Codes]) -> Figure:
    """Share of each asked class or code (row) that is read as each class (column)."""
    drawn, axes = style.panels(
        len(shown), 4.0, DPI, "Asked for, and read by the classifier (% of a row)", columns=2
    )
    for ax, found in zip(axes, shown, strict=True):
        style.heading(ax, found.result.system.model, "", style.REAL_COLOUR)
        if not found.seeds:
            style.say(ax, "no seed finished")
            continue
        seed, read = next(iter(found.seeds.items()))
        style.heading(ax, found.result.system.model, f"seed {seed}", style.REAL_COLOUR)
        percent = 100 * read.confusion / read.confusion.sum(axis=1, keepdims=True)
        ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(percent):
            if value >= 0.5:
                ink = "white" if value > 60 else "black"
                ax.text(
                    column, row, f"{value:.0f}", ha="center", va="center",
                    fontsize=style.SMALL - 1, color=ink,
                )  # fmt: skip
        ax.set_xticks(range(10))
        ax.set_yticks(range(10))
        ax.set_xlabel("class that the classifier reads", fontsize=style.SMALL)
        ax.set_ylabel("class or code asked for", fontsize=style.SMALL)
    return drawn
