"""One update's step: its loss, the gradient for its own parameters alone, its optimizer."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganvae.core.machine import Noise, Precision, autocast, seed_for
from ganvae.models.base.contract import Loss, Optimizer, Update
from ganvae.networks.layers.initialisation import ADAM_EPSILON
from ganvae.training.task import Task


def make_optimizer(
    spec: Optimizer, train_lr: float, parameters: list[nn.Parameter], epsilon: float = 1e-8
) -> torch.optim.Optimizer:
    """The optimizer of one update in torch's fastest form.

    Args:
        spec: its block.
        train_lr: `train.lr`.
        parameters: what it moves.
        epsilon: what Adam adds to the root of the second moment.
    """
    # a tensor, so that its value is none of the program's; fused kernels read it where they run
    device = parameters[0].device
    precise = torch.float64 if device.type == "cpu" else torch.float32
    lr = torch.tensor(spec.rate(train_lr), dtype=precise, device=device)
    if spec.betas is not None:
        betas = (spec.betas[0], spec.betas[1])
        return torch.optim.Adam(parameters, lr, betas, epsilon, fused=True)
    if spec.optimizer == "rmsprop":
        return _rmsprop(parameters, lr)
    return torch.optim.SGD(parameters, lr, fused=True)


def _rmsprop(parameters: list[nn.Parameter], lr: Tensor) -> torch.optim.Optimizer:
    """`torch.optim.RMSprop` with its defaults, in one pass over the weights instead of five.

    torch has no fused RMSprop. Adam without momentum whose bias correction has long come to its end
    takes the same step.
    """
    optimizer = torch.optim.Adam(parameters, lr, betas=(0.0, 0.99), eps=1e-8, fused=True)
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.tensor(1e6, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer


@contextmanager
def own_only(networks: nn.ModuleDict, update: Update) -> Iterator[None]:
    """Inside, networks that the update does not train take no gradients and keep their statistics.

    Running statistics of batch normalisation move in train mode whoever is trained, unless they are
    not tracked. Gradients of others' weights would be computed only to be thrown away.
    """
    foreign = [network for name, network in networks.items() if name not in update.networks]
    parameters = [p for network in foreign for p in network.parameters() if p.requires_grad]
    batch_norms = [
        layer
        for network in foreign
        for layer in network.modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    for parameter in parameters:
        parameter.requires_grad_(False)
    for layer in batch_norms:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
        for layer in batch_norms:
            layer.track_running_stats = True


def _laid_out_as(parameter: Tensor, gradient: Tensor) -> Tensor:
    """The gradient in its parameter's memory format.

    torch's fused optimizers on a CPU walk through memory: a gradient with other strides, as that of
    a convolution in channels-last memory may have, would step wrong elements without an error.
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


class Stepper:
    """One update with its optimizer and its own parameters."""

    def __init__(self, task: Task, update: Update) -> None:
        self.update = update
        self.parameters = [p for name in update.networks for p in task.networks[name].parameters()]
        spec = task.optimizers[update.name]
        epsilon = ADAM_EPSILON[task.initialisation]
        self.optimizer = make_optimizer(spec, task.train.lr, self.parameters, epsilon)
        self._networks = task.networks
        self._has_dropout = any(
            isinstance(layer, nn.modules.dropout._DropoutNd) for layer in task.networks.modules()
        )
        self._full_rate = spec.rate(task.train.lr)
        self._share: float | None = None
        self._precision: Precision = task.train.precision
        self._seed = task.seed

    def step(
        self, images: Tensor, labels: Tensor, noise: Noise, number: int, measured: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Steps along the loss's gradient for its own parameters. Returns it and what is logged.

        Args:
            images: [N, 1, 28, 28] in [-1, 1].
            labels: their classes [N].
            noise: the training's stream.
            number: of this step.
            measured: whether the gradients of the loss's terms are recorded too.
        """
        if self._has_dropout:  # its masks come from torch's own stream
            torch.manual_seed(seed_for(self._seed, f"dropout of {self.update.name}, {number}"))
        with own_only(self._networks, self.update), autocast(self._precision, images.device):
            loss = self.update.loss(images, labels, noise)
        terms = self._gradient_norms(loss) if measured else {}
        gradients = torch.autograd.grad(loss.total, self.parameters)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = _laid_out_as(parameter, gradient)
        self.optimizer.step()
        if self.update.project:
            self.update.project()
        return loss.total.detach(), {**loss.logged, **terms}

    def _gradient_norms(self, loss: Loss) -> dict[str, Tensor]:
        """Of each term, for the decoder."""
        decoder = list(self._networks["decoder"].parameters())
        found = {}
        for name, term in loss.terms.items():
            parts = torch.autograd.grad(term, decoder, retain_graph=True)
            found[f"{name}_gradient"] = torch.stack([part.norm() for part in parts]).norm()
        return found

    def set_rate(self, share: float) -> None:
        """Sets the optimizer's learning rate to a share of its full one."""
        if share != self._share:
            for group in self.optimizer.param_groups:
                group["lr"].fill_(self._full_rate * share)
            self._share = share
