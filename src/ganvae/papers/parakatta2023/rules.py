"""What of parakatta2023 no rule says: five models in order on two sets, and codes of a size."""

import math
import re
from collections.abc import Callable
from functools import partial
from itertools import combinations

from scipy import stats

from ganvae.comparison.differences import Pair
from ganvae.comparison.summary import Spread
from ganvae.papers.parakatta2023.sets import MODELS
from ganvae.papers.shared.evidence import Evidence, Told, decide, every, opposite
from ganvae.papers.shared.verdicts import written

SETS = {"MNIST": "study", "FashionMNIST": "fashion"}


def orders(evidence: Evidence) -> Told:
    """A metric's order of all five models on both sets; pairs are compared as one family each."""
    (metric,) = evidence.claim.shows
    found: dict[str, dict[str, Spread]] = {name: {} for name in SETS}
    for name, prefix in SETS.items():
        for model in MODELS:
            if value := evidence.value(f"{prefix}_{model}.{metric}"):
                found[name][model] = value
    words = [f"{name} {' < '.join(m.upper() for m in order(own))}" for name, own in found.items()]
    both = [[own[m].mean for own in found.values()] for m in MODELS
            if all(m in own for own in found.values())]  # fmt: skip
    if len(both) > 1:
        tau = stats.kendalltau(*zip(*both, strict=True))
        if not math.isnan(tau.statistic):  # of numbers that are not all the same
            words.append(f"Kendall's tau {tau.statistic:.2f} (p = {tau.pvalue:.2f})")
    words.append(f"pairs told to be turned around: {', '.join(turned(*found.values())) or 'none'}")
    return Told(None, text="; ".join(words))


def order(found: dict[str, Spread]) -> list[str]:
    """The models from the lowest mean on."""
    return sorted(found, key=lambda model: found[model].mean)


def turned(first: dict[str, Spread], second: dict[str, Spread]) -> list[str]:
    """Pairs of models whose order the seeds tell on both sets, and which is another on each."""
    signs = [_signs(found) for found in (first, second)]
    return [pair for pair, sign in signs[0].items() if sign * signs[1].get(pair, 0) < 0]


def _signs(found: dict[str, Spread]) -> dict[str, int]:
    seeds = {model: list(value.seeds.values()) for model, value in found.items()}
    pairs: dict[str, Pair] = {
        f"{left.upper()} and {right.upper()}": (seeds[left], seeds[right])
        for left, right in combinations([m for m in MODELS if len(seeds.get(m, [])) > 1], 2)
    }
    return decide(pairs)


def beats(evidence: Evidence, other: str) -> Told:
    """Whether the autoencoder has the lower error at every size of its code.

    It wins a size that the other cannot reach; one network that loses refutes nothing.
    """
    own = {
        int(match[1]): quantity
        for system, quantity in evidence.values
        if system == "compression" and (match := re.fullmatch(r"mse@autoencoder (\d+)", quantity))
    }
    told, words = [], []
    for size, quantity in sorted(own.items()):
        rival = evidence.values.get(("compression", f"mse@{other} {size}"))
        mse = written("mse", evidence.value(f"compression.{quantity}"))
        words.append(f"{size} numbers: {mse}, {other.upper()} "
                     f"{written('mse', rival) if rival else 'cannot be as small'}")  # fmt: skip
        if rival:
            above = evidence.above(f"compression.{quantity}", f"compression.mse@{other} {size}")
            told.append(opposite(above))
    text = f"MSE with {'; '.join(words) or 'no autoencoder finished'}"
    found = every(told)
    if found.holds is False:
        return Told(None, "another network might", text)
    return Told(found.holds if own else None, found.reason or "not measured", text)


FUNCTIONS: dict[str, Callable[[Evidence], Told]] = {
    "orders": orders,
    "beats_pca": partial(beats, other="pca"),
    "beats_jpeg": partial(beats, other="jpeg"),
}
