"""Chooses from a study which images each figure shows, and draws all figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from ganvae.comparison import charts
from ganvae.comparison.charts import NO_SEED
from ganvae.comparison.curves import to_shares
from ganvae.comparison.files import Array
from ganvae.comparison.measurements import REAL, Model, Seed, Study
from ganvae.comparison.summary import mixture_name
from ganvae.figures import distributions, grids, style
from ganvae.figures.style import Panel


def draw(study: Study, dpi: int) -> dict[str, Callable[[], Figure]]:
    """File stem -> a function that draws that figure, so that only one is held at a time."""
    colours = style.colours(model.name for model in study.models)
    models = study.models
    encoding = [model for model in models if "latent_labels" in model.arrays]
    real = study.real_arrays
    samples = [*_samples(models), _real(study, "samples", "")]
    sampled = colours | {mixture_name(model): colour for model, colour in colours.items()}
    nearest = [
        *_image_panels(models, "nearest"),
        _real(study, "nearest", "test images"),
    ]
    snapshot_steps = {model.name: _of_seed(model, "snapshot_steps") for model in models}
    steps = {name: values for name, values in snapshot_steps.items() if values is not None}
    return charts.draw(study, colours, dpi) | {
        "samples": lambda: grids.samples(samples, sampled, dpi),
        "training": lambda: grids.training(_image_panels(models, "snapshots"), steps, colours, dpi),
        "nearest": lambda: grids.nearest(nearest, colours, dpi),
        "class_histograms": lambda: distributions.class_histograms(
            [_shares(model) for model in models],
            to_shares(study.real[REAL]["class_histogram"]),
            study.classes,
            colours,
            dpi,
        ),
        "image_entropy": lambda: distributions.image_entropy(
            [_entropies(study, model) for model in models],
            real.get("image_entropy"),
            study.classes,
            colours,
            dpi,
        ),
        "reconstructions": lambda: grids.reconstructions(
            _shared(models, "originals"), _reconstructions(models), colours, dpi
        ),
        "latent_space": lambda: distributions.latent_space(
            _image_panels(encoding, "latent"),
            _shared(encoding, "latent_labels"),
            study.classes,
            colours,
            dpi,
        ),
        "interpolations": lambda: grids.interpolations(
            _image_panels(models, "interpolations"), colours, dpi
        ),
    }


def _image_panels(models: Sequence[Model], kind: str) -> list[Panel]:
    """One panel per model, from its first finished seed: never the best one."""
    return [_first_seed(model, kind) for model in models]


def _samples(models: Sequence[Model]) -> list[Panel]:
    """Each model's panel, and behind it that of its mixture if it has one."""
    panels = []
    for model in models:
        panels.append(_first_seed(model, "samples"))
        if _of_seed(model, "mixture_samples") is not None:
            of_mixture = _first_seed(model, "mixture_samples")
            panels.append(replace(of_mixture, name=mixture_name(model.name)))
    return panels


def _first_seed(model: Model, kind: str) -> Panel:
    values = _of_seed(model, kind)
    note = _note(model.finished[0]) if values is not None else NO_SEED
    return Panel(model.name, values, note)


def _of_seed(model: Model, kind: str) -> Array | None:
    return model.arrays.get(f"{kind}/{model.finished[0].seed}") if model.finished else None


def _note(seed: Seed) -> str:
    return f"seed {seed.seed}, collapsed" if seed.collapsed else f"seed {seed.seed}"


def _reconstructions(models: Sequence[Model]) -> list[Panel]:
    """By the encoder where there is one, else the nearest image that a search found."""
    panels = _image_panels(models, "reconstructions")
    return [
        panel
        if "latent_labels" in model.arrays or panel.values is None
        else Panel(panel.name, panel.values, f"{panel.note}, latent search")
        for model, panel in zip(models, panels, strict=True)
    ]


def _real(study: Study, kind: str, note: str) -> Panel:
    values = study.real_arrays.get(kind)
    return Panel(REAL, values, note if values is not None else "no real images")


def _shared(models: Sequence[Model], name: str) -> Array | None:
    """An array that all of `models` have alike."""
    return models[0].arrays.get(name) if models else None


def _shares(model: Model) -> Panel:
    shares = [to_shares(seed.class_histogram) for seed in model.finished if seed.class_histogram]
    return Panel(model.name, np.array(shares) if shares else None, _counts(model))


def _entropies(study: Study, model: Model) -> Panel:
    if len(study.classes.names) == 1:
        return Panel(model.name, None, "one class")
    names = [f"image_entropy/{seed.seed}" for seed in model.finished]
    found = [model.arrays[name] for name in names if name in model.arrays]
    return Panel(model.name, np.concatenate(found) if found else None, _counts(model))


def _counts(model: Model) -> str:
    if not model.finished:
        return NO_SEED
    collapsed = [seed for seed in model.finished if seed.collapsed]
    parts = [f"{len(collapsed)} collapsed"] if collapsed else []
    diverged = len(model.seeds) - len(model.finished)
    parts += [f"{diverged} diverged"] if diverged else []
    return ", ".join([f"{len(model.finished)} seeds", *parts])
