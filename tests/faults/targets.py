"""What reads a file that a user, or this project, has written: each with a right file to spoil."""

import io
import random
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import load, save

from ganvae.comparison import (
    captions,
    curves,
    faults,
    markdown,
    measurements,
    sections,
    summary,
    tex,
    verdicts,
)
from ganvae.comparison.compared import COMPARISON
from ganvae.core import config, imageset, storage
from ganvae.core.imageset import CPU
from ganvae.data import idx, sources
from ganvae.judging import classifier, judged
from ganvae.models.base import build, snapshots
from ganvae.papers.shared import page, values
from ganvae.tools import provenance
from ganvae.training import loop, record, task
from stages import check_params, train_one
from tests import fake_study, idx_files, own_files, project
from tests.faults import spoil


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes:
        name: for the report.
        share: of all inputs; a slow reader has a smaller one.
        attempt: spoils a copy of the right file and reads it; its error is what is judged.
    """

    name: str
    share: float
    attempt: Callable[[random.Random], None]


def targets(folder: Path) -> Iterator[Target]:
    """All of them; their files lie in `folder`."""
    yield from _images(folder / "images")
    yield from _parameters(folder / "parameters")
    yield from _trained(folder / "trained")
    yield from _compared(folder / "compared")
    yield from _committed(folder / "committed")


def _images(folder: Path) -> Iterator[Target]:
    images, labels = idx_files.made(30)
    for name, content, read in (
        ("IDX images", images, idx.read_images),
        ("IDX labels", labels, idx.read_labels),
    ):
        yield Target(name, 1.0, _of_file(folder / name, content, spoil.of_bytes, read))
    pictures = own_files.write_shapes(folder / "pictures", 4, ("circle", "cross"))
    picture = pictures / "circle" / "0.png"
    yield Target(
        "a folder of pictures", 0.1,
        _of_file(picture, picture.read_bytes(), spoil.of_bytes, lambda _: _own(pictures)),
    )  # fmt: skip
    npz = folder / "set.npz"
    arrays = {
        "x_train": own_files.levels(12), "y_train": np.arange(12) % 3,
        "x_test": own_files.levels(6, seed=1), "y_test": np.arange(6) % 3,
    }  # fmt: skip
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    yield Target(
        "npz", 0.5, _of_file(npz, buffer.getvalue(), spoil.of_bytes, lambda path: _own(path))
    )


def _own(path: Path) -> Any:
    data = {"name": "folder", "folder": str(path.absolute()), **idx_files.CONVERSION}
    found = sources.read_own(sources.DataParams.model_validate(data))
    return found.parts


def _parameters(folder: Path) -> Iterator[Target]:
    text = (project.ROOT / "params.yaml").read_bytes()
    path = folder / "params.yaml"

    def read(path: Path) -> None:
        check_params.check(config.load(path))

    def values(rng: random.Random, content: bytes) -> bytes:
        return yaml.safe_dump(spoil.of_values(rng, config.parse(content.decode()))).encode()

    yield Target("params.yaml, damaged", 0.05, _of_file(path, text, spoil.of_bytes, read))
    yield Target("params.yaml, wrong", 0.05, _of_file(path, text, values, read))


def _trained(folder: Path) -> Iterator[Target]:
    """Of a training of some steps: its weights, snapshots, state and job; and the judge's files."""
    job = train_one.Job.model_validate({**JOB, "params": small()})
    made = loop.Run(_task(job, folder))
    made.task.networks.train()
    with made.timed():
        for _ in range(made.task.total_steps):
            if made.done == made.task.total_steps - 1:
                made.save()  # from where one more step is taken
            made.step()
    snapshots.take(made.decoder, 2, CPU, folder / "snapshots" / f"{made.done}.safetensors")
    record.write(folder, made, train_one._description(job))
    yield from _of_tensors("weights", folder / "weights.safetensors", build.from_file, 0.1)
    yield from _of_tensors(
        "snapshots", folder / "snapshots.safetensors", snapshots.read_snapshots, 0.2
    )
    images = {"images": IMAGES, "labels": LABELS}
    yield from _written("processed images", folder / "train.safetensors", images, imageset.load)
    judge = classifier.build("cnn", 10)
    classifier.save(judge, folder / "judge.safetensors")
    read_judge = partial(classifier.load, device=CPU)
    yield from _of_tensors("the judge", folder / "judge.safetensors", read_judge, 0.02)
    view = {
        f"{part}_{kind}": torch.full((20, width), 1 / width)
        for part in ("train", "test")
        for kind, width in (("features", 128), ("probabilities", 10))
    }
    yield from _written(
        "the judge's view", folder / "real.safetensors", view, judged.read_judged_real
    )
    state, resume = made.state_file.read_bytes(), partial(_resume, job, folder)
    yield Target("state, damaged", 0.02, _of_file(made.state_file, state, spoil.of_bytes, resume))
    yield Target("state, wrong", 0.02, _of_file(made.state_file, state, _wrong_state, resume))
    path = folder / "job.json"
    storage.write_json(path, job.model_dump())
    yield Target("job", 0.2, _of_file(path, path.read_bytes(), spoil.of_json, _read_job))


JOB: dict[str, Any] = {
    "model": "vae", "data": "digits", "seed": 0, "images": "train.safetensors",
    "images_sha256": "0" * 64, "file": "params.yaml",
}  # fmt: skip
IMAGES = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
LABELS = torch.arange(20) % 10


