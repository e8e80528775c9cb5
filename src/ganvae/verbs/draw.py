"""What trained networks draw: samples, reconstructions, what lies between, the nearest image."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from ganvae.core import imageset
from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import UserError
from ganvae.evaluation import inversion, sampling, showcase
from ganvae.evaluation.sampling import images_of
from ganvae.models.base.contract import posterior
from ganvae.models.cgan.codes import CLASSES, Coded
from ganvae.verbs.trained import Trained, absent, data_of

MOST = 1_000_000  # images at once
BATCH = 1000


class OfClass(nn.Module):
    """A conditional decoder that is asked for one class, whatever its latent vectors say."""

    def __init__(self, decoder: Coded, label: int) -> None:
        super().__init__()
        self.decoder = decoder
        self.label = label

    def forward(self, latent: Tensor) -> Tensor:
        """Samples of N(0, I) [N, D] -> logits [N, C, H, W]."""
        z, drawn, codes = self.decoder.split(latent)
        return self.decoder.of(z, torch.full_like(drawn, self.label), codes)


def sample(
    trained: Trained,
    count: int,
    seed: int = 0,
    label: int | None = None,
    components: int | None = None,
) -> Tensor:
    """Images of samples of the prior, or of a mixture that is fitted to the codes.

    With the training's own seed, and as many of them, they are those that `evaluate` measures.

    Args:
        trained: what `load` returned.
        count: N, from 1 to a million.
        seed: of the noise.
        label: a class from 0 to 9, only of a conditional model (of InfoGAN a code, which need not
            be that digit); None: classes are drawn too.
        components: Gaussians of the mixture (`evaluation.mixture`), whose training images must be
            in the study; None: the prior.

    Returns:
        float32 [N, C, H, W] in 256 levels of [-1, 1].

    Raises:
        UserError: another count or class; a class, or a mixture, that the model cannot have.
    """
    check_sample(trained, count, label, components)
    with _finite(trained):
        if components is not None:
            with threadpool_limits(1):  # as `evaluate`: more add up in another order
                latent = _of_mixture(trained, components, count, seed)
            return images_of(trained.decoder, latent)
        decoder = trained.decoder
        if label is not None:
            assert isinstance(decoder, Coded)
            decoder = OfClass(decoder, label)
        return sampling.sample(decoder, trained.latent_dim, count, seed)


def check_sample(trained: Trained, count: int, label: int | None, components: int | None) -> None:
    """Raises `UserError` for what `sample` refuses."""
    if not 1 <= count <= MOST:
        raise UserError(f"count {count}: allowed: 1 to {MOST:,}")
    if label is not None and not trained.conditional:
        raise UserError(f"class {label}: {trained.name} draws no class that is asked for, as cgan")
    if label is not None and not 0 <= label < CLASSES:
        raise UserError(f"class {label}: allowed: 0 to {CLASSES - 1}")
    if components is not None and trained.encoder is None:
        raise UserError(f"mixture: {trained.name} has no encoder, whose codes it is fitted to")
    if components is not None and components < 1:
        raise UserError(f"mixture of {components}: allowed: 1 or more Gaussians")


def _of_mixture(trained: Trained, components: int, count: int, seed: int) -> Tensor:
    """Latent vectors [count, D]."""
    from ganvae.evaluation import mixture  # scikit-learn takes as long to import as torch

    assert trained.encoder is not None
    images, _ = imageset.load(data_of(trained) / "processed/train.safetensors")
    codes = mixture.codes(trained.encoder, images)
    fitted = mixture.fit(codes, components, trained.description.seed)
    return fitted.sample(count, Noise(seed_for(seed, "mixture samples"), CPU))


def real_images(trained: Trained, count: int) -> Tensor:
    """The first images of the test set beside those that it was trained on.

    Returns:
        float32 [N, 1, 28, 28] in [-1, 1], N <= `count`.

    Raises:
        UserError: they are not in the study.
    """
    if count < 1:
        raise UserError(f"count {count}: allowed: 1 or more")
    file = data_of(trained) / "processed/test.safetensors"
    if not file.exists():
        raise absent(file, trained.study, "preprocess")
    images, _ = imageset.load(file)
    return images[:count]


@torch.no_grad()
def reconstruct(trained: Trained, images: Tensor) -> Tensor:
    """What the decoder makes of the posterior means.

    Args:
        trained: what `load` returned; with an encoder.
        images: [N, C, H, W] in [-1, 1], N >= 1.

    Returns:
        float32 [N, C, H, W] in 256 levels of [-1, 1].

    Raises:
        UserError: a model without an encoder, or images of another shape.
    """
    return draw(trained, codes(trained, images))


@torch.no_grad()
def codes(trained: Trained, images: Tensor) -> Tensor:
    """The posterior means of images [N, C, H, W] in [-1, 1], float32 [N, D] on the CPU.

    Raises:
        UserError: a model without an encoder, or images of another shape.
    """
    _check_shape(trained, images)
    if trained.encoder is None:
        raise UserError(f"{trained.name} has no encoder; `invert` finds its nearest images")
    found = [posterior(trained.encoder(batch.to(_device(trained))))[0].cpu()
             for batch in torch.split(images, BATCH)]  # fmt: skip
    return torch.cat(found)


def invert(trained: Trained, images: Tensor, steps: int, seed: int = 0) -> Tensor:
    """Latent vectors whose images are the nearest to the given ones that a search finds.

    Every model can be asked, with an encoder or without; see `evaluation.inversion`.

    Args:
        trained: what `load` returned.
        images: [N, C, H, W] in [-1, 1], N >= 1.
        steps: gradient steps of the search; the study's own takes 300.
        seed: of where it starts.

    Returns:
        float32 [N, D]; `draw` makes images of them.

    Raises:
        UserError: images of another shape, or no step.
    """
    _check_shape(trained, images)
    if steps < 1:
        raise UserError(f"steps {steps}: allowed: 1 or more")
    noise = Noise(seed_for(seed, "inversion"), CPU)
    found: list[Tensor] = []
    for batch in torch.split(images, BATCH):
        given = batch.to(_device(trained))
        z = inversion.invert(trained.decoder, given, trained.latent_dim, steps, noise)
        found.append(z.cpu())
    return torch.cat(found)


def draw(trained: Trained, latent: Tensor) -> Tensor:
    """The images of latent vectors [N, D], float32 [N, C, H, W] in 256 levels of [-1, 1]."""
    with _finite(trained):
        return images_of(trained.decoder, latent)


def interpolate(trained: Trained, ends: Tensor, points: int) -> Tensor:
    """Images along walks from each latent vector to the next.

    Args:
        trained: what `load` returned.
        ends: latent vectors [K, D], K >= 2: `codes` or `invert` of images, or samples of N(0, I).
        points: images of a walk, its ends included.

    Returns:
        float32 [(K - 1) * points, C, H, W] in 256 levels of [-1, 1], walk by walk.

    Raises:
        UserError: fewer than two ends, or two points.
    """
    if len(ends) < 2 or points < 2:
        raise UserError(f"{len(ends)} ends, {points} points: two or more of each expected")
    walks = showcase.walks(ends[:-1], ends[1:], points)
    return draw(trained, walks.flatten(0, 1))


@contextmanager
def _finite(trained: Trained) -> Iterator[None]:
    """What networks give that have diverged without a loss that shows it."""
    try:
        yield
    except FloatingPointError:
        raise UserError(f"{trained.file}: its networks give values that are not finite") from None


def _device(trained: Trained) -> torch.device:
    found: torch.device = next(trained.networks.parameters()).device
    return found


def _check_shape(trained: Trained, images: Tensor) -> None:
    if tuple(images.shape[1:]) != trained.shape or not len(images):
        raise UserError(
            f"{trained.name} is for images of {list(trained.shape)} (channels, height, width), "
            f"not {list(images.shape[1:])}"
        )
