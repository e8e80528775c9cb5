"""The judge of mi2018, section 3.2: a two-layer classifier, and its view of the systems' images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from ganvae.classifier import Classifier, classify
from ganvae.comparison.summary import Spread, spread
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy
from ganvae.papers.results import Result

IMAGES = 10_000  # of Fig. 8
CERTAIN = 0.05  # nats; below it an image's entropy counts as low
OVER = ("gan", "wgan", "vae", "vaegan", "cvaegan")


@dataclass(frozen=True)
class Judge:
    """The two-layer classifier's view of the systems' images."""

    network: Classifier
    results: Mapping[str, Result]

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

    def class_entropy(self, name: str) -> Spread | None:
        """Of the classes of all images, in nats."""
        return self._spread(name, lambda p: class_entropy(class_histogram(p)))

    def image_entropy(self, name: str) -> Spread | None:
        """The mean over the images, in nats."""
        return self._spread(name, lambda p: float(image_entropy(p).mean()))

    def certain(self, name: str) -> Spread | None:
        """The share of images below `CERTAIN` nats."""
        return self._spread(name, lambda p: float((image_entropy(p) < CERTAIN).double().mean()))

    def unsteadiness(self, name: str) -> Spread | None:
        """The standard deviation of the entropy over a run's images, in nats."""
        return self._spread(name, lambda p: float(image_entropy(p).std()))

    def _spread(self, name: str, of: Callable[[Tensor], float]) -> Spread | None:
        found = {str(seed): of(p) for seed, p in self.probabilities[name].items()}
        return spread(found) if found else None
