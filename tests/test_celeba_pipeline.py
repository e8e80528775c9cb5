"""CelebA's pipeline, papers/celeba/dvc.yaml, with real DVC on made images."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from dvc.repo import Repo
from dvc.utils.serialize import modify_yaml
from PIL import Image
from stages.celeba_train import FILE

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.jobs.imports import closure
from ganvae.papers import systems
from stages import celeba_data, celeba_train
from tests import project
from tests.face_files import made
from tests.project import ROOT
from tests.test_dependencies import FREE
from tests.test_papers_pipeline import PACKAGES, listed

PARAMS = config.load(ROOT / FILE)
SYSTEMS = ("mi2018_celeba_vaegan", "mi2018_celeba_cvaegan")


def test_both_systems_have_half_of_fifty_epochs_and_differ_in_the_loss_alone() -> None:
    read = {name: systems.read(name, ROOT / FILE) for name in SYSTEMS}
    assert list(PARAMS["systems"]) == list(SYSTEMS)
    (_, plain_gan), (_, constrained) = read.values()
    assert plain_gan["train"]["epochs"] == 25
    for key in ("train", "networks"):
        assert plain_gan[key] == constrained[key]
    for key in ("likelihood", "beta", "discriminator_steps", "autoencoder", "discriminator"):
        assert plain_gan["models"]["vaegan"][key] == constrained["models"]["cvaegan"][key]
    papers = config.load(ROOT / systems.FILE)["papers"]["mi2018"]["models"]
    assert PARAMS["papers"]["mi2018"]["models"] == {m: papers[m] for m in ("vaegan", "cvaegan")}


def test_the_file_is_in_the_form_in_which_dvc_writes_it_back(tmp_path: Path) -> None:
    copy = tmp_path / "params.yaml"
    shutil.copy(ROOT / FILE, copy)
    with modify_yaml(copy):
        pass
    assert copy.read_text() == (ROOT / FILE).read_text()


def test_every_stage_depends_on_what_it_imports() -> None:
    with Repo(str(ROOT)) as repo:
        stages = {
            s.name: s for s in repo.index.stages if s.path_in_repo == "papers/celeba/dvc.yaml"
        }
    src, own = PACKAGES["ganvae"], {"celeba_data": ["data"], "celeba_report": ["report"]}
    own |= {"celeba_train": [f"train@{name}" for name in SYSTEMS]}
    assert set(stages) == {name for wanted in own.values() for name in wanted}
    free = {f for f in FREE if not any(word in f for word in ("celeba", "faces", "systems"))}
    for script, found in own.items():
        for name in found:
            roots = [ROOT / "stages" / f"{script}.py"]
            if script != "celeba_data":
                roots.append(src / "networks" / "larsen2015.py")
            if script == "celeba_train":
                kind = name.rpartition("_")[2]
                roots += [ROOT / "stages" / "train_one.py", src / "models" / f"{kind}.py"]
            files = {str(f.relative_to(ROOT)) for f in closure(roots, PACKAGES) if f.stat().st_size}
            assert not files - free - listed(stages[name]), name


def small(folder: Path) -> Path:
    """A project with 40 made images, its networks without most of their 46 million weights."""
    project.make(folder, {})
    shutil.copytree(ROOT / FILE.parent, folder / FILE.parent)
    made(folder / "faces" / "img_align_celeba", 40)
    for name, constant, value in (
        ("snapshots", "IMAGES", 2000),
        ("results", "SAMPLED", 1000),
        ("networks/larsen2015", "ENCODER_UNITS", 2048),
        ("networks/larsen2015", "DISCRIMINATOR_UNITS", 512),
    ):
        path = folder / "src" / "ganvae" / f"{name}.py"
        text = path.read_text()
        assert f"\n{constant} = {value}" in text
        path.write_text(text.replace(f"\n{constant} = {value}", f"\n{constant} = 6"))
    set_folder(folder, "faces/img_align_celeba")
    return folder


def set_folder(folder: Path, images: str) -> None:
    """Names the folder of the images, and makes the trainings short."""
    train = {"batch_size": 12, "precision": "fp32"}
    short = {name: {"length": {"epochs": 2.0}, "train": train} for name in SYSTEMS}
    changes = {"data": {"name": "celeba", "folder": images}, "systems": short}
    storage.write_text(folder / FILE, yaml.safe_dump(config.overlay(PARAMS, changes)))


def test_both_models_for_real(tmp_path: Path) -> None:
    folder = small(tmp_path)
    project.succeed(project.command(folder, "git", "init", "-q"))
    first = project.succeed(project.command(folder, "dvc", "repro", "papers/celeba/dvc.yaml"))
    assert "36 train, 4 test: the last 4 are test images" in first
    processed = folder / "data" / "papers" / "celeba" / "processed"
    assert np.load(processed / "train.npy").shape == (36, 3, 64, 64)
    for name in SYSTEMS:
        trained = folder / "data" / "papers" / "celeba" / name / "trained"
        status = storage.read_json(trained / "status" / "seed_0.json")
        assert (status["state"], status["step"]) == ("finished", 3)
        snapshots = storage.read_tensors(trained / "snapshots" / "seed_0.safetensors")
        assert snapshots["images"].shape[1:] == (6, 3, 64, 64)
    report = folder / "papers" / "celeba"
    losses = pd.read_csv(report / "losses.csv")
    assert list(losses.columns[:5]) == ["system", "seed", "step", "images_seen", "epoch"]
    assert losses["system"].value_counts().to_dict() == dict.fromkeys(SYSTEMS, 3)
    assert losses["autoencoder.l_gan"].notna().all()
    assert losses["autoencoder.active"].notna().sum() == 3, "of the constrained one alone"
    for figure in ("samples", "reconstructions", "losses"):
        with Image.open(report / f"{figure}.png") as image:
            assert image.mode == "RGB"
            assert image.size[0] == 1350
    again = project.succeed(project.command(folder, "dvc", "repro", "papers/celeba/dvc.yaml"))
    assert "up to date" in again
    assert "Running stage" not in again
    refuse_bad_images(folder, processed)


def refuse_bad_images(folder: Path, processed: Path) -> None:
    """One line, and what was read before stays."""
    before = project.contents(processed)
    made(folder / "bad", 3)
    (folder / "bad" / "000003.jpg").write_bytes(b"no image")
    set_folder(folder, "bad")
    done = project.command(folder, "dvc", "repro", "papers/celeba/dvc.yaml")
    assert done.returncode
    assert "bad/000003.jpg: damaged image: cannot identify image file" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.contents(processed) == before
    assert not list((folder / ".cache").glob("celeba-*"))


def test_what_was_not_filled_in_or_misspelt_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / FILE.parent, tmp_path / FILE.parent)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        celeba_data.main()
    assert str(error.value) == (
        "papers/celeba/params.yaml: data.folder = None: allowed: a valid string; "
        "data.folder is the path of img_align_celeba, see docs/celeba.md"
    )
    for arguments, line in (
        ([], "usage: python -m stages.celeba_train"),
        (["mi2018_celeba_gan"], "papers/celeba/params.yaml: system mi2018_celeba_gan: "),
    ):
        monkeypatch.setattr("sys.argv", ["celeba_train", *arguments])
        with pytest.raises(UserError, match=line):
            celeba_train.main()
    assert not (tmp_path / "data").exists()
