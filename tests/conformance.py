"""What every model must do to fit the loop, the evaluation and DVC: `check_model`.

Each rule is a function of its own and says in its message what is wrong with the model.
"""

import copy
import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ganvae.core import config, storage
from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.models.base import build, contract
from ganvae.models.base.contract import Loss, NetworksParams, Optimizer, TrainParams, Update
from ganvae.training.step import Stepper
from ganvae.training.task import Task
from tests.no_waiting import no_waiting

CPU = torch.device("cpu")
BATCH = 8
TRAIN = TrainParams(
    lr=0.001, lr_decay=0.0, batch_size=BATCH, epochs=1, checkpoints=[], precision="fp32", seeds=[0]
)


@dataclass(frozen=True)
class Built:
    """A model with everything its updates need."""

    name: str
    params: Any
    latent_dim: int
    networks: nn.ModuleDict
    updates: tuple[Update, ...]
    images: Tensor
    labels: Tensor

    def loss(self, update: Update, seed: int = 1) -> Loss:
        """The update's loss on the batch, with the noise of `seed`.

        Dropout draws from torch's global stream, not from the noise: where it is on, that stream
        starts anew for every loss, so that the same activations are dropped each time.
        """
        if any(layer.training for layer in self.dropouts()):
            torch.manual_seed(0)
        return update.loss(self.images, self.labels, Noise(seed, CPU))

    def dropouts(self) -> list[nn.Module]:
        """The layers that may draw torch's global random numbers."""
        return [m for m in self.networks.modules() if isinstance(m, nn.modules.dropout._DropoutNd)]

    def own(self, update: Update) -> list[nn.Parameter]:
        """The parameters that the update trains."""
        return [p for name in update.networks for p in self.networks[name].parameters()]


def check_model(
    name: str, params_values: Mapping[str, Any], networks_params: NetworksParams
) -> None:
    """Checks a model against the contract in `ganvae.models.base.contract`.

    Args:
        name: of the model's folder in `ganvae.models`.
        params_values: its block of `params.yaml`.
        networks_params: the architecture to build it with.

    Raises:
        AssertionError: it breaks a rule; the message says which.
    """
    module = build.model(name)
    check_names(module)
    check_params(name, module, params_values)
    built = prepare(name, params_values, networks_params)
    check_updates(built)
    for update in built.updates:
        check_loss(built, update)
        check_side_effects(built, update)
        check_step(built, update)
    check_deterministic(built, params_values, networks_params)
    check_saved_weights(built, networks_params)
    with _float64():
        precise = prepare(name, params_values, networks_params)
        for update in precise.updates:
            check_descent(precise, update)


def prepare(
    name: str, params_values: Mapping[str, Any], networks_params: NetworksParams, seed: int = 0
) -> Built:
    """The model with a batch of random images in [-1, 1], in torch's default precision."""
    module = build.model(name)
    params = module.Params.model_validate(dict(params_values))
    networks = build.create(name, networks_params, seed)
    updates = module.updates(params, networks, networks_params.latent_dim)
    generator = torch.Generator().manual_seed(seed)
    shape = build.image_shape(networks_params.architecture)
    images = torch.rand(BATCH, *shape, generator=generator) * 2 - 1
    labels = torch.randint(10, (BATCH,), generator=generator)
    return Built(name, params, networks_params.latent_dim, networks, updates, images, labels)


def check_names(module: ModuleType) -> None:
    """`Params`, `NETWORKS` and `updates`, and a decoder to draw samples with."""
    for needed in ("Params", "NETWORKS", "updates"):
        assert hasattr(module, needed), f"{module.__name__} lacks {needed}"
    networks = module.NETWORKS
    known = {"encoder", "decoder", "discriminator", *_made(module)}
    assert set(networks) <= known, f"NETWORKS: allowed are {sorted(known)}"
    assert len(set(networks)) == len(networks), "NETWORKS names one twice"
    assert "decoder" in networks, "NETWORKS lacks the decoder: nothing could be sampled"


