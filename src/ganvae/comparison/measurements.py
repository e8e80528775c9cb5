"""Reads everything a comparison needs, and refuses what does not belong to one study."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from ganvae import config, storage
from ganvae.errors import UserError

Array = NDArray[Any]
MODELS = Path("data/models")
EVALUATION = Path("data/evaluation")
CLASSIFIER = Path("metrics/classifier.json")
REAL = "real"
EVALUATED = "evaluate"  # the update of a seed whose finished networks give no finite values


@dataclass(frozen=True)
class Seed:
    """One training of one model.

    Attributes:
        seed: its number in `train.seeds`.
        state: "finished" or "diverged".
        step: the step at which it ended; `update` names the update that diverged, else None.
        collapsed: finished, but with too few digits (see `evaluate.collapse_classes`).
        metrics: metric name -> value, costs included; empty if it diverged.
        class_histogram: share or count of generated images per digit, [10]; empty if it diverged.
        timeline: columns step, images_seen, class_entropy, image_entropy, one row per snapshot.
        history: columns step, images_seen, epoch and `<update>.<record>`.
        runtime: device and library versions.
    """

    seed: int
    state: str
    step: int
    update: str | None
    collapsed: bool
    metrics: dict[str, float]
    class_histogram: list[float]
    timeline: pd.DataFrame
    history: pd.DataFrame
    runtime: dict[str, str]

    @property
    def finished(self) -> bool:
        """Whether it reached its last step."""
        return self.state == "finished"


@dataclass(frozen=True)
class Model:
    """All seeds of one model, with the images and histograms that figures show."""

    name: str
    seeds: tuple[Seed, ...]
    arrays: dict[str, Array]

    @property
    def finished(self) -> tuple[Seed, ...]:
        """The seeds that means are taken over; a collapsed one is among them."""
        return tuple(seed for seed in self.seeds if seed.finished)


@dataclass(frozen=True)
class Study:
    """Everything measured with one `params.yaml` and one evaluation protocol."""

    params: dict[str, Any]
    protocol: dict[str, Any]
    real_protocol: dict[str, Any]
    models: tuple[Model, ...]
    real: dict[str, dict[str, Any]]
    real_arrays: dict[str, Array]
    classifier_accuracy: float


def read(params: dict[str, Any], root: Path = Path()) -> Study:
    """Reads the outputs of training and evaluation under `root`.

    Raises:
        UserError: a file is missing or damaged; there are files of a model or a seed that
            `params.yaml` does not name; models were evaluated with different protocols.
    """
    names = list(config.section(params, "models"))
    seeds = list(config.section(params, "train.seeds"))
    _only(root / MODELS, names, "models")
    _only(root / EVALUATION, [*names, REAL], "models")
    details = {name: _details(root, name, seeds) for name in names}
    real = _fields(root / EVALUATION / REAL / "details.json", "protocol", "rows")
    accuracy = _fields(root / CLASSIFIER, "test_accuracy")["test_accuracy"]
    return Study(
        params=params,
        protocol=_one_protocol(
            {name: d["protocol"] for name, d in details.items()}, real["protocol"]
        ),
        real_protocol=real["protocol"],
        models=tuple(_model(root, name, seeds, details[name]) for name in names),
        real=real["rows"],
        real_arrays=_arrays(root / EVALUATION / REAL / "arrays.safetensors"),
        classifier_accuracy=float(accuracy),
    )


def _model(root: Path, name: str, seeds: list[int], details: dict[str, Any]) -> Model:
    folder = root / MODELS / name
    for kind in _visible(folder):
        if (folder / kind).is_dir():
            stems = {Path(file).stem for file in _visible(folder / kind)}
            _refuse(folder / kind, stems, [f"seed_{seed}" for seed in seeds], "train.seeds")
    return Model(
        name=name,
        seeds=tuple(_seed(folder, seed, details["seeds"][str(seed)]) for seed in seeds),
        arrays=_arrays(root / EVALUATION / name / "arrays.safetensors"),
    )


def _seed(folder: Path, seed: int, details: dict[str, Any]) -> Seed:
    status = _fields(folder / "status" / f"seed_{seed}.json", "state")
    if details["state"] != status["state"] and details.get("update") != EVALUATED:
        raise UserError(
            f"{folder}: seed {seed} is {status['state']}, but was evaluated as "
            f"{details['state']}: run `dvc repro evaluate@{folder.name}`"
        )
    finished = details["state"] == "finished"
    costs_file = folder / "costs" / f"seed_{seed}.json"
    costs = _fields(costs_file, "runtime") if finished or costs_file.exists() else {}
    metrics = {**details.get("metrics", {}), **_numbers(costs)} if finished else {}
    return Seed(
        seed=seed,
        state=details["state"],
        step=details["step"],
        update=details.get("update"),
        collapsed=bool(details.get("collapsed")),
        metrics={name: float(v) for name, v in metrics.items() if v is not None},
        class_histogram=details.get("class_histogram") or [],
        timeline=pd.DataFrame(
            details.get("timeline", []),
            columns=["step", "images_seen", "class_entropy", "image_entropy"],
        ),
        history=_history(folder / "history" / f"seed_{seed}.csv"),
        runtime=costs.get("runtime", {}),
    )


def _numbers(costs: dict[str, Any]) -> dict[str, float]:
    """The costs that are single numbers; `steps` is no cost but stands in the seed's status."""
    return {
        name: value
        for name, value in costs.items()
        if isinstance(value, int | float) and name != "steps"
    }


