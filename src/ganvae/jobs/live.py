"""Curves in TensorBoard while a training runs: `GANVAE_TENSORBOARD=<folder>`, extra `live`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganvae.core.storage import repository
from ganvae.errors import UserError

FOLDER = "GANVAE_TENSORBOARD"


class Curves:
    """One run of TensorBoard: what a training's history has so far."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UserError(f"{FOLDER}: needs TensorBoard: pip install tensorboard") from None
        self._writer: Any = SummaryWriter(str(folder))
        self._written = 0

    def add(self, rows: Sequence[Mapping[str, float]], batch_size: int) -> None:
        """Writes the rows that are new, against training images seen.

        Args:
            rows: `step` and the mean of every logged value since the row before.
            batch_size: images of a step.
        """
        for row in rows[self._written :]:
            for name, value in row.items():
                if name != "step":
                    self._writer.add_scalar(name, value, int(row["step"]) * batch_size)
        if len(rows) > self._written:
            self._writer.flush()
        self._written = len(rows)


def curves(run: str) -> Curves | None:
    """Those of the run of this name, if the environment asks for any; else None.

    A resumed training writes its earlier rows again; TensorBoard shows one curve.
    """
    asked = os.environ.get(FOLDER)
    return Curves(repository() / Path(asked).expanduser() / run) if asked else None
