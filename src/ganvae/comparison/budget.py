"""What each model reaches within the same training time: which one, if there is only so much."""

import math

import pandas as pd

from ganvae.comparison.columns import column
from ganvae.comparison.measurements import Study
from ganvae.comparison.summary import Spread, spread
from ganvae.comparison.tables import NONE, Part, amount, table

MINUTES = (1, 5, 15, 60)
COLUMNS = ("model", "seed", "step", "images_seen", "train_seconds", "fid_classifier")


def course(study: Study) -> pd.DataFrame:
    """The Frechet distance of every snapshot against training time; finished seeds.

    Columns `COLUMNS`: train_seconds is images_seen by the seed's own training speed, which leaves
    out what the snapshots themselves took. The distance is that of few images
    (`snapshot_images`), so it is comparable within this table only.
    """
    parts = [
        seed.timeline.assign(
            model=model.name,
            seed=seed.seed,
            train_seconds=seed.timeline["images_seen"] / seed.metrics["train_images_per_second"],
        )[list(COLUMNS)]
        for model in study.models
        for seed in model.finished
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def reached(found: pd.DataFrame, seconds: float) -> dict[str, Spread]:
    """Model -> distance at the last snapshot within `seconds` of training, lowest mean first.

    A model whose training ended before stays at its last snapshot; one of whose seeds has none so
    early is left out.

    Args:
        found: what `course` returned.
        seconds: the budget; infinite for the whole of every training.
    """
    models: dict[str, Spread] = {}
    for name, rows in found.groupby("model", sort=False):
        within = rows[rows["train_seconds"] <= seconds]
        last = within.sort_values("step").groupby("seed")["fid_classifier"].last()
        if len(last) == rows["seed"].nunique():
            models[str(name)] = spread({str(seed): value for seed, value in last.items()})
    return dict(sorted(models.items(), key=lambda item: item[1].mean))


def part(study: Study) -> Part:
    """The two models with the lowest distance within each budget that some training used up."""
    found = course(study)
    if found.empty:
        return "No seed finished."
    longest = float(found["train_seconds"].max())
    budgets = {f"{minutes} min": 60.0 * minutes for minutes in MINUTES}
    rows = {name: reached(found, s) for name, s in budgets.items() if s <= longest}
    rows[f"whole training, at most {longest / 60:.1f} min"] = reached(found, math.inf)
    shown = column("fid_classifier")
    lines = []
    for name, models in rows.items():
        best = [
            part for model in list(models)[:2] for part in (model, amount(models[model], shown))
        ]
        lines.append([name, *best, *([NONE] * (4 - len(best)))])
    return table(["", "lowest", "FID ↓", "next", "FID ↓"], lines)
