"""Reads everything a comparison needs, and refuses what does not belong to one study."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ganvae.comparison import files, schema
from ganvae.comparison.constraint import active_share
from ganvae.comparison.files import Array
from ganvae.core import config, storage
from ganvae.core.imageset import Classes
from ganvae.errors import UserError

MODELS = Path("data/models")
EVALUATION = Path("data/evaluation")
CLASSIFIER = Path("metrics/classifier.json")
REAL = "real"
EVALUATED = "evaluate"  # the update of a seed whose finished networks give no finite values
TIMELINE = (
    "step",
    "images_seen",
    "class_entropy",
    "image_entropy",
    "fid_classifier",
    "coverage",
    "class_histogram",
)
EXTRAPOLATED = "fid_classifier_infinity"
Interval = tuple[float, float]


@dataclass(frozen=True)
class Seed:
    """One training of one model.

    Attributes:
        seed: its number in `train.seeds`.
        state: "finished" or "diverged".
        step: the step at which it ended; `update` names the update that diverged, else None.
        collapsed: finished, but with too few classes (see `evaluate.collapse_share`).
        collapsed_at: the step of the snapshot from which on it was; None if not known.
        metrics: metric name -> value, costs included; empty if it diverged.
        intervals: metric name -> 95 % interval of its sampling error, where it has one.
        mixture: metrics of samples of a mixture fitted to its codes; empty without an encoder, as
            are `mixture_intervals`.
        class_histogram: share or count of generated images per class, [C]; empty if it diverged.
        frechet_curve: (images, Frechet distance) of growing subsets; empty if it diverged.
        timeline: columns `TIMELINE`, one row per snapshot.
        history: columns step, images_seen, epoch and `<update>.<name>`.
        runtime: device and library versions.
    """

    seed: int
    state: str
    step: int
    update: str | None
    collapsed: bool
    collapsed_at: int | None
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    mixture: dict[str, float]
    mixture_intervals: dict[str, Interval]
    class_histogram: list[float]
    frechet_curve: list[tuple[int, float]]
    timeline: pd.DataFrame
    history: pd.DataFrame
    runtime: dict[str, str]

    @property
    def finished(self) -> bool:
        """Whether it reached its last step."""
        return self.state == "finished"


@dataclass(frozen=True)
class Model:
    """All seeds of one model, with the images that figures show and what it was evaluated with."""

    name: str
    seeds: tuple[Seed, ...]
    arrays: dict[str, Array]
    runtime: dict[str, str]

    @property
    def finished(self) -> tuple[Seed, ...]:
        """The seeds that means are taken over; a collapsed one is among them."""
        return tuple(seed for seed in self.seeds if seed.finished)


@dataclass(frozen=True)
class Study:
    """Everything measured with one `params.yaml` and one evaluation protocol.

    Attributes:
        params: the content of `params.yaml`.
        protocol: what the models' numbers were measured against and how.
        real_protocol: the same of the rows of real images; each row has its own number of images.
        models: in the order of `params.yaml`.
        real: row -> its `images`, `against`, `metrics`, `intervals` and curves.
        real_arrays: what figures show of the real images.
        real_runtime: what these were evaluated with.
        selftest: for every metric and planted fault whether it was seen (`floors.selftest`).
        classes: of the data.
        classifier_accuracy: on the test images, 0 to 1.
    """

    params: dict[str, Any]
    protocol: dict[str, Any]
    real_protocol: dict[str, Any]
    models: tuple[Model, ...]
    real: dict[str, dict[str, Any]]
    real_arrays: dict[str, Array]
    real_runtime: dict[str, str]
    selftest: list[dict[str, Any]]
    classes: Classes
    classifier_accuracy: float


def read(params: dict[str, Any], root: Path = Path()) -> Study:
    """Reads the outputs of training and evaluation under `root`.

    Raises:
        UserError: a file is missing or damaged; there are files of a model or a seed that
            `params.yaml` does not name; models were evaluated with different protocols.
    """
    names = list(config.section(params, "models"))
    seeds = list(config.section(params, "train.seeds"))
    files.only(root / MODELS, names, "models")
    files.only(root / EVALUATION, [*names, REAL], "models")
    details = {name: _details(root, name, seeds) for name in names}
    path = root / EVALUATION / REAL / "details.json"
    real = storage.read_as(path, schema.RealDetails)
    classes = Classes(tuple(real.classes.names), real.classes.word, real.classes.plural)
    rows = {name: {**row.model_dump(), "metrics": row.numbers()} for name, row in real.rows.items()}
    if REAL not in rows:
        raise UserError(f"{path}: rows: no row {REAL}")
    _check_images(f"{path}: rows.{REAL}", real.rows[REAL], classes)
    return Study(
        params=params,
        protocol=_one_protocol({name: d.protocol for name, d in details.items()}, real.protocol),
        real_protocol=real.protocol,
        models=tuple(_model(root, name, params, details[name], classes) for name in names),
        real=rows,
        real_arrays=files.arrays(root / EVALUATION / REAL / "arrays.safetensors"),
        real_runtime=real.runtime,
        selftest=[check.model_dump() for check in real.selftest],
        classes=classes,
        classifier_accuracy=storage.read_as(root / CLASSIFIER, schema.Accuracy).test_accuracy,
    )


def _check_images(where: str, scored: schema.Scored, classes: Classes) -> None:
    """Raises `UserError` where what every set of images has is missing or of other classes."""
    histogram = scored.class_histogram
    if len(histogram) != len(classes.names) or not sum(histogram) > 0:
        raise UserError(f"{where}.class_histogram: {len(classes.names)} counts expected")
    if EXTRAPOLATED not in scored.numbers():
        raise UserError(f"{where}.metrics: no {EXTRAPOLATED}")


def _model(
    root: Path, name: str, params: dict[str, Any], details: schema.ModelDetails, classes: Classes
) -> Model:
    folder, file = root / MODELS / name, root / EVALUATION / name / "details.json"
    seeds = params["train"]["seeds"]
    every = (params["models"][name] or {}).get("discriminator_steps", 1)
    for kind in files.visible(folder):
        if (folder / kind).is_dir():
            stems = {Path(file).stem for file in files.visible(folder / kind)}
            files.refuse(folder / kind, stems, [f"seed_{seed}" for seed in seeds], "train.seeds")
    for seed, entry in details.seeds.items():
        if entry.state == "finished":
            _check_images(f"{file}: seeds.{seed}", entry, classes)
        for histogram in (snapshot.class_histogram for snapshot in entry.timeline):
            if histogram is not None and len(histogram) != len(classes.names):
                raise UserError(f"{file}: seeds.{seed}.timeline: {len(classes.names)} classes")
    return Model(
        name=name,
        seeds=tuple(_seed(folder, seed, details.seeds[str(seed)], every) for seed in seeds),
        arrays=files.arrays(root / EVALUATION / name / "arrays.safetensors"),
        runtime=details.runtime,
    )


def _seed(folder: Path, seed: int, details: schema.SeedDetails, every: int) -> Seed:
    status = storage.read_as(folder / "status" / f"seed_{seed}.json", schema.Status)
    if details.state != status.state and details.update != EVALUATED:
        raise UserError(
            f"{folder}: seed {seed} is {status.state}, but was evaluated as "
            f"{details.state}: run `dvc repro evaluate@{folder.name}`"
        )
    finished = details.state == "finished"
    costs_file = folder / "costs" / f"seed_{seed}.json"
    costs = storage.read_as(costs_file, schema.Costs) if finished or costs_file.exists() else None
    if finished and costs and not costs.train_images_per_second > 0:
        raise UserError(f"{costs_file}: train_images_per_second: above 0 expected")
    history = files.history(history_file := folder / "history" / f"seed_{seed}.csv")
    if finished and history.empty:
        raise UserError(f"{history_file}: no row of a training that finished")
    share = active_share(history, every)
    metrics = details.numbers()
    metrics |= {"active_share": share} if share is not None else {}
    metrics |= costs.numbers() if costs else {}
    return Seed(
        seed=seed,
        state=details.state,
        step=details.step,
        update=details.update,
        collapsed=bool(details.collapsed),
        collapsed_at=details.collapsed_at,
        metrics=metrics if finished else {},
        intervals=details.intervals,
        mixture=details.mixture.numbers(),
        mixture_intervals=details.mixture.intervals,
        class_histogram=details.class_histogram,
        frechet_curve=details.frechet_curve,
        timeline=pd.DataFrame([s.model_dump() for s in details.timeline], columns=TIMELINE),
        history=history,
        runtime=costs.runtime if costs else {},
    )


def _details(root: Path, name: str, seeds: list[int]) -> schema.ModelDetails:
    path = root / EVALUATION / name / "details.json"
    details = storage.read_as(path, schema.ModelDetails)
    known = [str(seed) for seed in seeds]
    files.refuse(path, details.seeds, known, "train.seeds")
    missing = [seed for seed in known if seed not in details.seeds]
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
