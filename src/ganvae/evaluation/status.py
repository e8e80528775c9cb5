"""What the training of a model leaves in `data/models/<model>/`, checked before it is evaluated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ganvae.core import storage
from ganvae.core.config import Block
from ganvae.errors import UserError

KINDS = {"status": ".json", "weights": ".safetensors", "snapshots": ".safetensors"}


class Status(Block):
    """How the training of a seed ended: after `step` of `steps`, in `update` where it diverged."""

    state: Literal["finished", "diverged"]
    step: int
    steps: int
    update: str | None


def read_statuses(folder: Path, seeds: Sequence[int], file: Path) -> dict[int, Status]:
    """Checks that `folder` holds exactly what the training of `seeds` leaves, and how each ended.

    `file` is where the seeds stand.

    Raises:
        UserError: a file of another seed, a missing or a damaged one.
    """
    statuses = {seed: _read_status(folder / "status" / f"seed_{seed}.json") for seed in seeds}
    finished = [seed for seed, status in statuses.items() if status.state == "finished"]
    for kind, suffix in KINDS.items():
        owners = finished if kind == "weights" else seeds
        expected = {f"seed_{seed}{suffix}" for seed in owners}
        path = folder / kind
        files = path.iterdir() if path.is_dir() else ()
        found = {file.name for file in files if not file.name.startswith(".")}
        for name in sorted(found - expected):
            raise UserError(
                f"{path / name}: of no trained seed in {file}: train.seeds = {list(seeds)}; "
                f"run dvc repro"
            )
        for name in sorted(expected - found):
            raise UserError(f"{path / name}: no such file; run dvc repro")
    return statuses


def _read_status(path: Path) -> Status:
    try:
        return Status.model_validate(storage.read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: damaged status: {where}: {first['msg']}") from None
