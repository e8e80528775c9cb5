"""A `dvc.lock` that a killed DVC has left empty or torn."""

import sys
from pathlib import Path

import pytest

from ganvae.errors import UserError
from stages.mend import mend
from tests import project

PIPELINE = """stages:
  a:
    cmd: python -c "open('a', 'w').write('1')"
    deps: [b]
    outs: [a]
"""


def test_a_pipeline_below_and_dvcs_note_are_mended_and_a_conflict_is_left(tmp_path: Path) -> None:
    project.succeed(project.command(tmp_path, "git", "init", "-q"))
    project.succeed(project.command(tmp_path, sys.executable, "-m", "dvc", "init", "-q"))
    (tmp_path / "faces").mkdir()
    below, note = tmp_path / "faces/dvc.lock", tmp_path / ".dvc/tmp/rwlock"
    note.parent.mkdir(exist_ok=True)
    for torn in (below, note):
        torn.write_bytes(b"")
    mend(tmp_path)
    assert not below.exists()
    assert not note.exists()
    note.write_text("{}")
    conflict = b"schema: '2.0'\n<<<<<<< HEAD\nstages: {}\n=======\n>>>>>>> b\n"
    (tmp_path / "dvc.lock").write_bytes(conflict)
    with pytest.raises(UserError, match=r"dvc\.lock: Git has marked a conflict"):
        mend(tmp_path)
    assert (tmp_path / "dvc.lock").read_bytes() == conflict
    assert note.exists(), "a whole one stays as it is"


@pytest.mark.parametrize("left", [0.0, 0.1])
@pytest.mark.parametrize("committed", [True, False], ids=["git", "no commit"])
def test_it_is_mended_and_the_result_is_taken_from_the_cache(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], committed: bool, left: float
) -> None:
    def run(*arguments: str) -> str:
        return project.succeed(project.command(tmp_path, *arguments))

    dvc = (sys.executable, "-m", "dvc")
    run("git", "init", "-q")
    run(*dvc, "init", "-q")
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "b").write_text("read")
    run(*dvc, "repro")
    lock = tmp_path / "dvc.lock"
    whole = lock.read_bytes()
    if committed:
        run("git", "add", "dvc.lock")
        run("git", "commit", "-qm", "All")
    mend(tmp_path)
    assert lock.read_bytes() == whole, "a whole one stays as it is"
    lock.write_bytes(whole[: int(left * len(whole))])
    mend(tmp_path)
    assert lock.exists() == committed
    assert "was torn" in capsys.readouterr().out
    assert "Running" not in run(*dvc, "repro")
    assert lock.read_bytes() == whole
