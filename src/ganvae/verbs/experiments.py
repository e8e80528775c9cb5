"""The DVC experiments of a branch: what is different in each, and what became of it.

Beside `dvc exp show`, whose table has a column for every parameter and every metric of every model.
"""

import math
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import SCMError
from pydantic import ValidationError

from ganvae.comparison.columns import column
from ganvae.comparison.compared import COMPARISON, Compared, Comparison
from ganvae.comparison.differences import differences
from ganvae.comparison.tables import NONE
from ganvae.core.config import PARAMS_FILE, leaves
from ganvae.errors import UserError
from ganvae.verbs import compare
from ganvae.verbs.trained import folder_of

METRICS = ("fid_classifier", "class_entropy")


@dataclass(frozen=True)
class Experiment:
    """A revision of the study: a commit that experiments began at, or one of these.

    Attributes:
        name: the experiment's; a commit's is that of its branch, or its first seven digits.
        state: "baseline", "success", "queued", "running" or "failed".
        changed: dotted key of params.yaml -> its value in the baseline and here, where they differ.
        values: model -> metric of `METRICS` -> its mean over the seeds, where it was measured.
        marks: the same -> "", or "+", "-", "++", "--" better, worse, and whether that is shown.
        unlike: in what it was measured otherwise than the baseline; then nothing is marked.
    """

    name: str
    state: str
    changed: dict[str, tuple[Any, Any]]
    values: dict[str, dict[str, float]]
    marks: dict[str, dict[str, str]]
    unlike: tuple[str, ...] = ()

    def differs(self) -> list[str]:
        """What is different, a line for each key."""
        changes = self.changed.items()
        lines = [f"{key} {_shown(old)} → {_shown(new)}" for key, (old, new) in changes]
        return lines + [f"measured otherwise: {line}" for line in self.unlike]

    def cell(self, model: str, metric: str) -> str:
        """A value with four digits and its mark."""
        value = self.values.get(model, {}).get(metric)
        if value is None:
            return NONE
        return f"{value:.4g} {self.marks.get(model, {}).get(metric, '')}".strip()


def experiments(study: str | Path = ".") -> list[Experiment]:
    """The experiments of the checked-out branch, each commit's after the commit.

    Args:
        study: the repository.

    Raises:
        UserError: it is no Git repository with a DVC project.
    """
    root = folder_of(study)
    try:
        with Repo(str(root)) as repo:
            listed = repo.experiments.ls(all_commits=True)
            branch = _git(root, "rev-list", "HEAD").split()
            asked = [rev for rev in branch if rev in listed]
            found = repo.experiments.show(revs=[*asked, *branch[:1]], hide_workspace=True)
    except (DvcException, SCMError) as error:
        raise UserError(f"{root}: {error}") from None
    return [row for state in found for row in _rows(root, state.dumpd())]


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{root}: {done.stderr.strip() or 'git failed'}")
    return done.stdout


def _rows(root: Path, state: Mapping[str, Any]) -> Iterator[Experiment]:
    """A baseline and its experiments, of what `dvc exp show --json` prints."""
    baseline = _row(state, None, "baseline")
    yield baseline
    params, of_baseline = _params(state), _compared(root, state["rev"])
    for group in state["experiments"] or []:
        last = group["revs"][0]
        ran = (group["executor"] or {}).get("state", "success")
        row, found = _row(last, params, ran), _compared(root, last["rev"])
        if unlike := tuple(compare.unlike(of_baseline, found) if of_baseline and found else ()):
            yield replace(row, unlike=unlike)
        else:
            both = (study.rows if study else {} for study in (of_baseline, found))
            yield replace(row, marks=_marks(baseline, row, *both))


def _row(state: Mapping[str, Any], baseline: Mapping[str, Any] | None, ran: str) -> Experiment:
    own = _params(state)
    before = own if baseline is None else baseline
    changed = {key: (before.get(key), own.get(key)) for key in [*before, *(own.keys() - before)]
               if before.get(key) != own.get(key)}  # fmt: skip
    measured = ran in ("baseline", "success")  # else its files are those of the baseline
    files = (state["data"] or {}).get("metrics", {}) if measured else {}
    values = {}
    for model in dict.fromkeys(key.split(".")[1] for key in own if key.startswith("models.")):
        content = files.get(f"metrics/{model}.json", {}).get("data") or {}
        values[model] = {metric: content[metric] for metric in METRICS if metric in content}
    name = state["name"] or state["rev"][:7]
    return Experiment(name, ran, changed, values, {})


def _params(state: Mapping[str, Any]) -> dict[str, Any]:
    """The dotted keys of params.yaml."""
    files = (state["data"] or {}).get("params", {})
    return dict(leaves(files.get(str(PARAMS_FILE), {}).get("data") or {}))


def _compared(root: Path, rev: str) -> Comparison | None:
    """A revision's comparison; None where it has none, or one of another form."""
    done = subprocess.run(["git", "show", f"{rev}:./{COMPARISON}"], cwd=root, capture_output=True)
    try:
        return Comparison.model_validate_json(done.stdout)
    except ValidationError:
        return None


def _marks(
    baseline: Experiment,
    row: Experiment,
    before: Mapping[str, Compared],
    after: Mapping[str, Compared],
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {model: {} for model in row.values}
    for metric in METRICS:
        shown = _shown_differences(metric, baseline, row, before, after)
        for model, values in row.values.items():
            old = baseline.values.get(model, {}).get(metric)
            if old is None or values.get(metric) in (None, old):
                continue
            better = (values[metric] > old) == (column(metric).better > 0)
            found[model][metric] = ("+" if better else "-") * (1 + (model in shown))
    return found


def _shown_differences(
    metric: str,
    baseline: Experiment,
    row: Experiment,
    before: Mapping[str, Compared],
    after: Mapping[str, Compared],
) -> set[str]:
    """The models in which the project's standard tells the experiment from its baseline."""
    pairs = {}
    for model in row.values:
        sides = [_of_seeds(metric, found.values.get(model, {}), rows.get(model))
                 for found, rows in ((row, after), (baseline, before))]  # fmt: skip
        if min(len(side) for side in sides) > 1:
            pairs[model] = (sides[0], sides[1])
    return {model for model, found in differences(pairs).items() if found.verdict}


def _of_seeds(metric: str, means: Mapping[str, float], row: Compared | None) -> list[float]:
    """The seeds' values in a comparison; none where it is older than the metric's mean."""
    found = row.metrics.get(metric) if row else None
    values = list(found.seeds.values()) if found else []
    fits = values and math.isclose(
        math.fsum(values) / len(values), means.get(metric, math.nan), rel_tol=1e-5
    )
    return values if fits else []


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_shown, value))}]"
    return "none" if value is None else str(value)