def _made(module: ModuleType) -> set[str]:
    """Networks that the model makes itself."""
    if not hasattr(module, "makers"):
        return set()
    return set(module.makers(build.architecture("mi2018"), 10))


def check_params(name: str, module: ModuleType, params_values: Mapping[str, Any]) -> None:
    """The schema takes its block as it is, and nothing more or less."""

    def accepted(values: Mapping[str, Any]) -> bool:
        try:
            config.block(module.Params, {"models": {name: dict(values)}}, f"models.{name}")
        except UserError:
            return False
        return True

    assert issubclass(module.Params, config.Block), "Params must be a ganvae.core.config.Block"
    assert module.Params.__doc__, "Params lacks its docstring"
    assert accepted(params_values), "Params refuses its own block"
    assert not accepted({**params_values, "nonsense": 1}), "Params takes an unknown key"
    for key, value in params_values.items():
        rest = {other: v for other, v in params_values.items() if other != key}
        assert not accepted(rest), f"Params has a hidden default for {key}"
        if isinstance(value, int | float):
            assert not accepted({**params_values, key: str(value)}), f"{key}: text is no number"
            assert not accepted({**params_values, key: math.nan}), f"{key}: NaN is no number"


def check_updates(built: Built) -> None:
    """Their names, their optimizers' blocks and what they train."""
    names = [update.name for update in built.updates]
    assert names, "no update: nothing is trained"
    assert len(set(names)) == len(names), f"updates share a name: {names}"
    fields = type(built.params).model_fields.items()
    optimizers = {key for key, field in fields if field.annotation is Optimizer}
    assert optimizers == set(names), f"Optimizer blocks {optimizers}, updates {set(names)}"
    assert set(built.networks) == set(build.model(built.name).NETWORKS)
    trained: set[str] = set()
    for update in built.updates:
        assert update.networks, f"{update.name} trains no network"
        assert len(set(update.networks)) == len(update.networks), f"{update.name} names one twice"
        unknown = set(update.networks) - set(built.networks)
        assert not unknown, f"{update.name} trains {unknown}, which NETWORKS does not name"
        assert isinstance(update.every, int), f"{update.name}.every is no integer"
        assert update.every >= 1, f"{update.name}.every is below 1"
        trained |= set(update.networks)
    assert trained == set(built.networks), f"never trained: {set(built.networks) - trained}"
    assert any(update.every == 1 for update in built.updates), "no update takes part in every step"


def check_loss(built: Built, update: Update) -> None:
    """A finite float32 scalar with gradients for its own networks; logged values are detached."""
    loss = built.loss(update)
    assert loss.total.shape == (), f"{update.name}: the total is no scalar"
    assert loss.total.dtype == torch.float32, f"{update.name}: the total is {loss.total.dtype}"
    assert loss.total.isfinite(), f"{update.name}: the total is {loss.total}"
    assert "loss" in loss.logged, f"{update.name}: what is logged lacks 'loss'"
    for key, value in loss.logged.items():
        assert value.shape == (), f"{update.name}: record {key} is no scalar"
        assert value.isfinite(), f"{update.name}: record {key} is {value}"
        assert not value.requires_grad, f"{update.name}: record {key} carries its graph"
    gradients = torch.autograd.grad(loss.total, built.own(update), allow_unused=True)
    for gradient in gradients:
        assert gradient is not None, f"{update.name}: no gradient for one of its own parameters"
        assert gradient.isfinite().all(), f"{update.name}: a gradient is not finite"
    for network in update.networks:
        count = sum(1 for _ in built.networks[network].parameters())
        own, gradients = gradients[:count], gradients[count:]
        assert any(g.abs().max() > 0 for g in own), f"{update.name} does not move the {network}"


