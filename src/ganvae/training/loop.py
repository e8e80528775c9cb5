"""The one training loop. It knows updates, not models.

Each step takes one batch; each update that is due computes its loss, the gradient of that loss
with respect to its own parameters alone, and steps. With one seed on one machine the weights are
the same bit for bit, however often the run was stopped and resumed.

A step never waits for the device: the host writes which images and which rate come next, then the
device has a sequence of its own, and only a row of the history brings numbers back.
"""

import math
import operator
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ganvae.core.machine import Noise, clock, seed_for
from ganvae.core.storage import write_state, write_tensors
from ganvae.errors import Interrupted
from ganvae.models.base.contract import check_batch_size
from ganvae.models.base.snapshots import snapshot_steps, take
from ganvae.training import state
from ganvae.training.average import Average
from ganvae.training.history import History, NonFinite
from ganvae.training.step import Stepper
from ganvae.training.task import Task


class Run:
    """A task under way, or at its end.

    Attributes:
        task: what is trained.
        done: steps taken.
        seconds: that they took, by `machine.clock`.
        history: the losses along the way.
        average: of the networks that draw, with `train.ema`.
        diverged: the loss that ended the run because it was not finite, if one did.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.device = task.images.device
        self.steppers = [Stepper(task, update) for update in task.updates]
        self.noise = Noise(seed_for(task.seed, "noise"), self.device)
        self.history = History(task.total_steps)
        decay = task.train.ema
        self.average = Average(task.networks, decay) if decay else None
        self.done = 0
        self.seconds = 0.0
        self.diverged: NonFinite | None = None
        self.state_file = task.folder / "state.pt"
        self._order = torch.empty(0, dtype=torch.int64)
        self._order_epoch = -1
        self._batch = torch.zeros(task.train.batch_size, dtype=torch.int64, device=self.device)

    @property
    def last_step(self) -> int:
        """The last step taken, or that of the loss which ended the run."""
        return self.diverged.step if self.diverged else self.done

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Adds the time inside to the training's seconds."""
        start = clock(self.device)
        yield
        self.seconds += clock(self.device) - start

    def step(self) -> NonFinite | None:
        """One batch, every update that is due. Returns the loss that ended the run, if one did."""
        self.prepare()
        self.sequence()
        return self.history.end_step(self.done)

    def prepare(self) -> None:
        """What the host says of the next step: which images, which rate."""
        epoch, position = divmod(self.done, self.task.steps_per_epoch)
        if epoch != self._order_epoch:  # the order depends on seed and epoch alone
            seed = seed_for(self.task.seed, f"order of epoch {epoch}")
            order = Noise(seed, torch.device("cpu")).permutation(len(self.task.images))
            self._order, self._order_epoch = order.to(self.device), epoch
        size = self.task.train.batch_size
        self._batch.copy_(self._order[position * size : (position + 1) * size])
        rate = self.task.rate_after(self.done)
        for stepper in self.steppers:
            stepper.set_rate(rate)
        self.done += 1

    def sequence(self) -> None:
        """The step itself: what the device does without a word from the host or to it."""
        images, labels = self.task.images[self._batch], self.task.labels[self._batch]
        measured = self.history.row_due(self.done)
        for stepper in self.steppers:
            if self.done % stepper.update.every == 0:
                total, logged = stepper.step(images, labels, self.noise, self.done, measured)
                self.history.add(self.done, stepper.update.name, total, logged)
                if self.average and "decoder" in stepper.update.networks:
                    self.average.update()

    @property
    def at(self) -> str:
        """Where it stands, for messages."""
        return f"step {self.done:,} of {self.task.total_steps:,}"

    @property
    def decoder(self) -> nn.Module:
        """What the run's images are drawn with."""
        networks = self.average.networks if self.average else self.task.networks
        return networks["decoder"]

    def weights(self) -> dict[str, Tensor]:
        """Of all networks, in the place of those that draw their average."""
        averaged = self.average.networks.state_dict() if self.average else {}
        return {**self.task.networks.state_dict(), **averaged}

    def non_finite_weights(self) -> NonFinite | None:
        """The last step shows in no later loss, so the weights themselves are looked at."""
        for stepper in self.steppers:
            if not all(bool(p.isfinite().all()) for p in stepper.parameters):
                return NonFinite(self.done, stepper.update.name)
        return None

    def save(self) -> None:
        """Writes the resume state, whole or not at all; of a run that has diverged, nothing."""
        if self.history.fetch():
            return
        written = {
            "done": self.done,
            "seconds": self.seconds,
            "networks": self.task.networks.state_dict(),
            "optimizers": [stepper.optimizer.state_dict() for stepper in self.steppers],
            "noise": self.noise.state(),
            "history": self.history.state(),
        }
        if self.average:
            written["average"] = self.average.networks.state_dict()
            written["averaged"] = self.average.updates
        write_state(self.state_file, written)

    def restore(self) -> None:
        """Goes on from the resume state. Raises `UserError` if it is not one of this task."""
        saved = state.read(self.state_file, self.device)
        try:
            self._restore(saved)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            raise state.damaged(self.state_file) from None

    def _restore(self, saved: dict[str, Any]) -> None:
        state.check_form(saved["networks"], self.task.networks.state_dict())
        self.task.networks.load_state_dict(saved["networks"])
        for stepper, of_optimizer in zip(self.steppers, saved["optimizers"], strict=True):
            state.check_optimizer(of_optimizer, stepper.optimizer)
            stepper.optimizer.load_state_dict(of_optimizer)
        self.noise.restore(saved["noise"])
        state.check_history(saved["history"])
        self.history.restore(saved["history"])
        if self.average:
            state.check_form(saved["average"], self.average.networks.state_dict())
            self.average.networks.load_state_dict(saved["average"])
            self.average.updates = operator.index(saved["averaged"])
        self.done, self.seconds = operator.index(saved["done"]), float(saved["seconds"])
        if not 0 <= self.done <= self.task.total_steps or not 0 <= self.seconds < math.inf:
            raise ValueError("steps or seconds that no run has")
        if self.average and self.average.updates < 0:
            raise ValueError("fewer updates than none")


