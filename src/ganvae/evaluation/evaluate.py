"""Evaluation of one model: what its trained networks generate, reconstruct and drew on the way."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from torch import Tensor, nn

from ganvae.core.imageset import quantise
from ganvae.core.machine import description
from ganvae.evaluation import parts, showcase
from ganvae.evaluation.parts import Bench, Part
from ganvae.evaluation.timeline import collapsed_at, fewest_classes, is_collapsed
from ganvae.jobs.threads import side_by_side
from ganvae.models.base.snapshots import read_snapshots
from ganvae.models.base.systems import Status, System

HEADLINES = (
    "fid_classifier",
    "class_entropy",
    "image_entropy",
    "sharpness",
    "coverage",
    "negative_elbo",
)


def evaluate(
    bench: Bench, system: System, statuses: Mapping[int, Status], progress: bool
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """All measurements of all seeds.

    Args:
        bench: what they are evaluated with.
        system: whose trained networks.
        statuses: what `read_statuses` returned.
        progress: whether to draw a bar on stderr.

    Returns:
        The content of `details.json`, and the arrays; a seed's are named `<kind>/<seed>`.
    """
    _ = bench.real.frechet, bench.real.manifold  # once, not in every thread
    tasks = {seed: _tasks(bench, system, seed, statuses[seed]) for seed in statuses}
    flat = [task for of_seed in tasks.values() for task in of_seed]
    done = iter(side_by_side(flat, f"evaluate {bench.model}", progress))
    fewest = fewest_classes(bench.real, bench.params.collapse_share)
    entries: dict[str, Any] = {}
    arrays = {"originals": quantise(bench.real.images[: showcase.RECONSTRUCTIONS])}
    if bench.likelihood is not None:
        arrays["latent_labels"] = bench.labels[: showcase.LATENT_POINTS]
    for seed, of_seed in tasks.items():
        found = [next(done) for _ in of_seed]
        entries[str(seed)], of_figures = _entry(fewest, statuses[seed], found)
        arrays.update({f"{kind}/{seed}": values for kind, values in of_figures.items()})
    details = {
        "model": bench.model,
        "protocol": bench.protocol(),
        "runtime": description(bench.device),
        "seeds": entries,
    }
    return details, arrays


def _tasks(
    bench: Bench, system: System, seed: int, status: Status
) -> list[Callable[[], Part | None]]:
    """What is measured of a seed, in parts that can run side by side; the longest first."""
    snapshots = read_snapshots(system.record("snapshots", seed))
    course = partial(parts.course, bench, snapshots)
    if status.state == "diverged":
        return [course]
    networks = system.restored(seed).to(bench.device)
    measured = [
        parts.inverted,
        *([parts.encoded] if bench.likelihood else []),
        *([parts.of_mixture] if bench.likelihood and bench.params.mixture_components else []),
        parts.generated,
        parts.shown,
    ]
    return [*(partial(_if_finite, part, bench, networks, seed) for part in measured), course]


def _if_finite(
    part: Callable[[Bench, nn.ModuleDict, int], Part],
    bench: Bench,
    networks: nn.ModuleDict,
    seed: int,
) -> Part | None:
    try:
        return part(bench, networks, seed)
    except FloatingPointError:
        return None


def _entry(
    fewest: float, status: Status, measured: list[Part | None]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A seed's entry and arrays. With networks that give values not finite it has diverged."""
    entry: dict[str, Any] = status.model_dump()
    course = measured[-1]
    assert course is not None
    entry |= course.fields
    if status.state == "diverged":
        return entry, {}
    found = [part for part in measured if part is not None]
    if len(found) < len(measured):
        return {**entry, "state": "diverged", "update": "evaluate"}, {}
    arrays: dict[str, Tensor] = {}
    metrics: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for part in found:
        metrics |= part.metrics
        intervals |= part.intervals
        entry |= part.fields
        arrays |= part.arrays
    collapsed = is_collapsed(metrics.get("class_entropy"), fewest)
    entry["collapsed"] = collapsed
    since = collapsed_at(entry["timeline"], fewest)
    entry["collapsed_at"] = since if collapsed else None
    return {**entry, "metrics": metrics, "intervals": intervals}, arrays


def headline(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The flat means over the seeds that did not diverge, to six digits, and their number.

    Args:
        entries: the `seeds` of `details.json`.
    """
    finished = [entry for entry in entries.values() if entry["state"] == "finished"]
    means = _means([entry["metrics"] for entry in finished], HEADLINES)
    mixtures = [entry["mixture"]["metrics"] for entry in finished if "mixture" in entry]
    if mixtures:
        means["mixture_fid"] = _means(mixtures, ["fid_classifier"])["fid_classifier"]
    return {**means, "seeds_finished": len(finished)}


def _means(seeds: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """Of those of the metrics that were measured."""
    return {
        name: float(f"{fmean(metrics[name] for metrics in seeds):.6g}")
        for name in names
        if seeds and name in seeds[0]
    }