def _history(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: damaged CSV: {error}") from None
    if "images_seen" not in table:
        raise UserError(f"{path}: no column images_seen")
    return table


def _details(root: Path, name: str, seeds: list[int]) -> dict[str, Any]:
    path = root / EVALUATION / name / "details.json"
    details = _fields(path, "protocol", "seeds")
    known = [str(seed) for seed in seeds]
    _refuse(path, details["seeds"], known, "train.seeds")
    missing = [seed for seed in known if seed not in details["seeds"]]
    if missing:
        raise UserError(f"{path}: no seed {missing[0]}: run `dvc repro evaluate@{name}`")
    return details


def _one_protocol(protocols: dict[str, dict[str, Any]], real: dict[str, Any]) -> dict[str, Any]:
    """The models' protocol; real rows must agree with it in what both state."""
    first, *others = protocols
    for other in others:
        _same(first, protocols[first], other, protocols[other])
    shared = protocols[first].keys() & real.keys()
    _same(
        first,
        {key: protocols[first][key] for key in shared},
        REAL,
        {key: real[key] for key in shared},
    )
    return protocols[first]


def _same(a: str, of_a: dict[str, Any], b: str, of_b: dict[str, Any]) -> None:
    for key in sorted(of_a.keys() | of_b.keys()):
        if of_a.get(key) != of_b.get(key):
            raise UserError(
                f"{a} and {b} were evaluated differently: {key} is {of_a.get(key)} and "
                f"{of_b.get(key)}: run `dvc repro` to evaluate both alike"
            )


def _arrays(path: Path) -> dict[str, Array]:
    return {name: tensor.numpy() for name, tensor in storage.read_tensors(path).items()}


def _fields(path: Path, *fields: str) -> dict[str, Any]:
    content = storage.read_json(path)
    for field in fields:
        if not isinstance(content, dict) or field not in content:
            raise UserError(f"{path}: no field {field}")
    return dict(content)


def _only(folder: Path, known: list[str], key: str) -> None:
    names = _visible(folder)
    _refuse(folder, names, known, key)
    missing = [name for name in known if name not in names]
    if missing:
        raise UserError(f"{folder / missing[0]}: no such folder: run `dvc repro`")


def _refuse(where: Path, found: Iterable[str], known: list[str], key: str) -> None:
    for name in sorted(found):
        if name not in known:
            raise UserError(f"{where}: {name} is not named in params.yaml under {key}: remove it")


def _visible(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder: run `dvc repro`")
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