def train(
    task: Task,
    *,
    save_seconds: float,
    report: Callable[[Run], None],
    stopped: Callable[[], bool],
    resumed: Callable[[str], None] = lambda at: None,
) -> Run:
    """Trains to the end, from the resume state in the task's folder where there is one.

    Returns the run, at its end.

    Args:
        task: its networks are trained in place.
        save_seconds: the resume state is saved at least this often, and at a stop.
        report: called about once a second.
        stopped: asked before every step.
        resumed: told the step from which it goes on.

    Raises:
        Interrupted: `stopped` said so; the state of the step that it names is saved.
        UserError: the training set is smaller than one batch.
    """
    check_batch_size(task.train, len(task.images))
    run = Run(task)
    if run.state_file.exists():
        run.restore()
        resumed(run.at)
    snapshot_at = set(snapshot_steps(task.total_steps))
    checkpoint_at = task.checkpoint_steps
    task.networks.train()
    saved = reported = time.monotonic()
    while run.done < task.total_steps:
        if stopped():
            run.save()
            raise Interrupted(run.at)
        if time.monotonic() - saved >= save_seconds:
            run.save()
            saved = time.monotonic()
        if time.monotonic() - reported >= 1:
            report(run)
            reported = time.monotonic()
        with run.timed():
            run.diverged = run.step()
        if run.diverged:
            return run
        if run.done in snapshot_at:
            path = task.folder / "snapshots" / f"{run.done}.safetensors"
            take(run.decoder, task.latent_dim, run.device, path)
        if run.done in checkpoint_at:
            path = task.folder / "checkpoints" / f"{run.done}.safetensors"
            write_tensors(path, run.weights())
    with run.timed():
        run.diverged = run.non_finite_weights()
    return run
