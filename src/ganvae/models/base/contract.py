"""The contract between a model, the training loop and the evaluation.

A model is a folder `models/<name>/` whose `model.py` has three names:

- `Params`: the schema of its block in `params.yaml`, with one `Optimizer` block per update;
- `NETWORKS`: which of the architecture's networks it has ("encoder", "decoder", "discriminator");
- `updates(params, networks, latent_dim)`: the ordered tuple of `Update`s that train them;

and, where the architecture's networks are not taken as they are, two more:

- `makers(nets, latent_dim)`: the network's name -> a function that builds it, of the architecture's
  own functions `nets`;
- `NEEDS`: which of the architecture's networks they are made of.

One that reads the images' labels, and only so many, has `LABELS`: the number of classes.

An architecture is a file `networks/<name>.py` with the functions `encoder(latent_dim)`,
`decoder(latent_dim)` and `discriminator()`, or those of them that its paper gives: a model fits it
when all that the model needs are there. Where its networks have numbers to choose, it has `Params`,
the schema of the block `networks.options`, and each function takes that block as its argument
`params`. `SHAPE` says its images' channels, height and width where they are not (1, 28, 28).

Images are float32 [N, C, H, W] in [-1, 1]. Decoders and discriminators return logits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganvae.core.config import Block
from ganvae.core.machine import Noise, Precision
from ganvae.errors import ParameterError
from ganvae.networks.layers.initialisation import Initialisation

Networks = Mapping[str, nn.Module]
PositiveFloat = Annotated[float, Field(gt=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class NetworksParams(Block):
    """The block `networks`: one architecture for all models, so that only the losses differ.

    `options` are the architecture's own; most have none, and the key is left out.
    `initialisation`: weights begin, and Adam divides, as in torch or as in Keras.
    """

    architecture: str
    latent_dim: int = Field(ge=1, le=4096)
    initialisation: Initialisation = "torch"
    options: dict[str, Any] = Field(default_factory=dict)


class TrainParams(Block):
    """The block `train`, shared by all models.

    `lr_decay` is the share of the run, at its end, over which all rates fall linearly to zero.
    `ema` is the decay of the moving average of the networks that draw, which is what is kept,
    sampled and measured then; 0 is none.
    `checkpoints` are the epochs after which the weights are kept; those of the end always are.
    """

    lr: float = Field(gt=0, le=1)
    lr_decay: float = Field(ge=0, le=1)
    batch_size: int = Field(ge=2, le=60000)
    epochs: float = Field(gt=0, le=100000)
    ema: float = Field(default=0.0, ge=0, lt=1)
    checkpoints: list[PositiveFloat]
    precision: Precision
    seeds: list[Annotated[int, Field(ge=0, lt=2**63)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _seeds_differ(self) -> "TrainParams":
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds = {self.seeds}: allowed: different integers >= 0")
        return self


def check_batch_size(params: TrainParams, images: int) -> None:
    """Raises `UserError` if so many training images do not fill one batch."""
    if params.batch_size > images:
        raise ParameterError(
            f"train.batch_size = {params.batch_size}: "
            f"allowed: at most {images}, the number of training images"
        )


class Optimizer(Block):
    """How one update steps."""

    optimizer: Literal["adam", "rmsprop", "sgd"]
    lr_multiplier: float = Field(gt=0, le=1000)
    betas: Annotated[list[Beta], Field(min_length=2, max_length=2)] | None

    def rate(self, train_lr: float) -> float:
        """Its full learning rate: `train.lr` times `lr_multiplier`."""
        return train_lr * self.lr_multiplier

    @model_validator(mode="after")
    def _betas_belong_to_adam(self) -> "Optimizer":
        if (self.optimizer == "adam") == (self.betas is None):
            wanted = "two numbers" if self.optimizer == "adam" else "null"
            raise ValueError(f"betas is {self.betas}: with {self.optimizer} it must be {wanted}")
        return self


@dataclass(frozen=True)
class Loss:
    """What one update minimises, and what is worth recording of it.

    Attributes:
        total: scalar, with its graph.
        logged: detached scalars by name, for the history.
        terms: what competes within the total for the decoder, with graphs: now and then the norm of
            each one's gradient for the decoder is recorded as `<term>_gradient`.
    """

    total: Tensor
    logged: Mapping[str, Tensor]
    terms: Mapping[str, Tensor] = field(default_factory=dict)


def detached(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without their graphs."""
    return {name: value.detach() for name, value in values.items()}


@dataclass(frozen=True)
class Update:
    """Who is trained by which loss, as data: the loop never asks which model it runs.

    Attributes:
        name: the update's name; `params.<name>` is its `Optimizer`, history columns start with it.
        networks: names of the networks it trains. The gradient is taken with respect to their
            parameters alone, so no loss can leak into another network; their batch normalisation
            moves its running statistics in this update and in no other.
        loss: (images [N, C, H, W], labels [N], noise) -> `Loss`. Every network is in train mode.
            Noise is fresh: each loss draws its own from the stream it is given.
        every: it takes part in every n-th step. Updates of one step run in the model's order.
        project: called after the optimizer's step (weight clipping).
    """

    name: str
    networks: tuple[str, ...]
    loss: Callable[[Tensor, Tensor, Noise], Loss]
    every: int = 1
    project: Callable[[], None] | None = None


def to_images(logits: Tensor) -> Tensor:
    """Images in [-1, 1] from a decoder's logits: tanh(l / 2) = 2 sigmoid(l) - 1."""
    return torch.tanh(logits / 2)


def posterior(encoded: Tensor) -> tuple[Tensor, Tensor]:
    """Splits an encoder's output [N, 2 D] into mean and log-variance, each [N, D]."""
    mean, log_var = encoded.chunk(2, dim=1)
    return mean, log_var


def reparameterize(mean: Tensor, log_var: Tensor, noise: Noise) -> Tensor:
    """z ~ N(mean, exp(log_var)), differentiable (Kingma & Welling 2014, section 2.4)."""
    return mean + (0.5 * log_var).exp() * noise.normal(*mean.shape)
