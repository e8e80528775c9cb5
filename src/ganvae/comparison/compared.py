"""What `metrics/comparison.json` holds, as `summary.document` makes it, checked as it is read."""

from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from ganvae.comparison.schema import Accuracy, Content, Count, Number
from ganvae.comparison.summary import Spread, spread

COMPARISON = Path("metrics/comparison.json")


class Metric(Content):
    """A metric of a row."""

    mean: Number
    std: Number | None
    low: Number | None = None
    high: Number | None = None
    seeds: dict[str, Number]

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high: both or none expected")
        return self

    @property
    def spread(self) -> Spread | None:
        """Over its seeds; None where no seed finished, and of real images."""
        return spread(self.seeds) if self.seeds else None


class Compared(Content):
    """A row; the fields that are not named here are its metrics."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Metric]

    images: Count
    against: Count
    runtime: dict[str, dict[str, list[str]]] = Field(default_factory=dict)
    seeds_finished: Count | None = None
    seeds_collapsed: Count | None = None
    seeds_diverged: Count | None = None
    mixture_of: str | None = None

    @property
    def metrics(self) -> dict[str, Metric]:
        """By their names."""
        return self.__pydantic_extra__


class Settings(Content):
    """What all rows have in common."""

    data: str
    protocol: dict[str, Any]
    classifier: Accuracy


class Comparison(Content):
    """The file; a row is a model, its mixture or real images."""

    settings: Settings
    rows: dict[str, Compared] = Field(min_length=1)
