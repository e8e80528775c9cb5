"""Mends what a killed DVC has left empty or torn: `python -m stages.mend [<project>]`.

DVC truncates `dvc.lock`, and its own note of who reads and writes what, before it writes them, so a
kill at that moment leaves a file that it cannot read again. `make demo`, `make study` and `make
paper` call this first.
"""

import subprocess
from pathlib import Path

from dvc.dvcfile import Lockfile
from dvc.exceptions import DvcException
from dvc.repo import Repo

from ganvae.core import storage
from ganvae.errors import UserError, run
from ganvae.jobs.arguments import arguments


def main() -> None:
    """Entry point: `python -m stages.mend [<folder of a DVC project>]`."""
    mend(Path(*arguments(__file__, __doc__, "[<folder of a DVC project>]")))


def mend(project: Path) -> None:
    """Puts the committed `dvc.lock` in the place of a torn one; without one it is begun anew.

    Nothing is lost: what was made since lies in DVC's run cache, from where `dvc repro` takes it.
    So too of pipelines in folders of the project. DVC's own note, torn, is removed.

    Raises:
        UserError: Git has marked a conflict in one.
    """
    for lock in (project / "dvc.lock", *sorted(project.glob("*/dvc.lock"))):
        if lock.parent == project or not (lock.parent / ".dvc").is_dir():
            _mend_lock(lock)
    note = project / ".dvc/tmp/rwlock"
    if not note.exists():
        return
    try:
        storage.read_json(note)
    except UserError:
        note.unlink()
        print(f"{note}: was torn, as DVC was killed while it wrote it; removed", flush=True)


def _mend_lock(lock: Path) -> None:
    if not lock.exists() or _readable(lock):
        return
    if any(line.startswith(b"<<<<<<< ") for line in lock.read_bytes().splitlines()):
        raise UserError(f"{lock}: Git has marked a conflict: take one side, then dvc repro")
    committed = _committed(lock)
    if committed is None:
        lock.unlink()
    else:
        storage.write_bytes(lock, committed)
    how = "begun anew" if committed is None else "as it was committed"
    print(f"{lock}: was torn, as DVC was killed while it wrote it; now {how}", flush=True)


def _readable(lock: Path) -> bool:
    with Repo(str(lock.parent)) as repo:
        try:
            Lockfile(repo, str(lock)).load()
        except DvcException:
            return False
    return True


def _committed(lock: Path) -> bytes | None:
    command = ["git", "show", f"HEAD:./{lock.name}"]
    try:
        done = subprocess.run(command, cwd=lock.parent, capture_output=True)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    run(main)
