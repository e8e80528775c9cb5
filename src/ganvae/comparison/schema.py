"""What a study's files hold, as evaluation and training write them, checked as they are read."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

# beyond it squares overflow; no metric or cost comes near
Number = Annotated[float, Field(ge=-1e100, le=1e100)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Interval = tuple[Number, Number]
Histogram = list[Annotated[float, Field(ge=0, le=2**53)]]
Texts = dict[str, str]


class Content(BaseModel):
    """Base of every schema here: no silent conversion; fields that nobody reads may be there."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class Snapshot(Content):
    """What a model drew at a step of its training; metrics are null where it drew no image."""

    step: Count
    images_seen: Count
    class_entropy: Number | None
    image_entropy: Number | None
    fid_classifier: Number | None
    coverage: Number | None
    class_histogram: Histogram | None


class Scored(Content):
    """A set of images, measured."""

    metrics: dict[str, Number | None] = {}
    intervals: dict[str, Interval] = {}
    class_histogram: Histogram = []
    frechet_curve: list[tuple[Annotated[int, Field(ge=1)], Number]] = []

    def numbers(self) -> dict[str, float]:
        """The metrics that have a value."""
        return {name: value for name, value in self.metrics.items() if value is not None}


class SeedDetails(Scored):
    """One training."""

    state: Literal["finished", "diverged"]
    step: Count
    update: str | None = None
    collapsed: bool | None = None
    collapsed_at: Count | None = None
    mixture: Scored = Scored()
    timeline: list[Snapshot] = []


def _counts(*names: str) -> AfterValidator:
    """Of a protocol: these are numbers of images or of features; the rest is only compared."""

    def check(protocol: dict[str, Any]) -> dict[str, Any]:
        for name in names:
            value = protocol.get(name)
            if not isinstance(value, int) or not 1 <= value <= 2**53:
                raise ValueError(f"{name}: a count expected")
        if not isinstance(protocol.get("real_split"), str):
            raise ValueError("real_split: a text expected")
        return protocol

    return AfterValidator(check)


REAL_COUNTS = ("real_images", "feature_width")
GENERATED_COUNTS = ("generated_images", "snapshot_images", *REAL_COUNTS)


class ModelDetails(Content):
    """`details.json` of a model."""

    protocol: Annotated[dict[str, Any], _counts(*GENERATED_COUNTS)]
    runtime: Texts
    seeds: dict[str, SeedDetails]


class RealRow(Scored):
    """A set of real images in the place of generated ones."""

    images: Count
    against: Count


class Check(Content):
    """Whether a metric saw a planted fault, see `ganvae.floors.selftest`."""

    metric: str
    fault: str
    mean: Number
    reach: Number
    faulty: Number
    expected: Literal[-1, 0, 1]
    seen: Literal[-1, 0, 1]
    told: str


class Names(Content):
    """The classes of the data."""

    names: Annotated[list[str], Field(min_length=1)]
    word: str
    plural: str


class RealDetails(Content):
    """`details.json` of the real images."""

    protocol: Annotated[dict[str, Any], _counts(*REAL_COUNTS)]
    runtime: Texts
    rows: dict[str, RealRow]
    selftest: list[Check]
    classes: Names


class Status(Content):
    """How a training ended."""

    state: Literal["finished", "diverged"]


def _finite(name: str, value: Any) -> float:
    if not -1e100 <= value <= 1e100:  # NaN is not
        raise ValueError(f"{name}: a number expected")
    return float(value)


class Costs(Content):
    """What a training took."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    runtime: Texts
    train_images_per_second: Annotated[float, Field(ge=0, le=1e100)]

    @model_validator(mode="after")
    def _of_numbers(self) -> Self:
        self.numbers()
        return self

    def numbers(self) -> dict[str, float]:
        """All costs that are one number; `steps` is no cost but stands in the seed's status."""
        speed = {"train_images_per_second": self.train_images_per_second}
        return speed | {
            name: _finite(name, value)
            for name, value in self.__pydantic_extra__.items()
            if isinstance(value, int | float) and name != "steps"
        }


class Accuracy(Content):
    """`metrics/classifier.json`."""

    test_accuracy: Number
