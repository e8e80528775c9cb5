"""The numbers of parakatta2023: codes of autoencoders, a GAN's balance, the main study's models."""

from collections.abc import Mapping
from functools import cache

from ganvae.papers.parakatta2023 import experiments, latent, sets
from ganvae.papers.shared import courses
from ganvae.papers.shared.evidence import Values
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.values import ReadValues

BALANCED = 0.5  # accuracy of a discriminator that cannot tell


@cache
def codes(result: Result, seed: int) -> latent.Codes:
    """What one seed's encoder and decoder make of the test images."""
    return latent.measure(result, seed)


def code_mse(result: Result, seed: int) -> float:
    """Test error per pixel on [0, 1], from the mean half of the encoder's output."""
    return codes(result, seed).mse


def codes_from_prior(result: Result, seed: int) -> float:
    """Squared 2-Wasserstein distance of the codes to N(0, I), per dimension."""
    return codes(result, seed).from_prior


def neighbours_of_same_class(result: Result, seed: int) -> float:
    """The share of the nearest codes that are of the same class."""
    return codes(result, seed).same_class


def imbalance(result: Result, seed: int) -> float | None:
    """How far the discriminator's accuracy is from 1/2 over the last tenth, 0 to 1/2."""
    found = courses.last_tenth(result, seed, "discriminator.accuracy")
    return None if found is None else abs(found - BALANCED)


QUANTITIES = {
    function.__name__: function
    for function in (code_mse, codes_from_prior, neighbours_of_same_class, imbalance)
}


def _study(results: Results) -> Values:
    """The main study's models on MNIST as `study_<model>`."""
    return {
        (f"study_{model}", metric): value
        for metric, models in sets.read(results).mnist.items()
        for model, value in models.items()
        if value
    }


UNJUDGED = {"code_mse", "codes_from_prior", "neighbours_of_same_class", "imbalance"}
EXPERIMENTS: Mapping[str, ReadValues] = {"study": _study, **experiments.VALUES}
