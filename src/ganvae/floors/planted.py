"""Faults planted into real images: what a metric that exists to see them must see.

Every fault is a function (images, labels, count, noise) -> images: real images float32
[N, 1, 28, 28] in [-1, 1] with their classes int64 [N] go in, `count` images of the same form come
out, drawn with the given stream of random numbers.
"""

from collections.abc import Callable

import torch
from scipy import ndimage
from torch import Tensor

from ganvae.core.machine import Noise
from ganvae.metrics.class_entropy import class_entropy

BLUR = 1.0  # standard deviation in pixels
NOISE = 0.15  # standard deviation on the images' range [-1, 1]: an eye sees it, precision hardly
COPIES = 20  # times that each copied image comes, on average

SPOT, MOVED = 1 / 9, 1 / 28  # standard deviations of the spot and its place, by the image's size

Fault = Callable[[Tensor, Tensor, int, Noise], Tensor]


def missing_class(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """A generator that never draws the last class that is no rare one (of the digits, the 9)."""
    return _draw(images[labels != _last_common(labels)], count, noise)


def _last_common(labels: Tensor) -> int:
    """The last class [N] with at least half of an even share: a rare one would not be missed."""
    counts = labels.bincount()
    even = len(labels) / int((counts > 0).sum())
    return int((counts >= even / 2).nonzero().max())


def way_of_entropy(labels: Tensor) -> int:
    """1 or -1: whether the entropy of classes [N] rises or falls without the missing one.

    It falls where classes are about even, and rises where the missing one outnumbers the others.
    """
    counts = labels.bincount()
    left = counts.clone()
    left[_last_common(labels)] = 0
    return 1 if class_entropy(left) > class_entropy(counts) else -1


def one_class(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """A generator collapsed to different images of the second class: mi2018's GAN, to the 1."""
    present = torch.bincount(labels).nonzero().flatten()
    return _draw(images[labels == present[:2][-1]], count, noise)


def blurred(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """Images seen through a Gaussian filter of one pixel."""
    drawn = _draw(images, count, noise)
    return torch.from_numpy(ndimage.gaussian_filter(drawn.numpy(), BLUR, axes=(2, 3)))


def noisy(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """Images with Gaussian noise on every pixel, cut to the range."""
    drawn = _draw(images, count, noise)
    return (drawn + NOISE * noise.normal(*drawn.shape)).clamp(-1, 1)


def copies(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """A generator that knows few training images and repeats each about 20 times."""
    few = _draw(images, min(max(count // COPIES, 1), len(images)), noise)
    return few[(noise.uniform(count) * len(few)).long()]


def blob(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """A generator that draws one round spot again and again, in the middle give or take a pixel."""
    channels, *sizes = images.shape[1:]
    size = min(sizes)
    waves = []
    for length, place in zip(sizes, noise.normal(2, count), strict=True):
        middle = (length - 1) / 2 + MOVED * size * place
        away = (torch.arange(length) - middle[:, None]) / (SPOT * size)
        waves.append((-away.square() / 2).exp())
    spots = 2 * torch.einsum("nh,nw->nhw", *waves) - 1
    return torch.stack([spots] * channels, dim=1)


def mixed(images: Tensor, labels: Tensor, count: int, noise: Noise) -> Tensor:
    """Every image the mean of two images of different classes."""
    if (labels == labels[0]).all():
        raise ValueError("images of one class only, none to mix with")
    first = _order(len(images), count, noise)
    second = (first + 1 + (noise.uniform(count) * (len(images) - 1)).long()) % len(images)
    while (same := labels[first] == labels[second]).any():  # on to the next image
        second = torch.where(same, (second + 1) % len(images), second)
    return (images[first] + images[second]) / 2


OF_CLASSES = ("missing_class", "one_class", "mixed")  # that take two classes or more
FAULTS: dict[str, Fault] = {
    "missing_class": missing_class,
    "one_class": one_class,
    "blurred": blurred,
    "noisy": noisy,
    "copies": copies,
    "blob": blob,
    "mixed": mixed,
}


def _draw(images: Tensor, count: int, noise: Noise) -> Tensor:
    return images[_order(len(images), count, noise)]


def _order(n: int, count: int, noise: Noise) -> Tensor:
    """`count` indices below n, none twice before all were taken once."""
    if not n:
        raise ValueError("no images to draw from")
    return torch.cat([noise.permutation(n) for _ in range(-(-count // n))])[:count]


def of_labels(labels: Tensor) -> list[str]:
    """The faults that can be planted into images of these classes [N]."""
    one_class = bool((labels == labels[0]).all())
    return [fault for fault in FAULTS if not (one_class and fault in OF_CLASSES)]
