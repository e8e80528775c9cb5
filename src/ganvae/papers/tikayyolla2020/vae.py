"""The claims of tikayyolla2020 about the VAE, each with the rule by which it is judged."""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean

from ganvae.comparison.summary import Spread
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, Verdict, if_true, written
from ganvae.papers.shared.results import Result
from ganvae.papers.shared.rules import ONE_SEED, at_least, every, larger
from ganvae.papers.tikayyolla2020 import training
from ganvae.papers.tikayyolla2020.losses import (
    LATE,
    LAYERS,
    VAE_LOSS,
    Loss,
    late_epochs,
    late_means,
)

HARDLY = 0.01  # share of the loss by which a VAE that "almost performed the same" may still improve
PUBLISHED_LATE = [fmean(v for e, v in column.items() if e >= LATE) for column in VAE_LOSS.values()]
HUGE = 2.0  # factor of memory
Losses = Mapping[str, Mapping[float, Loss]]


def claims(results: Mapping[str, Result], losses: Losses) -> list[Finding]:
    """Section 4.1."""
    return [
        _after_fifty(results, losses),
        _depth(results, losses),
        _reading(results, losses),
        *_batches(results["vae2"], results["vae2_first_steps"], results["vae2_full_batch"]),
    ]


def improvement(losses: Mapping[float, Loss], of: str) -> float | None:
    """By which share "train" or "test" loss fell from epoch `LATE` to the text's last one."""
    last = max(VAE_LOSS["vae2"])
    if LATE not in losses or last not in losses:
        return None
    start, end = getattr(losses[LATE], of), getattr(losses[last], of)
    return None if start is None or end is None else float(1 - end.mean / start.mean)


def hardly_improves(losses: Losses) -> bool | None:
    """Whether no depth improves by more than `HARDLY`; None where train and test disagree."""
    found = set()
    for of in ("train", "test"):
        shares = [improvement(losses[name], of) for name in VAE_LOSS]
        found.add(every(None if share is None else share <= HARDLY for share in shares))
    return found.pop() if len(found) == 1 else None


def _after_fifty(results: Mapping[str, Result], losses: Losses) -> Finding:
    texts = []
    for name in VAE_LOSS:
        shares = [improvement(losses[name], of) for of in ("train", "test")]
        words = ["not reached" if share is None else f"{share:.2%}" for share in shares]
        texts.append(f"{LAYERS[name]} layers {' and '.join(words)}")
    published = [f"{1 - column[100] / column[LATE]:.2%}" for column in VAE_LOSS.values()]
    return Finding(
        f"after {LATE} epochs the VAE almost performs the same (section 4.1, Table 1)",
        [results[name] for name in VAE_LOSS], f"improves by {', '.join(published)} from {LATE} "
        "to 100 (2, 3, 4 layers)", f"train and test loss improve: {'; '.join(texts)}",
        if_true(hardly_improves(losses)), f"the same: by {HARDLY:.0%} at most",
    )  # fmt: skip


def depth_hardly_matters(losses: Losses) -> bool | None:
    """Whether the depths' late means differ by no more than the published ones.

    None where not all late epochs were reached by all depths, or train and test disagree.
    """
    epochs = late_epochs(losses)
    if epochs != late_epochs({name: VAE_LOSS[name] for name in VAE_LOSS}):
        return None
    late = [late_means(name, losses[name], epochs) for name in VAE_LOSS]
    limit = _range(PUBLISHED_LATE)
    found: set[bool | None] = set()
    for of in ("train", "test"):
        values = [getattr(of_depth, of) for of_depth in late]
        found.add(None if None in values else _range(values) <= limit)
    return found.pop() if len(found) == 1 else None