def check_side_effects(built: Built, update: Update) -> None:
    """A loss only computes: no parameter, gradient, global random number or mode is changed.

    Dropout, where the networks have it, is off meanwhile: it alone may draw global numbers.
    """
    before = copy.deepcopy(dict(built.networks.named_parameters()))
    for layer in built.dropouts():
        layer.eval()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    built.loss(update)
    assert torch.equal(state, torch.get_rng_state()), f"{update.name} draws torch's global numbers"
    for layer in built.dropouts():
        layer.train()
    for key, parameter in built.networks.named_parameters():
        assert torch.equal(parameter, before[key]), f"{update.name}: the loss changes {key}"
        assert parameter.grad is None, f"{update.name}: the loss leaves a gradient on {key}"
    assert all(m.training for m in built.networks.modules()), f"{update.name} leaves train mode"


def check_step(built: Built, update: Update) -> None:
    """The loop's step moves its own networks, and of the others nothing, statistics included."""
    networks = copy.deepcopy(built.networks)
    updates = build.model(built.name).updates(built.params, networks, built.latent_dim)
    here = next(u for u in updates if u.name == update.name)
    optimizers = {u.name: getattr(built.params, u.name) for u in updates}
    task = Task(
        networks,
        updates,
        optimizers,
        built.images,
        built.labels,
        built.latent_dim,
        TRAIN,
        seed=0,
        folder=Path(),
    )
    stepper = Stepper(task, here)
    with no_waiting():
        stepper.step(built.images, built.labels, Noise(0, CPU), 1)
    for name, network in networks.items():
        old = built.networks[name].state_dict()
        equal = [torch.equal(value, old[key]) for key, value in network.state_dict().items()]
        if name in update.networks:
            assert not all(equal), f"{update.name}: a step leaves its own {name} as it was"
        else:
            assert all(equal), f"{update.name}: a step moves the {name}, which is not its own"


def check_descent(built: Built, update: Update) -> None:
    """A tiny step along the negative gradient lowers the loss by what the gradient says."""
    own, before = built.own(update), built.loss(update).total
    gradients = torch.autograd.grad(before, own)
    square = sum(float(gradient.square().sum()) for gradient in gradients)
    step = 1e-7 * (1 + abs(before.item())) / square
    old = [parameter.detach().clone() for parameter in own]
    with torch.no_grad():
        for parameter, gradient in zip(own, gradients, strict=True):
            parameter.sub_(step * gradient)
    after = built.loss(update).total
    with torch.no_grad():
        for parameter, value in zip(own, old, strict=True):
            parameter.copy_(value)
    ratio = (before - after).item() / (step * square)
    message = f"{update.name}: the loss falls by {ratio:.4f} of what its gradient says"
    assert abs(ratio - 1) < 0.01, message  # second order, and a few units crossing a kink


def check_deterministic(
    built: Built, params_values: Mapping[str, Any], networks_params: NetworksParams
) -> None:
    """The same seeds give the same bits; other noise gives another loss."""
    again = prepare(built.name, params_values, networks_params)
    for one, other in zip(built.updates, again.updates, strict=True):
        first, second = built.loss(one), again.loss(other)
        assert torch.equal(first.total, second.total), f"{one.name}: same seed, another loss"
        assert first.logged.keys() == second.logged.keys(), f"{one.name}: logged values come and go"
        differs = not torch.equal(first.total, built.loss(one, seed=2).total)
        assert differs, f"{one.name}: the loss does not use the noise it is given"


def check_saved_weights(built: Built, networks_params: NetworksParams) -> None:
    """Weights written and read back give the same samples, running statistics included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        storage.write_tensors(path, built.networks.state_dict())
        other = build.restore(built.name, networks_params, storage.read_tensors(path), path)
    z = Noise(0, CPU).normal(4, built.latent_dim)
    saved = copy.deepcopy(built.networks).eval()
    with torch.no_grad():
        samples = contract.to_images(saved["decoder"](z))
        loaded = contract.to_images(other["decoder"](z))
    assert samples.shape == (4, *built.images.shape[1:]), (
        f"samples have the shape {tuple(samples.shape)}"
    )
    assert samples.abs().max() <= 1, "samples leave [-1, 1]"
    assert torch.equal(samples, loaded), "weights read back give other samples"


@contextmanager
def _float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
