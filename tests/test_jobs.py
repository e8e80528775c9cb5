"""What a job is started with, and what it counts as its code."""

import json
import os
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.jobs import edits, executor, locks
from ganvae.jobs.executor import Job
from ganvae.models.base.systems import Plan
from ganvae.training import seeds
from stages import accept
from tests.project import ROOT


@pytest.mark.parametrize(
    ("asked", "visible", "dealt", "expected"),
    [
        (None, None, None, (None, None)),
        (None, None, 1, ("1", None)),
        (None, "5,7", 1, ("7", None)),
        ("cuda:1", None, 0, ("1", "cuda")),
        ("cuda:1", "5,7", 0, ("7", "cuda")),
        ("cuda", None, 1, ("1", "cuda")),
        ("cpu", None, None, (None, "cpu")),
    ],
)
def test_a_job_sees_its_own_gpu_as_the_first(
    monkeypatch: pytest.MonkeyPatch,
    asked: str | None,
    visible: str | None,
    dealt: int | None,
    expected: tuple[str | None, str | None],
) -> None:
    for name, value in (("GANVAE_DEVICE", asked), ("CUDA_VISIBLE_DEVICES", visible)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    found = {**os.environ, **executor.environment(dealt)}
    assert (found.get("CUDA_VISIBLE_DEVICES"), found.get("GANVAE_DEVICE")) == expected
    assert found["OMP_NUM_THREADS"] == "1"


def test_the_code_of_a_training_is_what_it_imports() -> None:
    roots = edits.STAGES / "train_one.py", *edits.of_model("wgan", "mi2018")
    found = {path.relative_to(ROOT).as_posix() for path in edits.sources(*roots)}
    assert found >= {
        "stages/train_one.py",
        "src/ganvae/training/loop.py",
        "src/ganvae/models/wgan/model.py",
        "src/ganvae/models/wgan/loss.py",
        "src/ganvae/networks/mi2018.py",
        "src/ganvae/core/matmul.py",
    }
    others = ("models/gan/", "networks/wide.py", "models/vae/", "metrics/", "figures/", "jobs/")
    assert not [path for path in found for other in others if other in path]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code, which names the jobs' folders in place of the code that runs."""
    for folder in ("src", "stages"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder, ignore=ignored)
    for name in ("PACKAGE", "STAGES"):
        copied = tmp_path / "tree" / getattr(edits, name).relative_to(ROOT)
        monkeypatch.setattr(edits, name, copied)
    free = tuple(tmp_path / "tree" / path.relative_to(ROOT) for path in edits.FREE)
    monkeypatch.setattr(edits, "FREE", free)
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        # what starts, watches and shows the work, and words its errors
        (("jobs/progress.py", "jobs/cluster.py", "jobs/executor.py", "errors.py"), True),
        # what the training does not run
        (("models/vae/loss.py", "networks/mi2018.py", "metrics/sharpness.py"), True),
        (("training/loop.py",), False),
        (("models/gan/loss.py",), False),
        (("models/gan/model.py",), False),
        (("networks/wide.py",), False),
        (("core/machine.py",), False),
        (("../../stages/train_one.py",), False),
    ],
)
def test_resume_states_and_waiting_records_are_found_again_unless_the_training_is_edited(
    tree: Path, project: Path, files: tuple[str, ...], kept: bool
) -> None:
    (before,) = wanted([0])
    for file in files:
        with (edits.PACKAGE / file).open("a", encoding="utf-8") as source:
            source.write("# another comment\n")
        (after,) = wanted([0])
        assert (after.folder == before.folder) == kept, file


def test_an_edit_of_the_parameters_file_is_refused_and_of_another_is_not(tmp_path: Path) -> None:
    """Jobs can get their parameters from another file than `params.yaml`."""
    file, other = tmp_path / "grid.yaml", tmp_path / "params.yaml"
    for path in (file, other):
        path.write_text("a: 1\n")

    def run(name: str, edited: Path) -> None:
        folder = tmp_path / name
        make = f"import os, time; time.sleep(0.5); os.makedirs({str(folder / 'result')!r})"
        job = executor.Job(name, [sys.executable, "-c", make], folder, edits.digests([file]), {})
        executor.run([job], 0, lambda: None if job.result.exists() else touch(edited))
        assert job.result.exists()

    def touch(path: Path) -> None:
        path.write_text("a: 2\n")

    run("first", other)
    with pytest.raises(UserError, match=r"grid\.yaml: edited meanwhile"):
        run("second", file)


def test_a_stage_that_never_ran_cannot_be_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "output", lambda command: json.dumps({"train_new": ["new"]}))
    monkeypatch.setattr(config, "load", lambda path: {"stages": {}})
    with pytest.raises(UserError, match="train_new: never run: run dvc repro"):
        accept.main()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images and parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    Path("images").write_bytes(b"images")
    Path("twin").write_bytes(b"images")
    Path("params.yaml").write_text("a: 1\n")
    return tmp_path


def wanted(of: list[int], images: str = "images") -> list[Job]:
    train = {**config.load(ROOT / "params.yaml")["train"], "seeds": of}
    values = {
        "train": train,
        "networks": {"architecture": "wide", "latent_dim": 4},
        "models": {"gan": {}},
    }
    plan = Plan("gan", values, Path(images), Path("params.yaml"), "digits")
    return list(seeds.jobs(plan).values())


def test_locks_are_taken_in_one_order_whatever_that_of_the_jobs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two studies would wait for each other."""
    taken: list[Path] = []
    monkeypatch.setattr(locks, "FileLock", lambda path: taken.append(path) or nullcontext())
    for order in ([3, 1, 2], [1, 2, 3]):
        with locks.locked(wanted(order)):
            pass
    assert taken[:3] == taken[3:] == sorted(set(taken))


def test_equal_jobs_are_one(project: Path) -> None:
    """The second would wait for the first one's lock for ever."""
    twins = [*wanted([0]), *wanted([0], "twin")]
    assert twins[0].folder == twins[1].folder
    with locks.kept(twins):
        assert storage.read_json(twins[0].folder / "job.json")["seed"] == 0
    assert not twins[0].folder.exists()


@pytest.mark.parametrize("edited", ["params.yaml", "images"])
def test_an_edit_during_the_wait_for_another_process_is_refused(project: Path, edited: str) -> None:
    """What that one has made would be recorded as made from the new content."""
    (job,) = todo = wanted([0])
    Path(edited).write_text("edited meanwhile")
    job.result.mkdir(parents=True)  # by the other process
    with (
        pytest.raises(UserError, match=f"{edited}: edited meanwhile"),
        locks.kept(todo),
    ):
        executor.run(todo, 0, lambda: None)
    assert job.result.exists()


def test_an_edit_after_the_trainings_keeps_them(project: Path) -> None:
    """Experiments measure between their trainings and the end."""
    (job,) = todo = wanted([0])

    def experiment() -> None:
        with locks.kept(todo):
            job.result.mkdir(parents=True)
            executor.run(todo, 0, lambda: None)
            Path("params.yaml").write_text("edited")

    with pytest.raises(UserError, match=r"params\.yaml: edited meanwhile"):
        experiment()
    assert job.result.exists()
    with pytest.raises(UserError, match="no-such-file: no such file"):
        wanted([0], "no-such-file")