def _range(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _depth(results: Mapping[str, Result], losses: Losses) -> Finding:
    epochs = late_epochs(losses)
    late = {LAYERS[name]: late_means(name, losses[name], epochs) for name in VAE_LOSS}
    texts = [
        f"{layers} layers {_nats(of_depth.train)} and {_nats(of_depth.test)}"
        for layers, of_depth in late.items()
    ]
    published = ", ".join(f"{mean:.1f}" for mean in PUBLISHED_LATE)
    span = f"{epochs[0]:g} to {epochs[-1]:g}" if epochs else f"{LATE} to 100"
    return Finding(
        "the number of hidden layers does not affect the VAE (section 4.1, Table 1)",
        [results[name] for name in VAE_LOSS],
        f"its own means over epochs {LATE} to 100: {published} (2, 3, 4 layers)",
        f"means over epochs {span}, which all reached, train and test: {'; '.join(texts)}",
        if_true(depth_hardly_matters(losses)),
        "no effect: a range no larger than that of the published means", 4,
    )  # fmt: skip


def _nats(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f}"


def _reading(results: Mapping[str, Result], losses: Losses) -> Finding:
    """What other latent sizes give at the last epoch that all of them reached."""
    names = ("vae2", "vae2_latent_3", "vae2_latent_10")
    used = [results[name] for name in names]
    common = sorted(set.intersection(*(set(losses[name]) for name in names)))
    epoch = common[-1] if common else None
    texts = []
    for name in names:
        loss = losses[name][epoch] if epoch is not None else Loss(None, None)
        pair = [_nats(s.mean if s else None) for s in (loss.train, loss.test)]
        texts.append(f"latent {results[name].latent_dim}: {' and '.join(pair)}")
    return Finding(
        "the latent size, which is not given", used,
        "not reached" if epoch is None else f"{VAE_LOSS['vae2'][epoch]} at epoch {epoch:g}",
        f"train and test: {'; '.join(texts)}", "no claim",
    )  # fmt: skip


def _batches(mini: Result, first: Result, full: Result) -> list[Finding]:
    """Full batch against mini-batch: memory, time, number of steps, noise.

    Steps and noise are compared with the first steps of a mini-batch training, recorded one by one.
    """
    memory = [result.cost("peak_memory_mib") for result in (full, mini)]
    step = [courses.over_seeds(r, partial(training.seconds_per_step, r)) for r in (full, mini)]
    epoch = [courses.seconds_per_epoch(result) for result in (full, mini)]
    rise = [courses.over_seeds(r, partial(training.rises_of, r)) for r in (full, first)]
    level = training.common_level(first, full)
    bounds = [steps_to(result, level) for result in (full, first)]
    return [
        _batch_row("full batch needs huge memory", mini, full, "huge",
                   f"peak MiB {written(memory[0], 0)}, mini-batch {written(memory[1], 0)}",
                   if_true(at_least(memory[0], memory[1], HUGE)), f"huge: {HUGE:g} times as much"),
        _batch_row("a step of full batch takes more time", mini, full, "more",
                   f"seconds per step {written(step[0])}, mini-batch {written(step[1])}; "
                   f"per epoch {written(epoch[0], 1)} and {written(epoch[1], 1)}",
                   if_true(larger(*step))),
        _batch_row("full batch needs fewer steps to converge", first, full, "fewer",
                   f"steps to a train loss of {'?' if level is None else f'{level:.1f}'} nats: "
                   f"{_between(bounds[0])}, mini-batch {_between(bounds[1])}",
                   if_true(fewer(*bounds)), "converged: at the worse one's last loss"),
        _batch_row("mini-batch is noisy", first, full, "noisier",
                   f"share of steps whose loss is above the step before: {written(rise[1])}, "
                   f"full batch {written(rise[0])}",
                   if_true(noisier(rise[1], rise[0])), "the first steps of both"),
    ]  # fmt: skip


def _batch_row(
    claim: str, mini: Result, full: Result, published: str, measured: str, verdict: Verdict,
    protocol: str = "",
) -> Finding:  # fmt: skip
    return Finding(f"{claim} (section 4.1)", [full, mini], published, measured, verdict, protocol)


def steps_to(result: Result, level: float | None) -> training.Bounds | None:
    """`training.steps_to` over all seeds, from the lowest to the highest; None if one never did."""
    if level is None or not result.seeds:
        return None
    found = [training.steps_to(result.history(seed), level) for seed in result.seeds]
    known = [bounds for bounds in found if bounds is not None]
    if len(known) < len(found):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def fewer(left: training.Bounds | None, right: training.Bounds | None) -> bool | None:
    """Whether `left` took fewer steps, each known as above one number and at most another.

    By `ONE_SEED` at least: a noisy loss passes a level early by chance.
    """
    if left is None or right is None:
        return None
    if left[1] <= right[0] * (1 - ONE_SEED):
        return True
    return False if right[1] <= left[0] * (1 - ONE_SEED) else None


def _between(bounds: training.Bounds | None) -> str:
    return "never" if bounds is None else f"above {bounds[0]:,.0f}, at most {bounds[1]:,.0f}"


def noisier(mini: Spread | None, full: Spread | None) -> bool | None:
    """Whether the mini-batches' loss rises more often than the full batch's."""
    return None if mini is None or full is None else mini.mean > full.mean
