"""Where the numbers of the comparison come from, told from committed files alone.

`metrics/comparison.json` holds the values with their seeds, protocol, machines and commits;
`dvc.lock` the parameters and the checksums of code, data and classifier that they were made with.
"""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvae.comparison.columns import column
from ganvae.comparison.compared import COMPARISON, Compared, Comparison, Metric, Settings
from ganvae.comparison.tables import between
from ganvae.core import config, storage
from ganvae.core.config import PARAMS_FILE
from ganvae.errors import UserError, parameters_of
from ganvae.tools import syntax

LOCK = Path("dvc.lock")
CODE = ("src/", "stages/")
UPSTREAM = ("download", "preprocess", "train_classifier")
Lines = dict[str, str]


def report(root: Path, row: str | None = None, metric: str | None = None) -> str:
    """What every row rests on, or one row, or one of its values.

    Args:
        root: the repository; neither `data/` nor a cache is needed.
        row: a model or a row of real images; None for all, those alike told once.
        metric: one of its metrics, or None.

    Raises:
        UserError: a file is missing, or there is no such row, metric or stage.
    """
    comparison = storage.read_as(root / COMPARISON, Comparison)
    with parameters_of(root / LOCK):
        stages = config.section(config.load(root / LOCK), "stages")
    recorded = _Recorded(root, stages, config.load(root / PARAMS_FILE))
    rows = comparison.rows
    names = list(rows) if row is None else [_known(row, rows, "row")]
    parts = []
    if metric is not None:
        values = rows[names[0]].metrics
        found = values[_known(metric, values, f"metric of {names[0]}")]
        parts.append(_block(f"{names[0]}, {metric}", _value(found, metric)))
    parts.append(_block("all", _common(recorded, comparison.settings)))
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_block("", _row(recorded, name, rows[name])), []).append(name)
    parts += ["; ".join(same) + text for text, same in alike.items()]
    return "\n\n".join(parts)


@dataclass(frozen=True)
class _Recorded:
    """`dvc.lock` beside the files and parameters that lie there now."""

    root: Path
    stages: Mapping[str, Any]
    params: Mapping[str, Any]

    def of(self, stage: str) -> Any:
        """What the lock says of a stage. Raises `UserError` if it says nothing."""
        if stage not in self.stages:
            raise UserError(f"{LOCK}: no stage {stage}: run `dvc repro`")
        return self.stages[stage]

    def code(self, *stages: str) -> Lines:
        """Whether each stage's sources are those that it was run with."""
        return {
            f"code of {stage}": self.state(
                [dep for dep in self.of(stage)["deps"] if dep["path"].startswith(CODE)], "sources"
            )
            for stage in stages
        }

    def state(self, entries: Sequence[Mapping[str, str]], what: str) -> str:
        """Whether files have the checksums that the lock records."""
        changed = [e["path"] for e in entries if checksum(self.root, e["path"]) != e["md5"]]
        if changed:
            return f"CHANGED since the run: {', '.join(changed)}"
        return f"{len(entries)} {what} as recorded in {LOCK}"

    def parameters(self, *stages: str) -> Lines:
        """What the stages were run with; no key of a block that is there as a whole."""
        found: dict[str, Any] = {}
        for stage in stages:
            found |= self.of(stage).get("params", {}).get("params.yaml", {})
        blocks = tuple(f"{key}." for key in found)
        return {
            key: _shown(values)
            + ("" if _at(self.params, key) == values else "; CHANGED since in params.yaml")
            for key, values in found.items()
            if not key.startswith(blocks)
        }


def _common(recorded: _Recorded, settings: Settings) -> Lines:
    """What all rows rest on: results, data, classifier, protocol."""
    outs = [out for stage in UPSTREAM for out in recorded.of(stage)["outs"]]
    md5 = {out["path"]: out["md5"] for out in outs}
    counts = ("generated_images", "real_images")
    protocol = {key: value for key, value in settings.protocol.items() if key not in counts}
    return {
        "results": recorded.state(recorded.of("compare")["outs"], "files and folders"),
        "protocol": _shown(protocol),
        "raw data": f"md5 {md5['data/raw']} (data/raw)",
        "images": f"md5 {md5['data/processed']} (data/processed)",
        "judge": f"md5 {md5['data/classifier']} (data/classifier), "
        f"test accuracy {settings.classifier.test_accuracy:.4f}",
        **recorded.parameters(*UPSTREAM),
        **recorded.code(*UPSTREAM, "compare"),
    }


def _row(recorded: _Recorded, name: str, row: Compared) -> Lines:
    model = row.mixture_of if row.seeds_finished is None else name
    own = (f"train_{model}", f"evaluate@{model}") if model else ("evaluate_real",)
    lines = {
        "images": f"{row.images:,} against {row.against:,}",
        "trained": _runtime(row.runtime.get("training", {})),
        "evaluated": _runtime(row.runtime.get("evaluation", {})),
        **recorded.code(*own),
        **recorded.parameters(*own),
    }
    return {title: text for title, text in lines.items() if text}


def _value(found: Metric, metric: str) -> Lines:
    shown = column(metric)
    spread = "" if found.std is None else f" ± {shown.show(found.std)}"
    lines = {"value": shown.show(found.mean) + spread}
    if found.seeds:
        lines["value"] += f", mean ± standard deviation of {len(found.seeds)} seeds"
        lines["seeds"] = ", ".join(f"{s}: {shown.show(v)}" for s, v in found.seeds.items())
    if found.low is not None and found.high is not None:
        lines["sampling"] = (
            f"95 % interval of one set of images {between((found.low, found.high), shown)}"
        )
    return lines


def checksum(root: Path, name: str) -> str | None:
    """DVC's MD5 of a file, or of what counts of a folder; None if it is missing."""
    path = root / name
    if not path.is_dir():
        return _md5(path) if path.exists() else None
    files = syntax.counted(root, name)
    return syntax.of_folder({file.removeprefix(f"{name}/"): _md5(root / file) for file in files})


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def _runtime(runtime: Mapping[str, Sequence[str]]) -> str:
    """The commit first, then device and versions."""
    rest = {key: values for key, values in runtime.items() if key != "commit"}
    commit = " and ".join(runtime.get("commit", ["an unknown commit"]))
    machine = "; ".join(f"{key} {', '.join(values)}" for key, values in rest.items())
    return f"at {commit}, {machine}" if runtime else ""


def _shown(value: Any, prefix: str = "") -> str:
    """Values in one line, nested ones under dotted names."""
    if isinstance(value, Mapping):
        inner = f"{prefix}." if prefix else ""
        return ", ".join(_shown(part, f"{inner}{key}") for key, part in value.items())
    text = f"[{' '.join(map(str, value))}]" if isinstance(value, list) else str(value)
    return f"{prefix} {'none' if value is None else text}".strip()


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _known(name: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(names)}"
        raise UserError(f"{name}: no {what} in {COMPARISON} ({hint})")
    return name


def _block(title: str, lines: Lines) -> str:
    width = max(map(len, lines))
    text = "\n".join(f"  {name.ljust(width)}  {value}" for name, value in lines.items())
    return f"{title}\n{text}"
