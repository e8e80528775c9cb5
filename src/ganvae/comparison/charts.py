"""Chooses from a study what the figures of curves show."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganvae.comparison import budget, curves
from ganvae.comparison.constraint import ACTIVE, excess
from ganvae.comparison.measurements import REAL, Model, Seed, Study
from ganvae.figures import budget as budget_figure
from ganvae.figures import constraint, course, frechet
from ganvae.figures import curves as loss_figure
from ganvae.figures.budget import Cost
from ganvae.figures.course import Histograms
from ganvae.figures.curves import Curves
from ganvae.figures.frechet import Curve

NO_SEED = "every seed diverged"
Drawings = dict[str, Callable[[], Figure]]


def draw(study: Study, colours: Mapping[str, str], dpi: int) -> Drawings:
    """File stem -> a function that draws that figure."""
    models, protocol = study.models, study.protocol
    entropy = study.real[REAL]["metrics"].get("class_entropy")
    bounded = [model for model in models if any(ACTIVE in s.history for s in model.seeds)]
    shares = {model.name: _active_shares(model) for model in bounded}
    return {
        "losses": lambda: loss_figure.losses(
            [_seeds(model, lambda seed: seed.history) for model in models], colours, dpi
        ),
        "timeline": lambda: course.timeline(
            _timelines(models), entropy, study.classes, colours, dpi
        ),
        "class_histogram_timeline": lambda: course.class_histograms(
            [_histograms(model) for model in models], study.classes, colours, dpi
        ),
        "frechet_curve": lambda: frechet.frechet_curve(_frechet(study), colours, dpi),
        "constraint": lambda: constraint.constraint(
            [_constraint(study, model) for model in bounded], shares, colours, dpi
        ),
        "budget": lambda: budget_figure.budget(
            _costs(study), protocol["snapshot_images"], protocol["generated_images"], colours, dpi
        ),
    }


def _seeds(model: Model, table: Callable[[Seed], pd.DataFrame]) -> Curves:
    return Curves(
        model.name,
        finished=[table(seed) for seed in model.seeds if seed.finished],
        diverged=[table(seed) for seed in model.seeds if not seed.finished],
    )


def _timelines(models: Sequence[Model]) -> list[Curves]:
    return [
        Curves(
            **vars(_seeds(model, lambda seed: seed.timeline))
            | {"collapsed": [row for seed in model.finished if len(row := _collapse(seed))]}
        )
        for model in models
    ]


def _collapse(seed: Seed) -> pd.DataFrame:
    """The snapshot from which on a seed was collapsed; no row if it was not."""
    return seed.timeline[seed.timeline["step"] == seed.collapsed_at]


def _histograms(model: Model) -> Histograms:
    """Of the first collapsed seed, else the first that finished, else the first."""
    ranked = sorted(model.seeds, key=lambda seed: (not seed.collapsed, not seed.finished))
    seed = ranked[0]
    state = "collapsed" if seed.collapsed else ("" if seed.finished else "diverged")
    since = np.flatnonzero(seed.timeline["step"] == seed.collapsed_at)
    return Histograms(
        model.name,
        f"seed {seed.seed}, {state}".rstrip(", "),
        seed.timeline["images_seen"].to_numpy(),
        np.array([curves.to_shares(counts) for counts in seed.timeline["class_histogram"]]),
        int(since[0]) if len(since) else None,
    )


def _frechet(study: Study) -> list[Curve]:
    points = curves.frechet_curve(study)
    seeds = {
        name: [table for _, table in rows.groupby("seed")]
        for name, rows in points.groupby("model", sort=False)
    }
    notes = {
        model.name: f"{len(model.finished)} seeds" if model.finished else NO_SEED
        for model in study.models
    }
    names = [*notes, REAL]
    return [Curve(name, notes.get(name, "training images"), seeds.get(name, [])) for name in names]


def _constraint(study: Study, model: Model) -> Curves:
    d = study.params["models"][model.name]["d"]
    return _seeds(model, lambda seed: excess(seed.history, d))


def _active_shares(model: Model) -> list[float]:
    found = [seed.metrics.get("active_share") for seed in model.finished]
    return [share for share in found if share is not None]


def _costs(study: Study) -> list[Cost]:
    along = budget.course(study)
    return [_cost(model, along[along["model"] == model.name]) for model in study.models
            if model.finished]  # fmt: skip


def _cost(model: Model, along: pd.DataFrame) -> Cost:
    by_step = along.groupby("step")
    table = pd.DataFrame(
        {
            "train_seconds": by_step["train_seconds"].mean(),
            "images_seen": by_step["images_seen"].first(),
            "mean": by_step["fid_classifier"].mean(),
            "low": by_step["fid_classifier"].min(),
            "high": by_step["fid_classifier"].max(),
        }
    )
    seed = model.finished[0]
    final = np.array([s.metrics["fid_classifier"] for s in model.finished])
    operations = seed.metrics.get("flops_per_image")
    seen = float(table["images_seen"].iloc[-1])
    return Cost(
        model.name,
        table,
        parameters=seed.metrics["parameters"],
        flops=None if operations is None else operations * seen,
        final=(float(final.mean()), float(final.std(ddof=1)) if len(final) > 1 else 0.0),
    )
