"""The codes of autoencoders and VAEs: their distribution beside N(0, I), their classes, their use.

An autoencoder's code is the mean half of its encoder's output.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from ganvae.comparison.summary import Spread
from ganvae.core import imageset
from ganvae.evaluation.showcase import latent_plane
from ganvae.figures.style import Array
from ganvae.metrics.neighbours import nearest_others
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.shared.results import Result, of_seeds

SHOWN = 2000  # codes of a figure
NEIGHBOURS = 5
JUDGED = 2000  # codes whose neighbours are looked at
BATCH = 1000


@dataclass(frozen=True)
class Codes:
    """What one seed's encoder and decoder make of the test images.

    Attributes:
        mse: mean squared error per pixel on [0, 1] of the reconstructions, without sampling.
        mean: of the codes' distribution [D].
        covariance: of the same [D, D]; a VAE's codes are samples of q(z | x).
        same_class: share of the `NEIGHBOURS` nearest codes that are of the image's class.
        plane: codes of `SHOWN` images [N, 2], as they are or on their two principal axes, there
            with their mean at 0.
        labels: the classes of these images, int64 [N].
    """

    mse: float
    mean: Tensor
    covariance: Tensor
    same_class: float
    plane: Array
    labels: Array

    @property
    def from_prior(self) -> float:
        """Distance to N(0, I) per dimension, >= 0: the squared 2-Wasserstein distance over D.

        |m|^2 + Tr(S + I - 2 S^(1/2)) of the Gaussian with the codes' moments (Dowson & Landau
        1982). Unlike a KL divergence it is finite for a code that never changes.
        """
        roots = torch.linalg.eigvalsh(self.covariance).clamp(min=0).sqrt()
        return float((self.mean.square().sum() + (roots - 1).square().sum()) / len(self.mean))

    @property
    def variances(self) -> tuple[float, float]:
        """The smallest and largest variance along a principal axis; 1 and 1 of N(0, I)."""
        values = torch.linalg.eigvalsh(self.covariance)
        return float(values[0]), float(values[-1])


@torch.no_grad()
def measure(result: Result, seed: int) -> Codes:
    """Encodes and decodes the test images with one seed's networks."""
    images, labels = imageset.load(result.system.data / "processed" / "test.safetensors")
    networks = result.networks(seed)
    means, spreads, errors = [], [], []
    for batch in torch.split(images, BATCH):
        mean, log_var = posterior(networks["encoder"](batch))
        means.append(mean)
        spreads.append(log_var.exp())
        errors.append(reconstruction_mse(batch, to_images(networks["decoder"](mean))))
    codes = torch.cat(means).double()
    sampled = torch.cat(spreads).double().mean(dim=0)
    covariance = codes.T.cov().view(codes.shape[1], codes.shape[1])
    if result.system.model != "ae":  # an autoencoder's variances take no part
        covariance = covariance + torch.diag(sampled)
    chosen = _spread(len(codes), JUDGED)
    shown = _spread(len(codes), SHOWN)
    plane = codes[shown].float() if codes.shape[1] == 2 else latent_plane(codes[shown])
    return Codes(
        mse=float(torch.cat(errors).mean()),
        mean=codes.mean(dim=0),
        covariance=covariance,
        same_class=same_class(codes[chosen], labels[chosen]),
        plane=plane.numpy(),
        labels=labels[shown].numpy(),
    )


def _spread(count: int, wanted: int) -> Tensor:
    """`wanted` of `count` rows, evenly spaced: the images lie sorted in their file."""
    return torch.linspace(0, count - 1, min(count, wanted)).round().long()


def same_class(codes: Tensor, labels: Tensor) -> float:
    """Share of every code's `NEIGHBOURS` nearest others [N, D] with the same label [N], 0 to 1."""
    _, nearest = nearest_others(codes, min(NEIGHBOURS, len(codes) - 1))
    return float((labels[nearest] == labels[:, None]).double().mean())


@dataclass(frozen=True)
class Measured:
    """One system's seeds.

    Attributes:
        result: the system.
        seeds: seed -> its codes.
    """

    result: Result
    seeds: Mapping[int, Codes]

    def of(self, name: str) -> Spread | None:
        """`mse`, `same_class` or `from_prior` over the seeds."""
        return of_seeds({seed: getattr(codes, name) for seed, codes in self.seeds.items()})


def table(found: Mapping[str, Measured]) -> pd.DataFrame:
    """One row per system and seed.

    `mean_square` is that of the codes' mean per dimension; variances are those along the principal
    axes (N(0, I): 0, 1 and 1).
    """
    rows = []
    for name, measured in found.items():
        for seed, codes in measured.seeds.items():
            low, high = codes.variances
            rows.append(
                {
                    "system": name,
                    "latent_dim": measured.result.latent_dim,
                    "seed": seed,
                    "reconstruction_mse": codes.mse,
                    "from_prior": codes.from_prior,
                    "mean_square": float(codes.mean.square().mean()),
                    "smallest_variance": low,
                    "largest_variance": high,
                    "same_class": codes.same_class,
                }
            )
    return pd.DataFrame(rows)
