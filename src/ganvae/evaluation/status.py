"""What the trainings of a system left in its folder, checked before it is evaluated."""

from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.models.base.systems import Status, System

KINDS = ("status", "weights", "snapshots")  # that an evaluation reads


def read_statuses(system: System) -> dict[int, Status]:
    """Checks that a system's folder holds exactly what its trainings leave, and how each ended.

    Raises:
        UserError: a file of another seed, a missing or a damaged one.
    """
    seeds = system.train.seeds
    statuses = {s: storage.read_as(system.record("status", s), Status) for s in seeds}
    finished = [seed for seed, status in statuses.items() if status.state == "finished"]
    for kind in KINDS:
        owners = finished if kind == "weights" else seeds
        expected = {system.record(kind, seed) for seed in owners}
        path = system.folder / kind
        files = path.iterdir() if path.is_dir() else ()
        found = {file for file in files if not file.name.startswith(".")}
        for file in sorted(found - expected):
            raise UserError(
                f"{file}: of no trained seed in {system.file}: train.seeds = {seeds}; run dvc repro"
            )
        for file in sorted(expected - found):
            raise UserError(f"{file}: no such file; run dvc repro")
    return statuses
