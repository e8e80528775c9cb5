"""The judge of mi2018, section 3.2: a two-layer classifier, and its view of the systems' images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from torch import Tensor

from ganvae.comparison.summary import Spread, spread
from ganvae.core.imageset import dequantise
from ganvae.judging.classifier import Classifier, classify
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.shared.results import Result

IMAGES = 10_000  # of Fig. 8
LOW_ENTROPY = 0.1  # nats, as on the maps of `experiments.map`
HARD = 1.0  # nats; the classifier can hardly read an image of more
OVER = ("gan", "wgan", "vae", "vaegan", "cvaegan")


@dataclass(frozen=True)
class Judge:
    """The two-layer classifier's view of the systems' images."""

    network: Classifier
    results: Mapping[str, Result]
    _courses: dict[tuple[str, int], pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def probabilities(self) -> dict[str, dict[int, Tensor]]:
        """System -> seed -> class probabilities [IMAGES, 10] of samples of the prior."""
        return {
            name: {
                seed: classify(self.network, self.results[name].images(seed, IMAGES))[1]
                for seed in self.results[name].seeds
            }
            for name in OVER
        }

    def course(self, name: str, seed: int) -> pd.DataFrame:
        """One seed's snapshots: `step`, `updates` of the generator, `class_entropy` in nats."""
        if (name, seed) not in self._courses:
            result = self.results[name]
            table = result.timeline(seed)[["step", "updates"]]
            judged = [
                classify(self.network, dequantise(images))[1] for images in result.snapshots(seed)
            ]
            entropies = [class_entropy(class_histogram(p)) for p in judged]
            self._courses[name, seed] = table.assign(class_entropy=entropies)
        return self._courses[name, seed]

    def class_entropy(self, name: str) -> Spread | None:
        """Of the classes of all images, in nats."""
        return self._spread(name, lambda p: class_entropy(class_histogram(p)))

    def digit(self, name: str, seed: int) -> int:
        """The digit that most images of one seed are read as."""
        return int(class_histogram(self.probabilities[name][seed]).argmax())

    def image_entropy(self, name: str) -> Spread | None:
        """The mean over the images, in nats."""
        return self._spread(name, lambda p: float(image_entropy(p).mean()))

    def certain(self, name: str) -> Spread | None:
        """The share of images below `LOW_ENTROPY` nats."""
        return self._spread(name, lambda p: float((image_entropy(p) < LOW_ENTROPY).double().mean()))

    def hard(self, name: str) -> Spread | None:
        """The share of images above `HARD` nats."""
        return self._spread(name, lambda p: float((image_entropy(p) > HARD).double().mean()))

    def unsteadiness(self, name: str) -> Spread | None:
        """The standard deviation of the entropy over a run's images, in nats."""
        return self._spread(name, lambda p: float(image_entropy(p).std()))

    def _spread(self, name: str, of: Callable[[Tensor], float]) -> Spread | None:
        found = {str(seed): of(p) for seed, p in self.probabilities[name].items()}
        return spread(found) if found else None
