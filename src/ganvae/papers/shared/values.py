"""The numbers that the claims are judged by: one per system, quantity and seed, in `values.csv`.

A quantity is named `<name>` or `<name>@<argument>`: a function of a result and a seed, of the paper
(`quantities.QUANTITIES` beside its claims) or of every paper (`GENERIC`), or a metric of the
evaluation, or a cost of the training.
"""

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from ganvae.comparison.columns import COLUMNS, EXACT
from ganvae.comparison.summary import Spread, spread
from ganvae.core import config
from ganvae.core.config import PAPERS_FILE
from ganvae.errors import UserError
from ganvae.judging.judged import read_judged_real
from ganvae.papers.shared import claims, courses
from ganvae.papers.shared.evidence import JUDGE, Values
from ganvae.papers.shared.results import NotAskedError, Result, Results, of_seeds
from ganvae.papers.shared.tables import read_table

UNKNOWN = 0.0  # the classifier of values that do not say by which they were measured
DIGITS = ".9g"
CSV = ["system", "quantity", "seed", "value"]
Quantity = Callable[..., float | None]
ReadValues = Callable[[Results], Values]  # of an experiment

UNJUDGED = {
    "length", "diverged", "sharpness", "reconstruction_mse", "negative_elbo", "kl_nats",
    "active_units", "first_tenth", "last_tenth", "equal_images", "train_seconds", "steps",
    "generator_updates", "peak_memory_mib",
}  # fmt: skip
GENERIC: Mapping[str, Quantity] = {
    "length": lambda result, seed: result.block.budget,
    "collapsed": lambda result, seed: float(result.is_collapsed(seed)),
    "fell": lambda result, seed: float(result.has_fallen(seed)),
    "seconds_per_epoch": courses.seconds_per_epoch,
    "microseconds_per_image": courses.microseconds_per_image,
    "snapshot_fid": courses.snapshot_fid,
    "half_way_fid": courses.half_way_fid,
    "fid_after_equal_images": courses.fid_after_equal_images,
    "equal_images": courses.equal_images,
    "common_fid": courses.common_fid,
    "seconds_to_common_fid": courses.seconds_to_common_fid,
    "first_tenth": courses.first_tenth,
    "last_tenth": courses.last_tenth,
}


def of_paper(paper: str) -> Mapping[str, Quantity]:
    """The quantities of every paper and of this one."""
    module = importlib.import_module(f"ganvae.papers.{paper}.quantities")
    return {**GENERIC, **module.QUANTITIES}


def unjudged(paper: str) -> frozenset[str]:
    """The quantities that no classifier measures."""
    module = importlib.import_module(f"ganvae.papers.{paper}.quantities")
    own = {name for name in of_paper(paper) if is_of_machine(name)}
    return frozenset({*UNJUDGED, *EXACT, *own, *module.UNJUDGED})


def is_known(paper: str, quantity: str) -> bool:
    """Whether a result has a quantity of this name, with an argument just where it takes one."""
    name, _, argument = quantity.partition("@")
    if function := of_paper(paper).get(name):
        return (len(inspect.signature(function).parameters) == 3) == bool(argument)
    return name in COLUMNS or name == "diverged"


def seeds_of(result: Result, quantity: str, functions: Mapping[str, Quantity]) -> dict[int, float]:
    """A quantity of every seed that has it."""
    if quantity == "diverged":
        return {seed: float(seed not in result.seeds) for seed in result.all_seeds}
    name, _, argument = quantity.partition("@")
    function = functions.get(name) or (lambda r, seed: r.number(seed, name))
    arguments = [argument] if argument else []
    found = {seed: function(result, seed, *arguments) for seed in result.seeds}
    return {seed: float(value) for seed, value in found.items() if value is not None}


def collect(results: Results, wanted: Iterable[str], earlier: Values | None = None) -> Values:
    """The wanted quantities `<system>.<quantity>`, and all of the paper's experiments.

    Args:
        results: the paper's systems, or some of them.
        wanted: quantities; of names that are no systems, nothing.
        earlier: what stays where only some systems are looked at: the values of all others, and
            times and memory, which were measured on one machine. What two systems make together
            goes, unless both are looked at.

    Raises:
        UserError: one of them is not known.
    """
    functions = of_paper(results.paper)
    module = importlib.import_module(f"ganvae.papers.{results.paper}.quantities")
    for name in results.only:
        if name not in (names := {*results.all, *module.EXPERIMENTS}):
            raise UserError(config.unknown(f"{PAPERS_FILE}: {results.paper}", name, names))
    known = earlier or {}
    found: dict[tuple[str, str], Any] = {
        (system, quantity): value
        for (system, quantity), value in known.items()
        if not results.is_asked(system) and quantity.partition("@")[2] not in results.only
    }
    for name, read_values in module.EXPERIMENTS.items():
        if results.is_asked(name):
            found |= read_values(results)
    found |= _judges(results, found)
    order = {tuple(each.split(".", 1)): place for place, each in enumerate(wanted)}
    asked = results.asked
    for system, quantity in order:
        if system in asked:
            if not is_known(results.paper, quantity):
                path = claims.path(results.paper)
                raise UserError(f"{path}: {system}.{quantity}: no such quantity")
            value = None
            if results.only and is_of_machine(quantity):
                value = None if "@" in quantity else known.get((system, quantity))
            else:
                with suppress(NotAskedError):
                    value = of_seeds(seeds_of(asked[system], quantity, functions))
            found |= {(system, quantity): value} if value else {}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], -1)))


def _judges(results: Results, kept: Values) -> dict[tuple[str, str], Spread]:
    """The classifier of each system that is looked at; `UNKNOWN` of one whose values say none.

    The mean feature of the real test images stands for it: other weights have another.
    """

    @cache
    def features_mean(data: Path) -> float:
        judged = read_judged_real(data / "classifier" / "real.safetensors").test
        return float(f"{judged.features.double().mean():{DIGITS}}")  # as it is read back

    found, with_values = {}, {system for system, _ in kept}
    for name, result in results.all.items():
        key = (name, JUDGE + result.system.data.name)
        if results.is_asked(name):
            found[key] = spread({"": features_mean(result.system.data)})
        elif key not in kept and name in with_values:
            found[key] = spread({"": UNKNOWN})
    return found


def is_of_machine(quantity: str) -> bool:
    """Whether it is a time or a memory: other machines have others."""
    return "seconds" in quantity or "memory" in quantity


def text(values: Values) -> str:
    """The content of `values.csv`: columns `CSV`; a number without seeds has an empty one."""
    rows = [
        (system, quantity, seed, value)
        for (system, quantity), found in values.items()
        for seed, value in found.seeds.items()
    ]
    table = pd.DataFrame(rows, columns=CSV)
    written: str = table.to_csv(index=False, float_format=f"%{DIGITS}", lineterminator="\n")
    return written


def read(path: Path) -> Values:
    """The values of `values.csv`. Raises `UserError` for a table of another form."""
    table = read_table(path, CSV[:2], CSV[2:]).assign(seed=lambda t: t["seed"].map(_seed))
    if table["value"].isna().any():
        raise UserError(f"{path}: a row without a value")
    return {
        (str(system), str(quantity)): spread(dict(zip(own["seed"], own["value"], strict=True)))
        for (system, quantity), own in table.groupby(["system", "quantity"], sort=False)
    }


def _seed(number: float) -> str:
    return "" if pd.isna(number) else f"{number:.0f}"
