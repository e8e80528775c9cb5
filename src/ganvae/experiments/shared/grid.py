"""The constrained VAE-GAN's parameters lambda and d, with the readings of the text, as a grid."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ganvae.core.config import Block

# the ranges of `models.cvaegan`
Lambda = Annotated[float, Field(ge=0, le=100000)]
D = Annotated[float, Field(ge=-100000, le=100000)]
Hinge = Literal["batch", "image"]
LGanOn = Literal["prior", "reconstruction"]


@dataclass(frozen=True)
class Point:
    """One setting of the grid; the attributes are the keys of `models.cvaegan`."""

    lambda_: float
    d: float
    hinge: Hinge
    l_gan_on: LGanOn

    def __str__(self) -> str:
        return f"lambda {self.lambda_:g}, d {self.d:g}, {self.hinge}, {self.l_gan_on}"

    def block(self) -> dict[str, Any]:
        """Its part of a block `models.cvaegan`."""
        return {
            "lambda": self.lambda_,
            "d": self.d,
            "hinge": self.hinge,
            "l_gan_on": self.l_gan_on,
        }


class GridParams(Block):
    """Every `lambda` is trained with every `d`, in nats, and with every `hinge` and `l_gan_on`."""

    lambda_: list[Lambda] = Field(alias="lambda", min_length=1)
    d: list[D] = Field(min_length=1)
    hinge: list[Hinge] = Field(min_length=1)
    l_gan_on: list[LGanOn] = Field(min_length=1)

    @model_validator(mode="after")
    def _values_differ(self) -> "GridParams":
        lists: list[tuple[str, list[Any]]] = [
            ("lambda", self.lambda_),
            ("d", self.d),
            ("hinge", self.hinge),
            ("l_gan_on", self.l_gan_on),
        ]
        for name, values in lists:
            if len(set(values)) < len(values):
                raise ValueError(f"{name} = {values}: allowed: different values")
        return self

    def points(self) -> Iterable[Point]:
        """Every setting, d fastest within the readings."""
        readings = product(self.hinge, self.l_gan_on, self.lambda_, self.d)
        return [Point(lambda_, d, hinge, on) for hinge, on, lambda_, d in readings]
