"""CelebA's pipeline, papers/celeba/dvc.yaml, with real DVC in papers/ on made images."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.models.base import systems
from stages import celeba_data, train
from stages.celeba_data import FILE
from tests import project
from tests.face_files import made
from tests.project import ROOT

PARAMS = config.load(ROOT / FILE)
SYSTEMS = ("mi2018_celeba_vaegan", "mi2018_celeba_cvaegan")


def test_both_systems_have_half_of_fifty_epochs_and_differ_in_the_loss_alone() -> None:
    read = [systems.read(name, ROOT / FILE).values for name in SYSTEMS]
    assert list(PARAMS["systems"]) == list(SYSTEMS)
    plain_gan, constrained = read
    assert plain_gan["train"]["epochs"] == 25
    for key in ("train", "networks"):
        assert plain_gan[key] == constrained[key]
    for key in ("likelihood", "beta", "discriminator_steps", "autoencoder", "discriminator"):
        assert plain_gan["models"]["vaegan"][key] == constrained["models"]["cvaegan"][key]
    papers = config.load(ROOT / config.PAPERS_FILE)["papers"]["mi2018"]["models"]
    assert PARAMS["papers"]["celeba"]["models"] == {m: papers[m] for m in ("vaegan", "cvaegan")}


def small(folder: Path) -> Path:
    """A project with 40 made images, its networks without most of their 46 million weights."""
    project.with_papers(project.make(folder, {}))
    made(folder / "faces" / "img_align_celeba", 40)
    for name, constant, value in (
        ("models/base/snapshots", "IMAGES", 2000),
        ("training/costs", "SAMPLED", 1000),
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


def repro(folder: Path) -> subprocess.CompletedProcess[str]:
    """CelebA's pipeline as docs/celeba.md says."""
    command = (sys.executable, "-m", "dvc", "repro", "celeba/dvc.yaml")
    return project.command(folder / "papers", *command)


@pytest.mark.slow
def test_both_models_for_real(tmp_path: Path) -> None:
    folder = small(tmp_path)
    project.succeed(project.command(folder, "git", "init", "-q"))
    first = project.succeed(repro(folder))
    assert "36 train, 4 test: the last 4 are test images" in first
    processed = folder / "papers" / "data" / "celeba" / "processed"
    assert np.load(processed / "train.npy").shape == (36, 3, 64, 64)
    for name in SYSTEMS:
        trained = folder / "papers" / "data" / "celeba" / name / "trained"
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
    again = project.succeed(repro(folder))
    assert "up to date" in again
    assert "Running stage" not in again
    refuse_bad_images(folder, processed)


def refuse_bad_images(folder: Path, processed: Path) -> None:
    """One line, and what was read before stays."""
    before = project.contents(processed)
    made(folder / "bad", 3)
    (folder / "bad" / "000003.jpg").write_bytes(b"no image")
    set_folder(folder, "bad")
    done = repro(folder)
    assert done.returncode
    assert "bad/000003.jpg: damaged image: cannot identify image file" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.contents(processed) == before
    assert not list(processed.parent.glob(".*"))


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
        ([], "usage: python -m stages.train"),
        (["mi2018_celeba_gan", str(FILE)], f"{FILE}: system mi2018_celeba_gan: "),
    ):
        monkeypatch.setattr("sys.argv", ["train", *arguments])
        with pytest.raises(UserError, match=line):
            train.main()
    assert not (tmp_path / "papers" / "data").exists()
