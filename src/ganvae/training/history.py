"""The losses along training: kept on the device, fetched once a row, written as rows of means."""

import math
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor

ROWS = 200


@dataclass(frozen=True)
class NonFinite:
    """Where a loss first was NaN or infinite."""

    step: int
    update: str


@dataclass
class History:
    """Means of every logged value between two rows.

    Attributes:
        total_steps: the length of the run; about `ROWS` rows are written over it.
        rows: `step` and the mean of every `<update>.<name>` since the row before.
        non_finite: the first loss that was NaN or infinite, once one was fetched.
    """

    total_steps: int
    rows: list[dict[str, float]] = field(default_factory=list)
    non_finite: NonFinite | None = None
    _sums: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _pending: list[tuple[int, str, list[str], Tensor]] = field(default_factory=list)

    def add(self, step: int, update: str, total: Tensor, logged: dict[str, Tensor]) -> None:
        """Takes one update's scalars without waiting for the device."""
        values = torch.stack([total.detach(), *logged.values()])
        self._pending.append((step, update, list(logged), values))

    def end_step(self, step: int) -> NonFinite | None:
        """Fetches and writes a row where one is due. Returns the first non-finite loss, if any."""
        if not self.row_due(step):
            return None
        if not self.fetch():
            means = {name: self._sums[name] / self._counts[name] for name in self._sums}
            self.rows.append({"step": step, **means})
            self._sums, self._counts = {}, {}
        return self.non_finite

    def row_due(self, step: int) -> bool:
        """Whether a row is written after this step."""
        return step % max(1, self.total_steps // ROWS) == 0 or step == self.total_steps

    def fetch(self) -> NonFinite | None:
        """Adds what is still on the device to the running sums, up to the first non-finite loss.

        One transfer. Returns where that loss was, if there is one.
        """
        pending, self._pending = self._pending, []
        fetched = iter(torch.cat([values for *_, values in pending]).tolist() if pending else [])
        for step, update, names, _ in pending:
            total, *logged = islice(fetched, 1 + len(names))
            if self.non_finite or not all(map(math.isfinite, (total, *logged))):
                self.non_finite = self.non_finite or NonFinite(step, update)
                break
            for name, value in zip(names, logged, strict=True):
                key = f"{update}.{name}"
                self._sums[key] = self._sums.get(key, 0.0) + value
                self._counts[key] = self._counts.get(key, 0) + 1
        return self.non_finite

    def latest(self) -> dict[str, float]:
        """The newest row, for a progress bar."""
        return self.rows[-1] if self.rows else {}

    def state(self) -> dict[str, object]:
        """All that a resumed run needs to write the same rows; `fetch` comes first."""
        return {"rows": self.rows, "sums": self._sums, "counts": self._counts}

    def restore(self, state: dict[str, object]) -> None:
        """Goes on from what `state` returned."""
        self.rows, self._sums, self._counts = state["rows"], state["sums"], state["counts"]  # type: ignore[assignment]
