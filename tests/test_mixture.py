"""The mixture fitted to codes: what it draws, where it helps, and what it makes of poor codes."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation import mixture
from ganvae.evaluation.sampling import images_of, sample
from ganvae.jobs.threads import side_by_side
from ganvae.metrics.frechet_distance import frechet_distance

WEIGHTS = (0.5, 0.3, 0.2)
MEANS = ((4.0, 0.0), (-4.0, 3.0), (0.0, -5.0))
FACTORS = (((1.0, 0.0), (0.8, 0.3)), ((0.2, 0.0), (0.0, 0.9)), ((0.5, 0.0), (-0.4, 0.5)))


def planted() -> mixture.Mixture:
    weights, means, factors = (
        torch.tensor(x, dtype=torch.float64) for x in (WEIGHTS, MEANS, FACTORS)
    )
    return mixture.Mixture(weights, means, factors)


def moments(of: mixture.Mixture) -> tuple[Tensor, Tensor]:
    """Mean and covariance, by the law of total variance."""
    mean = of.weights @ of.means
    away = of.means - mean
    within = torch.einsum("k,kij,klj->il", of.weights, of.factors, of.factors)
    return mean, within + away.T @ (of.weights[:, None] * away)


def draw(count: int, seed: int = 0) -> Tensor:
    return planted().sample(count, Noise(seed, CPU))


def test_samples_have_the_mixtures_mean_and_covariance() -> None:
    """Within five standard errors of 200,000 draws; of every component alone too."""
    whole, count = planted(), 200_000
    alone = [
        mixture.Mixture(torch.ones(1).double(), whole.means[[k]], whole.factors[[k]])
        for k in range(len(WEIGHTS))
    ]
    for of in (whole, *alone):
        mean, covariance = moments(of)
        drawn = of.sample(count, Noise(0, CPU)).double()
        assert (drawn.mean(dim=0) - mean).abs().max() < 5 * (covariance.max() / count) ** 0.5
        products = torch.einsum("ni,nj->nij", drawn - mean, drawn - mean)
        errors = products.std(dim=0) / count**0.5
        assert ((drawn.T.cov() - covariance).abs() < 5 * errors).all()
    drawn = draw(count).double()
    nearest = torch.cdist(drawn, torch.tensor(MEANS).double()).argmin(dim=1)
    shares = nearest.bincount() / 200_000
    assert shares.tolist() == pytest.approx(WEIGHTS, abs=0.005)


def test_the_fit_is_scikit_learns_and_finds_what_was_planted() -> None:
    """On codes as they are; ours are scaled, so only the 1e-6 on the variances differs."""
    codes = draw(5000)
    found = mixture.fit(codes, 3, seed=0)
    state = seed_for(0, "mixture") % 2**32
    theirs = GaussianMixture(3, random_state=state, max_iter=1000).fit(codes.double().numpy())
    assert found.weights.numpy() == pytest.approx(theirs.weights_, abs=1e-4)
    assert found.means.numpy() == pytest.approx(theirs.means_, abs=1e-3)
    covariances = found.factors @ found.factors.mT
    assert covariances.numpy() == pytest.approx(theirs.covariances_, abs=1e-3)
    for ours, of_planted in zip(moments(found), moments(planted()), strict=True):
        assert ours.numpy() == pytest.approx(of_planted.numpy(), abs=0.5)


def test_the_same_codes_give_the_same_bytes_on_any_number_of_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = draw(3000).repeat(1, 10) + Noise(3, CPU).normal(3000, 20)

    def drawn(seed: int) -> bytes:
        return mixture.fit(codes, 10, seed).sample(500, Noise(seed, CPU)).numpy().tobytes()

    found: list[Sequence[bytes]] = []
    for workers in ("1", "3"):
        monkeypatch.setenv("GANVAE_WORKERS", workers)
        tasks = [partial(drawn, seed) for seed in (0, 0, 1)]
        found.append(side_by_side(tasks, "fit", progress=False))
    assert found[0] == found[1]
    assert found[0][0] == found[0][1] != found[0][2]


class Line(nn.Module):
    """A decoder of two latent numbers: how bright the left and the right half are."""

    def __init__(self) -> None:
        super().__init__()
        left = torch.arange(784).remainder(28) < 14
        self.halves = nn.Parameter(torch.stack([left.float(), 1 - left.float()]))

    def forward(self, z: Tensor) -> Tensor:
        return (z @ self.halves).view(-1, 1, 28, 28)


class Inverse(nn.Module):
    """Its exact encoder, with a variance of 1."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        logits = 2 * torch.atanh(x[:, 0, 0, [0, 27]])
        return torch.cat([logits, torch.zeros_like(logits)], dim=1)


def test_codes_far_from_the_prior_are_met_by_the_mixture_alone() -> None:
    """The images' codes lie in two clusters where N(0, I) has next to nothing."""
    decoder, stream = Line(), Noise(1, CPU)
    truth = 0.3 * stream.normal(4000, 2) + torch.tensor([[2.0, -2.5], [-2.5, 2.0]]).repeat(2000, 1)
    train, test = images_of(decoder, truth).split(2000)
    codes = mixture.codes(Inverse(), train)
    known = truth[:2000]
    assert torch.cdist(codes, known).min(dim=1).values.max() < 0.1  # a grey level there

    def distance(images: Tensor) -> float:
        return frechet_distance(test[:, 0, 0, [0, 27]], images[:, 0, 0, [0, 27]])

    drawn = mixture.fit(codes, 10, seed=0).sample(2000, Noise(2, CPU))
    of_prior = distance(sample(decoder, 2, 2000, seed=0))
    assert of_prior > 0.3
    assert distance(images_of(decoder, drawn)) < 0.02 * of_prior


@pytest.mark.parametrize(
    "codes",
    [
        torch.full((200, 4), 0.7),
        torch.full((200, 4), 0.7) + 1e-7 * torch.arange(200)[:, None],
        torch.arange(12.0).view(3, 4),
        torch.randn(30, 40, generator=torch.Generator().manual_seed(0)),
        1e30 * torch.randn(300, 4, generator=torch.Generator().manual_seed(0)),
        torch.cat([torch.randn(300, 1, generator=torch.Generator().manual_seed(0)),
                   torch.full((1, 1), 1e20)]),
    ],
    ids=["one code", "nearly one", "three codes", "few for their dimensions", "huge", "an outlier"],
)  # fmt: skip
def test_poor_codes_give_a_mixture_too(codes: Tensor) -> None:
    """Its draws lie about the codes; no warning either, which the tests take for an error."""
    drawn = mixture.fit(codes, 10, seed=0).sample(1000, Noise(0, CPU)).double()
    assert drawn.isfinite().all()
    spread = codes.double().std(dim=0, correction=0).max()
    away = torch.cdist(drawn, codes.double()).min(dim=1).values
    assert float(away.max()) <= 6 * float(spread) * codes.shape[1] ** 0.5 + 1e-6


def test_of_more_images_than_are_fitted_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture, "IMAGES", 50)
    levels = torch.linspace(-0.9, 0.9, 200)[:, None, None, None].expand(200, 1, 28, 28)
    found = mixture.codes(Inverse(), levels)[:, 0].numpy()
    known = 2 * np.arctanh(np.linspace(-0.9, 0.9, 200))
    places = np.abs(known - found[:, None]).argmin(axis=1)
    assert len(found) == len(set(places.tolist())) == 50
    assert places.max() > 150  # not the first ones: files are sorted, by writer or by class


def test_codes_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(FloatingPointError):
        mixture.codes(Inverse(), torch.ones(5, 1, 28, 28))