def small() -> dict[str, Any]:
    """The blocks of a training of four steps, on networks of some thousand weights."""
    values = config.load(project.ROOT / "params.yaml")
    train = {**values["train"], "batch_size": 10, "epochs": 2, "ema": 0.5, "seeds": [0]}
    networks = {**values["networks"], "architecture": "conv", "latent_dim": 2}
    networks["options"] = {"channels": 1}
    return {"train": train, "networks": networks, "models": {"vae": values["models"]["vae"]}}


def _task(job: train_one.Job, folder: Path) -> task.Task:
    return task.build(job.model, job.params, IMAGES, LABELS, seed=job.seed, folder=folder)


def _read_job(path: Path) -> None:
    job = storage.read_as(path, train_one.Job)
    _task(job, path.parent)
    train_one._description(job)


def _resume(job: train_one.Job, folder: Path, path: Path) -> None:
    """Goes on for a step: what was taken for a state is then used."""
    run = loop.Run(_task(job, folder))
    run.restore()
    if run.done < run.task.total_steps:
        run.task.networks.train()
        run.step()


def _wrong_state(rng: random.Random, content: bytes) -> bytes:
    state = torch.load(io.BytesIO(content), weights_only=True)
    if rng.randrange(2):
        part = rng.choice(["networks", "average"])
        state[part] = spoil.of_tensors(rng, state[part])
    else:
        state = spoil.of_values(rng, state)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def _compared(folder: Path) -> Iterator[Target]:
    params = config.load(project.ROOT / "params.yaml")
    params["train"]["seeds"] = [0, 1]
    params["models"] = {name: params["models"][name] for name in ("gan", "cvaegan")}
    fake_study.write(folder, params, {("gan", 1): "diverged"})
    read = partial(_compare, folder)
    for path in sorted((folder / "data").rglob("*.json")):
        yield _compared_file(folder, path, spoil.of_json, read)
    for path in sorted((folder / "data").rglob("*.csv")):
        yield _compared_file(folder, path, spoil.of_bytes, read)
    for path in sorted(folder.rglob("arrays.safetensors")):
        yield from _of_tensors(f"comparison: {path.relative_to(folder)}", path, read, 0.003)


def _compared_file(
    folder: Path, path: Path, spoiling: spoil.Spoil, read: Callable[[Path], object]
) -> Target:
    name = f"comparison: {path.relative_to(folder)}"
    return Target(name, 0.003, _of_file(path, path.read_bytes(), spoiling, read))


def _compare(folder: Path, _: Path) -> None:
    """All that the stage computes but the figures, which take seconds."""
    study = measurements.read(config.load(folder / "params.yaml"), folder)
    rows = summary.rows(study)
    storage.json_bytes(summary.document(study, rows))
    found = verdicts.frame(study, rows)
    parts = sections.sections(study, rows, found)
    markdown.render(study, parts), tex.render(parts), captions.text(study)
    summary.frame(rows), faults.frame(study), curves.tables(study)


def _committed(folder: Path) -> Iterator[Target]:
    """Tables that are committed and read back: a paper's, and the comparison for its sources."""
    for name in ("dvc.lock", "params.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((project.ROOT / name).read_bytes())
    report = project.ROOT / "papers" / "battineedi2023" / "report"
    kinds: tuple[tuple[Path, float, spoil.Spoil, Callable[[Path], object]], ...] = (
        (report / "values.csv", 0.1, spoil.of_bytes, values.read),
        (report / "findings.csv", 0.1, spoil.of_bytes, page.earlier_rows),
        (report / "sizes.csv", 0.1, spoil.of_bytes, lambda path: page.devices(path.parent)),
        (
            project.ROOT / COMPARISON, 0.01, spoil.of_json,
            lambda _: provenance.report(folder),
        ),
    )  # fmt: skip
    for source, share, spoiling, read in kinds:
        apart = folder / source.stem if source.suffix == ".csv" else folder / "metrics"
        path, content = apart / source.name, source.read_bytes()
        yield Target(f"committed {source.name}", share, _of_file(path, content, spoiling, read))


def _written(
    name: str, path: Path, tensors: dict[str, torch.Tensor], read: Callable[[Path], object]
) -> Iterator[Target]:
    storage.write_tensors(path, tensors)
    yield from _of_tensors(name, path, read, 0.2)


def _of_tensors(
    name: str, path: Path, read: Callable[[Path], object], share: float
) -> Iterator[Target]:
    """A safetensors file, damaged, and with other tensors; what it says of itself stays."""
    content, about = path.read_bytes(), storage.read_metadata(path)

    def wrong(rng: random.Random, content: bytes) -> bytes:
        said = spoil.of_values(rng, about) if about and rng.randrange(3) == 0 else about
        texts = {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
        return save(spoil.of_tensors(rng, load(content)), metadata=texts or None)

    yield Target(f"{name}, damaged", share / 2, _of_file(path, content, spoil.of_bytes, read))
    yield Target(f"{name}, wrong", share / 2, _of_file(path, content, wrong, read))


def _of_file(
    path: Path, content: bytes, spoiling: spoil.Spoil, read: Callable[[Path], object]
) -> Callable[[random.Random], None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

    def attempt(rng: random.Random) -> None:
        path.write_bytes(spoiling(rng, content))
        try:
            with redirect_stderr(io.StringIO()):
                read(path)
        finally:
            path.write_bytes(content)

    return attempt
