"""Figure of a constrained model: how far L_gan is from its bound, and how often above it."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from ganvae.figures import style
from ganvae.figures.curves import Curves, diverged, images_seen, with_band

COLUMNS = {"l_gan_minus_d": "L_gan - d (nats)", "active": "share of steps with L_gan > d"}


def constraint(
    shown: Sequence[Curves],
    shares: Mapping[str, Sequence[float]],
    colours: Mapping[str, str],
    dpi: int,
) -> Figure:
    """Two panels a model.

    Args:
        shown: columns l_gan_minus_d (nats) and active (0 to 1).
        shares: by model, of each finished seed the share of all its steps.
        colours: by model.
        dpi: resolution.
    """
    title = "The constraint L_gan <= d: mean over seeds, band from lowest to highest"
    drawn, axes = style.panels(2 * max(len(shown), 1), 2.8, dpi, title, columns=2)
    if not shown:
        for ax in axes:
            style.say(ax, "no model has a constraint")
    for i, model in enumerate(shown):
        for ax, (column, label) in zip(axes[2 * i : 2 * i + 2], COLUMNS.items(), strict=True):
            colour = colours[model.name]
            with_band(ax, model.finished, column, colour, "-", None)
            for table in model.diverged:
                diverged(ax, table, column, colour, None)
            images_seen(ax)
            ax.set_ylabel(label, fontsize=style.SMALL)
            style.heading(ax, model.name, "", colour)
        left, right = axes[2 * i : 2 * i + 2]
        left.axhline(0, color="black", linewidth=0.9)
        style.heading(left, model.name, "above zero: active", colours[model.name])
        right.set_ylim(-0.03, 1.03)
        if values := shares.get(model.name):
            mean = sum(values) / len(values)
            note = f"{100 * mean:.0f} % of all steps"
            right.axhline(mean, color="black", linewidth=0.9, linestyle="--")
            style.heading(right, model.name, note, colours[model.name])
    return drawn
