"""Chooses from a study what each figure shows, and draws all of them."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from ganvae.comparison.curves import to_shares
from ganvae.comparison.measurements import REAL, Array, Model, Seed, Study
from ganvae.figures import curves, distributions, grids, style
from ganvae.figures.curves import Curves
from ganvae.figures.style import Panel

NO_SEED = "every seed diverged"


def draw(study: Study, dpi: int) -> dict[str, Callable[[], Figure]]:
    """File stem -> a function that draws that figure, so that only one is held at a time."""
    colours = style.colours(model.name for model in study.models)
    models = study.models
    encoding = [model for model in models if "originals" in model.arrays]
    real = study.real.get(REAL, {})
    digits = to_shares(real["class_histogram"]) if "class_histogram" in real else None
    entropy = real.get("metrics", {}).get("class_entropy")
    samples = [*_image_panels(models, "samples"), _real_samples(study)]
    snapshot_steps = {model.name: _of_seed(model, "snapshot_steps") for model in models}
    steps = {name: values for name, values in snapshot_steps.items() if values is not None}
    return {
        "samples": lambda: grids.samples(samples, colours, dpi),
        "training": lambda: grids.training(_image_panels(models, "snapshots"), steps, colours, dpi),
        "losses": lambda: curves.losses(_curves(models, "history"), colours, dpi),
        "class_entropy": lambda: curves.class_entropy(
            _curves(models, "timeline"), entropy, colours, dpi
        ),
        "class_histograms": lambda: distributions.class_histograms(
            [_shares(model) for model in models], digits, colours, dpi
        ),
        "image_entropy": lambda: distributions.image_entropy(
            [_entropies(model) for model in models],
            study.real_arrays.get("image_entropy"),
            colours,
            dpi,
        ),
        "reconstructions": lambda: grids.reconstructions(
            _shared(encoding, "originals"), _image_panels(encoding, "reconstructions"), colours, dpi
        ),
        "latent_space": lambda: distributions.latent_space(
            _image_panels(encoding, "latent"), _shared(encoding, "latent_labels"), colours, dpi
        ),
        "interpolations": lambda: grids.interpolations(
            _image_panels(models, "interpolations"), colours, dpi
        ),
    }


def _image_panels(models: Sequence[Model], kind: str) -> list[Panel]:
    """One panel per model, from its first finished seed: never the best one."""
    return [_first_seed(model, kind) for model in models]


def _first_seed(model: Model, kind: str) -> Panel:
    values = _of_seed(model, kind)
    note = _note(model.finished[0]) if values is not None else NO_SEED
    return Panel(model.name, values, note)


def _of_seed(model: Model, kind: str) -> Array | None:
    return model.arrays.get(f"{kind}/{model.finished[0].seed}") if model.finished else None


def _note(seed: Seed) -> str:
    return f"seed {seed.seed}, collapsed" if seed.collapsed else f"seed {seed.seed}"


def _real_samples(study: Study) -> Panel:
    values = study.real_arrays.get("samples")
    return Panel(REAL, values, "" if values is not None else "no real images")


def _shared(models: Sequence[Model], name: str) -> Array | None:
    """An array that all models with an encoder have alike."""
    return models[0].arrays.get(name) if models else None


def _curves(models: Sequence[Model], table: str) -> list[Curves]:
    return [
        Curves(
            model.name,
            finished=[getattr(seed, table) for seed in model.seeds if seed.finished],
            diverged=[getattr(seed, table) for seed in model.seeds if not seed.finished],
        )
        for model in models
    ]


def _shares(model: Model) -> Panel:
    shares = [to_shares(seed.class_histogram) for seed in model.finished if seed.class_histogram]
    return Panel(model.name, np.array(shares) if shares else None, _counts(model))


def _entropies(model: Model) -> Panel:
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
