"""The main pipeline by real DVC commands on the finished study of the bundled digits."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvae.core import config
from ganvae.errors import UserError
from stages import accept, check_params, compare
from tests import demo_run, inside, project
from tests.demo_run import Demo
from tests.pipelines import EVALUATE, MODELS, TRAIN, Pipeline, ran, recorded, restored
from tests.test_dependencies import undeclared


def dvc(folder: Path, *arguments: str) -> str:
    """Runs a dvc command that has to succeed."""
    return project.succeed(project.command(folder, sys.executable, "-m", "dvc", *arguments))


@pytest.fixture(scope="module")
def repository(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_run.repository(demo, tmp_path_factory.mktemp("pipeline") / "repository")


@pytest.fixture
def folder(repository: Path) -> Iterator[Path]:
    """The repository, to be changed: it is brought back to the committed state."""
    yield repository
    for arguments in (("git", "checkout", "-q", "."), ("git", "clean", "-qfd")):
        project.succeed(project.command(repository, *arguments))
    dvc(repository, "checkout", "--quiet")


def test_stages_import_only_their_dependencies(demo: Demo) -> None:
    pipeline = Pipeline(demo.folder)
    seen = recorded(demo.records, demo.folder)
    assert set(seen) == set(pipeline.stages)
    for stage in sorted(set(seen) - {"check_params"}):  # its out never changes
        missing = undeclared(pipeline, stage, seen[stage])
        assert not missing, f"{stage} imports {missing}"
    assert "stages/train_one.py" in seen["train_gan"], "the jobs' processes are looked at too"


def test_a_models_key_re_runs_that_model_and_the_way_back_is_cached(folder: Path) -> None:
    steps = config.load(folder / "params.yaml")["models"]["wgan"]["critic_steps"]
    project.set_params(folder, {"models": {"wgan": {"critic_steps": steps + 1}}})
    there = dvc(folder, "repro")
    assert ran(there) == {"check_params", "train_wgan", "evaluate@wgan", "compare", "report"}
    project.set_params(folder, {"models": {"wgan": {"critic_steps": steps}}})
    back = dvc(folder, "repro")
    assert ran(back) == {"compare", "report"}
    assert restored(back) == {"check_params", "train_wgan", "evaluate@wgan"}


def test_bad_parameters_end_the_run_before_anything_is_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.contents(folder / "data" / "models")
    monkeypatch.chdir(folder)
    text = (folder / "params.yaml").read_text()
    for good, bad, line in [
        ("  epochs: 0.3\n", "  epochs: many\n", "train.epochs = 'many'"),
        ("  lr: 0.0004", "  lrr: 0.0004", "train.lrr: unknown key (did you mean lr?)"),
        ("    clip: null", "    clip: 0.1", "one a number, the other null"),
        ("batch_size: 64", "batch_size: 2000", "train.batch_size = 2000: allowed: at most 1437"),
        ("  name: digits", "  name: folder", "data: folder = None: a path is needed"),
        ("  name: digits\n  folder: null", "  name: folder\n  folder: /no", "no such folder"),
        ("  lr: 0.0004", "  lr: -0.0004", "train.lr = -0.0004: allowed: greater than 0"),
    ]:
        assert text.count(good) == 1, good
        (folder / "params.yaml").write_text(text.replace(good, bad))
        with pytest.raises(UserError, match=re.escape(line)):
            check_params.main()
    done = project.command(folder, sys.executable, "-m", "dvc", "repro")
    assert done.returncode != 0
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert project.contents(folder / "data" / "models") == before


def test_what_compare_refuses_leaves_the_tables_and_figures(folder: Path) -> None:
    names = ("metrics/comparison.md", "metrics/comparison.csv", "plots/samples.png")
    before = {name: (folder / name).read_bytes() for name in names}
    (folder / "plots" / "of_an_earlier_version.png").write_bytes(b"")
    (folder / "data/models/other").mkdir()
    done = project.command(folder, sys.executable, "-m", "dvc", "repro")
    assert done.returncode != 0
    assert "other is not named in params.yaml under models" in done.stderr
    assert {name: (folder / name).read_bytes() for name in names} == before
    (folder / "data/models/other").rmdir()
    (folder / "plots" / "mine").mkdir()
    with pytest.raises(UserError, match=r"^plots/mine: a folder where only figures"):
        inside.call(folder, compare.main)
    (folder / "plots" / "mine").rmdir()
    dvc(folder, "repro", "-f", "-s", "compare")
    assert {name: (folder / name).read_bytes() for name in names[:2]} == {
        name: before[name] for name in names[:2]
    }
    assert not (folder / "plots" / "of_an_earlier_version.png").exists()


@pytest.mark.slow
def test_plots_and_experiments_are_shown(folder: Path) -> None:
    page = dvc(folder, "plots", "diff", "HEAD")
    assert (folder / "dvc_plots/index.html").exists(), page
    hidden = "(src|stages|data)/.*"  # as in the README
    shown = dvc(folder, "exp", "show", "--only-changed", "--drop", hidden, "--no-pager")
    assert "main" in shown
    assert "src/" not in shown


@pytest.mark.slow
def test_the_users_own_command_changes_all_five_trainings(folder: Path) -> None:
    old = {m: project.contents(folder / "data/models" / m / "weights") for m in MODELS}
    output = dvc(folder, "exp", "run", "-S", "train.lr=2e-4")
    assert ran(output) == {"check_params", "compare", "report"} | TRAIN | EVALUATE
    for model in MODELS:
        new = project.contents(folder / "data/models" / model / "weights")
        assert new.keys() == old[model].keys()
        assert all(new[name] != old[model][name] for name in new)
    assert "gan generator: adam, lr 0.0002 x 2.5 = 0.0005" in output
    assert "params.yaml  train.lr  0.0004  0.0002" in re.sub(
        r" +", "  ", dvc(folder, "params", "diff")
    )
    rows = dvc(folder, "metrics", "diff").splitlines()[1:]
    assert {row.split()[0] for row in rows} == {f"metrics/{m}.json" for m in MODELS}
    assert len(rows) <= 40
    project.succeed(project.command(folder, "git", "checkout", "-q", "params.yaml"))
    back = dvc(folder, "repro")
    assert ran(back) == {"compare", "report"}
    assert restored(back) == {"check_params"} | TRAIN | EVALUATE


@pytest.mark.slow
def test_a_small_rate_written_by_dvc_is_a_number(folder: Path) -> None:
    output = dvc(folder, "exp", "run", "-S", "models.vae.autoencoder.lr_multiplier=5e-5")
    assert "lr 0.0004 x 5e-05 = 2e-08" in output
    assert ran(output) == {"check_params", "train_vae", "evaluate@vae", "compare", "report"}


@pytest.mark.slow
def test_dvc_killed_during_a_training_goes_on_to_the_same_weights(folder: Path) -> None:
    project.set_params(folder, {"train": {"epochs": 20}})
    dvc(folder, "repro", "train_vae")
    weights = project.contents(folder / "data/models/vae/weights")
    environment = project.environment(GANVAE_SAVE_SECONDS="0.2")
    killed = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "-f", "-s", "train_vae"],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while not list(folder.glob(".cache/runs/*/state.pt")):
        assert killed.poll() is None
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (folder / "data/models/vae").exists(), "DVC had deleted the outs"
    assert "train_vae" in ran(dvc(folder, "repro", "-f", "-s", "train_vae"))
    assert project.contents(folder / "data/models/vae/weights") == weights
    assert not list(folder.glob(".cache/runs/*/"))


@pytest.mark.slow
def test_a_queued_experiment_runs_its_own_code(folder: Path) -> None:
    source = folder / "src/ganvae/training/seeds.py"
    source.write_text(source.read_text().replace("finished after", "queued and finished after"))
    output = dvc(folder, "exp", "run", "--temp", "-S", "models.vae.beta=2.0")
    assert "vae seed 0: queued and finished after" in output


def test_a_comment_is_accepted_and_an_edit_is_not(folder: Path) -> None:
    in_a_file = folder / "stages/train.py"
    in_folders = [
        folder / "src/ganvae" / name for name in ("models/gan/loss.py", "floors/selftest.py")
    ]
    for source in (in_a_file, *in_folders):
        source.write_text(source.read_text() + "# a comment\n")
    (folder / "src/ganvae/floors/of_an_editor.py~").write_text("not looked at")
    accepted = project.succeed(project.stage(folder, "accept"))
    assert "accepted without a run" in accepted
    assert "up to date" in dvc(folder, "status")
    assert ran(dvc(folder, "repro")) == set()

    project.succeed(project.command(folder, "git", "checkout", "-q", "."))
    lock = (folder / "dvc.lock").read_bytes()
    for source, edit, named in (
        (in_folders[1], "EDIT = 1\n", "floors/selftest.py differs in more than comments"),
        (in_folders[0], "EDIT = 1\n", "models/gan/loss.py differs in more than comments"),
        (in_a_file, "EDIT = 1\n", "stages/train.py differs in more than comments"),
        (folder / "src/ganvae/floors/new.py", "", "floors/new.py is new or gone"),
    ):
        before = source.read_text() if source.exists() else ""
        source.write_text(before + edit)
        with pytest.raises(UserError, match=named) as refused:
            inside.call(folder, accept.main)
        assert "\n" not in str(refused.value)
        assert (folder / "dvc.lock").read_bytes() == lock
        source.write_text(before) if before else source.unlink()
