"""A Gaussian mixture fitted to the codes of the training images, to draw from in the prior's place.

A decoder was trained on codes of images, which need not lie as N(0, I) has it: samples of the prior
show that mismatch too, samples of the codes' own density the decoder alone (Ghosh et al. 2020,
"From variational to deterministic autoencoders", section 4: ex-post density estimation, with ten
components). The code of an image is the mean of its posterior.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation.encoding import finite
from ganvae.models.base.contract import posterior

IMAGES = 60_000  # training images whose codes are fitted, at most
ITERATIONS = 1000  # of expectation and maximisation, at most; scikit-learn's rule ends them before
BATCH = 1000


@dataclass(frozen=True)
class Mixture:
    """K Gaussians in D dimensions.

    Attributes:
        weights: they sum to 1, float64 [K].
        means: float64 [K, D].
        factors: F of the covariances F F^T, float64 [K, D, D].
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    def sample(self, count: int, noise: Noise) -> Tensor:
        """Independent draws, float32 [count, D]."""
        ends = self.weights.cumsum(dim=0)
        component = torch.searchsorted(ends[:-1], noise.uniform(count).double(), right=True)
        z = noise.normal(count, self.means.shape[1]).double()
        for k, (mean, factor) in enumerate(zip(self.means, self.factors, strict=True)):
            chosen = component == k
            z[chosen] = mean + z[chosen] @ factor.T
        return z.float()


def fit(codes: Tensor, components: int, seed: int) -> Mixture:
    """The mixture of full covariances with the highest likelihood that one start finds.

    By expectation and maximisation from k-means (scikit-learn), of as many components as there are
    different codes where these are fewer. The codes are scaled to unit variance for it, so that the
    1e-6 that scikit-learn adds to each variance is small beside them, however small or large they
    are: codes that are all but equal, or fewer than dimensions, give a mixture too.

    Args:
        codes: finite, [N, D].
        components: K.
        seed: of the start.
    """
    centre = codes.double().mean(dim=0)
    centred = codes.double() - centre
    scale = centred.square().mean().sqrt()
    scaled = centred / scale if scale > 0 else centred
    model = GaussianMixture(
        min(components, len(np.unique(scaled.numpy(), axis=0))),
        covariance_type="full",
        max_iter=ITERATIONS,
        random_state=seed_for(seed, "mixture") % 2**32,
    ).fit(scaled.numpy())
    weights, means, covariances = (
        torch.from_numpy(found) for found in (model.weights_, model.means_, model.covariances_)
    )
    return Mixture(weights, centre + scale * means, scale * torch.linalg.cholesky(covariances))


@torch.no_grad()
def codes(encoder: nn.Module, images: Tensor) -> Tensor:
    """The posterior means of the images, float32 [N, D]; of `IMAGES` drawn ones if there are more.

    Args:
        encoder: in evaluation mode.
        images: [T, 1, 28, 28] in [-1, 1], on the CPU.

    Raises:
        FloatingPointError: one is NaN or infinite.
    """
    device = next(encoder.parameters()).device
    order = Noise(seed_for(0, "mixture images"), CPU).permutation(len(images))[:IMAGES]
    found = []
    for chosen in torch.split(order, BATCH):
        mean, _ = posterior(encoder(images[chosen].to(device)))
        found.append(finite(mean).cpu())
    return torch.cat(found)
