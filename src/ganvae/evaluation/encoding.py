"""What a model with an encoder makes of the test images: reconstructions, bounds, latent space."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.metrics.active_units import active_units
from ganvae.metrics.importance_bound import importance_bound
from ganvae.metrics.interval import mean_with_interval
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.models.base.contract import posterior, reparameterize, to_images
from ganvae.models.vae import elbo

BATCH = 1000


@dataclass(frozen=True)
class Encoded:
    """What was measured.

    Attributes:
        metrics: `reconstruction_mse`, `reconstruction_nats`, `kl_nats`, `negative_elbo`,
            `active_units` and, for the Bernoulli likelihood, `iwae_nll_<k>`.
        intervals: metric -> ends of the 95 % interval over the test images.
        means: posterior means of the test images [M, D].
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    means: Tensor


def finite(values: Tensor) -> Tensor:
    """The values. Raises `FloatingPointError` if one is NaN or infinite."""
    if not values.isfinite().all():
        raise FloatingPointError
    return values


def encode(
    networks: nn.ModuleDict, images: Tensor, likelihood: str, seed: int, *, importance: int
) -> Encoded:
    """Measures encoder and decoder on test images.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [M, 1, 28, 28] in [-1, 1], on the CPU.
        likelihood: a key of `elbo.LIKELIHOODS`.
        seed: of the posterior samples.
        importance: samples per image of the importance-weighted bound.

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    per_image, means = bounds(networks, images, likelihood, seed)
    if likelihood == "bernoulli":
        bound = bernoulli_bound(networks, binarised(images), importance, seed)
        per_image[f"iwae_nll_{importance}"] = bound
    estimates = {name: mean_with_interval(v, seed) for name, v in per_image.items()}
    return Encoded(
        {name: e.value for name, e in estimates.items()}
        | {"active_units": float(active_units(means))},
        {name: e.ends for name, e in estimates.items()},
        means,
    )


@torch.no_grad()
def bounds(
    networks: nn.ModuleDict, images: Tensor, likelihood: str, seed: int
) -> tuple[dict[str, Tensor], Tensor]:
    """-ELBO (beta = 1) of every image with its parts, by one posterior sample each.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [M, 1, 28, 28] in [-1, 1], on the CPU.
        likelihood: a key of `elbo.LIKELIHOODS`.
        seed: of the posterior samples.

    Returns:
        `reconstruction_nats`, `kl_nats` and their sum `negative_elbo`, and `reconstruction_mse`,
        the squared error of the posterior mean's reconstruction, each float64 [M]; and the
        posterior means [M, D].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    device = next(networks.parameters()).device
    noise = Noise(seed_for(seed, "evaluate posterior"), CPU)
    errors, nats, divergences, means = [], [], [], []
    for batch in torch.split(images, BATCH):
        mean, log_var = posterior(networks["encoder"](batch.to(device)).cpu())
        z = reparameterize(finite(mean), log_var, noise)
        logits = networks["decoder"](torch.cat([z, mean]).to(device)).cpu()
        sampled, expected = logits.split(len(batch))
        errors.append(reconstruction_mse(batch, finite(to_images(expected))))
        nats.append(elbo.LIKELIHOODS[likelihood](sampled, batch))
        divergences.append(elbo.kl_divergence(mean, log_var))
        means.append(mean)
    reconstruction, kl = (finite(torch.cat(x).double()) for x in (nats, divergences))
    per_image = {
        "reconstruction_mse": torch.cat(errors),
        "reconstruction_nats": reconstruction,
        "kl_nats": kl,
        "negative_elbo": reconstruction + kl,
    }
    return per_image, torch.cat(means)


def binarised(images: Tensor) -> Tensor:
    """Every pixel 1 with its brightness as probability, else -1 (Salakhutdinov & Murray 2008).

    The same draw for every model and seed: a fixed binarisation of the test images.
    """
    draw = Noise(seed_for(0, "binarise"), CPU).uniform(*images.shape)
    return torch.where(draw < (images + 1) / 2, 1.0, -1.0)


@torch.no_grad()
def bernoulli_bound(networks: nn.ModuleDict, images: Tensor, samples: int, seed: int) -> Tensor:
    """The importance-weighted bound on -log p(x) of binarised images (Burda et al. 2016, eq. 8).

    log w = log p(x | z) + log p(z) - log q(z | x), z ~ q(z | x).

    Args:
        networks: "encoder" and "decoder", in evaluation mode; trained on grey images or not.
        images: [M, 1, 28, 28], -1 or 1.
        samples: posterior samples per image.
        seed: of the samples.

    Returns:
        Nats per image [M].
    """
    device = next(networks.parameters()).device
    noise = Noise(seed_for(seed, "importance"), CPU)
    bounds = []
    for batch in torch.split(images, max(1, BATCH * 10 // samples)):
        mean, log_var = posterior(networks["encoder"](batch.to(device)).cpu())
        mean, log_var = (x.repeat_interleave(samples, dim=0) for x in (mean, log_var))
        drawn = noise.normal(*mean.shape)
        z = mean + (0.5 * log_var).exp() * drawn
        logits = networks["decoder"](z.to(device)).cpu()
        # the normalising constants of log p(z) and log q(z | x) cancel; (z - mean) / deviation is
        # what was drawn, but not in float32 where the deviation is far smaller than the mean
        log_prior = -0.5 * z.square().sum(dim=1)
        log_posterior = -0.5 * (drawn.square() + log_var).sum(dim=1)
        nats = elbo.bernoulli_nats(logits, batch.repeat_interleave(samples, dim=0))
        weights = (log_prior - log_posterior - nats).view(len(batch), samples)
        bounds.append(importance_bound(finite(weights)))
    return torch.cat(bounds)
