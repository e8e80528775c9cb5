"""What the numbers say, in sentences that follow from them and from nothing else.

A model is called better or worse only where the standard of `differences` shows it.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from ganvae.comparison import faults, published, verdicts
from ganvae.comparison.columns import HIGHER, column
from ganvae.comparison.differences import SEEDS_FOR_A_VERDICT
from ganvae.comparison.facts import likelihoods
from ganvae.comparison.measurements import REAL, Study
from ganvae.comparison.summary import Row
from ganvae.comparison.tables import NONE, Table, amount, table
from ganvae.comparison.verdicts import beaten

TOLD = (
    "fid_classifier",
    "coverage",
    "class_entropy",
    "negative_elbo",
    "reconstruction_mse",
    "inversion_mse",
)
OF_MIXTURES = "fid_classifier"


def sentences(study: Study, rows: Sequence[Row], found: pd.DataFrame) -> list[str]:
    """The summary, a sentence or two each, in Markdown.

    Args:
        study: what was measured.
        rows: its `summary.rows`.
        found: their `verdicts.frame`.
    """
    models = [row for row in rows if row.finished is not None]
    said = [_trainings(study)]
    said += [_metric(name, rows, found) for name in _told(study, models)]
    said += [_without_verdict(models)]
    said += [*_mixtures(rows, found), *_constraints(models)]
    said += [_selftest(study), _times(models), _published(study, rows)]
    return [sentence for sentence in said if sentence]


def standing(rows: Sequence[Row], found: pd.DataFrame) -> Table | None:
    """How many other models each model is shown to be better and worse than, metric by metric.

    Returns:
        None where there is no verdict on any two models.
    """
    models = [row.name for row in rows if row.finished is not None]
    among = found[found["first"].isin(models) & found["second"].isin(models)]
    told = among[among["seeds"] >= SEEDS_FOR_A_VERDICT]
    lines = []
    for metric, records in told.groupby("metric", sort=False):
        better = {name: beaten(records, name) & {*models} for name in models}
        of = {*records["first"], *records["second"]}
        counts = [
            (len(better[name]), sum(name in others for others in better.values()))
            for name in models
        ]
        cells = [
            _counts(*c) if name in of else NONE for name, c in zip(models, counts, strict=True)
        ]
        lines.append([column(str(metric)).head, *cells])
    return table(["", *models], lines) if lines else None


def _counts(better: int, worse: int) -> str:
    parts = [f"+{better}" if better else "", f"−{worse}" if worse else ""]  # noqa: RUF001
    return " ".join(part for part in parts if part) or "·"


def _told(study: Study, models: Sequence[Row]) -> list[str]:
    """The metrics that several models have; of different likelihoods -ELBO has no best one."""
    apart = verdicts.OF_A_LIKELIHOOD if len(set(likelihoods(study).values())) > 1 else set()
    several = [name for name in TOLD if sum(name in row.metrics for row in models) > 1]
    return [name for name in several if name not in apart]


def _trainings(study: Study) -> str:
    """Of all seeds, who collapsed and who diverged."""
    seeds = [(model.name, seed) for model in study.models for seed in model.seeds]
    ends = {
        "collapsed": [f"{name} seed {seed.seed}" for name, seed in seeds if seed.collapsed],
        "diverged": [f"{name} seed {seed.seed}" for name, seed in seeds if not seed.finished],
    }
    told = [f"{len(of)} {end} ({', '.join(of)})" for end, of in ends.items() if of]
    one = len(study.classes.names) == 1
    none = "finished" if one else "finished, and none is collapsed"
    known = "; of images of one class no seed counts as collapsed" if one else ""
    number = f"**Trainings**: {len(seeds)}, {len(study.models)} models"
    return f"{number}; {' and '.join(told) if told else f'all {none}'}{known}."


def _metric(name: str, rows: Sequence[Row], found: pd.DataFrame) -> str:
    """Which model has the best mean, than which others it is shown to be better, and the worst."""
    shown = column(name)
    own = [row for row in rows if row.finished is not None and name in row.metrics]
    own.sort(key=lambda row: -shown.better * row.metrics[name].mean)
    first, others = own[0], [row.name for row in own[1:]]
    means = {row.name: shown.show(row.metrics[name].mean) for row in own}
    alike = [other for other, mean in means.items() if mean == means[first.name]]
    most = "highest" if shown.better == HIGHER else "lowest"
    real = next((row.metrics.get(name) for row in rows if row.name == REAL), None)
    beside = f" (real images: {shown.show(real.mean)})" if real else ""
    mean = amount(first.metrics[name], shown) if len(alike) == 1 else means[first.name]
    text = f"**{shown.title}**: the {most} mean is that of {_listed(alike)}, {mean}{beside}"
    if len(alike) == len(own):
        text = f"**{shown.title}**: the mean of every model that has it is {mean}{beside}"
    records = found[(found["metric"] == name) & (found["seeds"] >= SEEDS_FOR_A_VERDICT)]
    if records.empty:
        return f"{text}."
    return f"{text}; {_shown(first.name, others, records)}."


def _shown(first: str, others: Sequence[str], records: pd.DataFrame) -> str:
    better = beaten(records, first)
    open_ = [name for name in others if name not in better]
    if not open_:
        told = "it is better than every other model"
    elif len(open_) == len(others):
        told = "no difference from another model is shown"
    else:
        than = _listed([name for name in others if name in better])
        told = f"it is better than {than}; no difference from {_listed(open_)} is shown"
    last = others[-1]
    below = all(last in beaten(records, name) for name in (first, *others[:-1]))
    return f"{told}; {last} is worse than every other" if below and len(others) > 1 else told


def _without_verdict(models: Sequence[Row]) -> str:
    """Which models have too few seeds for any verdict."""
    few = {row.name: row.finished or 0 for row in models}
    few = {name: count for name, count in few.items() if count < SEEDS_FOR_A_VERDICT}
    if not few:
        return ""
    of = ", ".join(f"{name} has {count}" for name, count in few.items())
    if len({*few.values()}) == 1 and len(few) == len(models):
        of = f"each model has {next(iter(few.values()))}"
    return (
        f"**No verdict** on a model with fewer than {SEEDS_FOR_A_VERDICT} finished seeds: {of}. "
        "Its means are shown, and are not called better or worse."
    )


def _mixtures(rows: Sequence[Row], found: pd.DataFrame) -> Iterator[str]:
    """Each mixture beside its own model."""
    of = {row.name: row.mixture_of for row in rows if row.mixture_of}
    records = found[(found["metric"] == OF_MIXTURES) & found["first"].isin(of)]
    told = records[records["seeds"] >= SEEDS_FOR_A_VERDICT]
    if told.empty:
        return
    each = [f"{of[r['first']]}: {r['verdict']}" for r in told.to_dict("records")]
    yield (
        f"**Mixtures fitted to the codes**, beside samples of the prior of the same model, "
        f"{column(OF_MIXTURES).title}: {', '.join(each)}."
    )


def _constraints(models: Sequence[Row]) -> Iterator[str]:
    for row in models:
        if share := row.metrics.get("active_share"):
            shown = amount(share, column("active_share"))
            yield f"**The constraint** of {row.name} is active in a share of {shown} of its steps."


def _selftest(study: Study) -> str:
    """Whether the metrics see what they exist to see in these images."""
    checked = faults.frame(study)
    failed = checked[checked["told"].isin(faults.FAILED)]
    if checked.empty:
        return ""
    if failed.empty:
        return f"**The metrics**' self-test on these images: {len(checked)} checks, none failed."
    names = _listed(list(dict.fromkeys(failed["metric"])))
    return (
        f"**The metrics**' self-test on these images: {len(failed)} of {len(checked)} checks "
        f"failed, so {names} say less here."
    )


def _times(models: Sequence[Row]) -> str:
    """The mean seconds of the shortest and of the longest training."""
    name = "train_seconds"
    seconds = {row.name: row.metrics[name].mean for row in models if name in row.metrics}
    if not seconds:
        return ""
    short, long = min(seconds, key=seconds.__getitem__), max(seconds, key=seconds.__getitem__)
    show = column(name).show
    if short == long:
        return f"**Training** takes {show(seconds[short])} seconds on average ({short})."
    return (
        f"**Training** takes from {show(seconds[short])} ({short}) to {show(seconds[long])} "
        f"({long}) seconds on average."
    )


def _published(study: Study, rows: Sequence[Row]) -> str:
    values = published.beside(study, list(rows))
    if not values:
        return ""
    same = [value.row for value in values if not value.differs]
    number = f"**Published values** beside measured ones: {len(values)}, "
    return number + (
        f"of which {_listed(same)} under the same protocol."
        if same
        else "none of them under the same protocol."
    )


def _listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
