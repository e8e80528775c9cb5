"""Whether a generator repeats its training images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvae.metrics.neighbours import nearest


@dataclass(frozen=True)
class Nearest:
    """The nearest real images of N generated ones, by squared pixel distance.

    Attributes:
        train_distance: to the nearest training image [N].
        train_index: its index [N].
        test_distance: to the nearest test image [N].
        test_index: its index [N].
        expected: the share of generated images whose nearest real image is a training image, if
            the generator knows nothing of which real images it was trained on.
    """

    train_distance: Tensor
    train_index: Tensor
    test_distance: Tensor
    test_index: Tensor
    expected: float

    @property
    def neighbours(self) -> int:
        """How many different real images are nearest to some generated one."""
        nearer = self.train_distance <= self.test_distance
        return len(set(self.train_index[nearer].tolist())) + len(
            set(self.test_index[~nearer].tolist())
        )

    @property
    def memorization(self) -> Tensor:
        """Per generated image [N]; the mean is the metric.

        (t - e) / (1 - e) with t = 1 where a training image is nearer than every test image: on
        average 0 for a generator that knows nothing of the choice, whatever else is wrong with it,
        and 1 for one that copies; -e / (1 - e) if every nearest image is a test image. Half of a
        tie counts. The average is over choices: where many images share few nearest ones, as those
        of a collapsed generator do, a single choice leans far to one side. So it has no interval,
        and is read beside `neighbours`.
        """
        nearer = (self.train_distance < self.test_distance).double()
        nearer += 0.5 * (self.train_distance == self.test_distance).double()
        return (nearer - self.expected) / (1 - self.expected)


def nearest_real(images: Tensor, train: Tensor, test: Tensor) -> Nearest:
    """Looks for every image's nearest neighbour among training and among test images.

    Training and test images come from one distribution, so a generator that is independent of which
    image went where finds its nearest among N_train + N_test images in the training set with
    probability N_train / (N_train + N_test). Meehan et al. 2020 (C_T) compare distances instead,
    and then read blurred images, which are near to everything, as copies.

    Args:
        images: [N, 1, H, W].
        train: what the generator was trained on [T, 1, H, W].
        test: [S, 1, H, W] of the same distribution.

    Raises:
        ValueError: shapes that differ, an empty set, NaN or infinity.
    """
    if not images.shape[1:] == train.shape[1:] == test.shape[1:]:
        raise ValueError("images of different shapes")
    flat = []
    for values, what in ((images, "images"), (train, "training images"), (test, "test images")):
        if not len(values) or not values.isfinite().all():
            raise ValueError(f"{what}: none, or NaN or infinity among the values")
        flat.append(values.flatten(1).float())
    train_distance, train_index = nearest(flat[0], flat[1])
    test_distance, test_index = nearest(flat[0], flat[2])
    expected = len(train) / (len(train) + len(test))
    return Nearest(train_distance, train_index, test_distance, test_index, expected)


def closest(found: Nearest, count: int) -> Tensor:
    """Indices of the `count` images most like copies: by training over test distance, ascending."""
    ratio = found.train_distance / found.test_distance.clamp(min=torch.finfo(torch.float32).tiny)
    return ratio.argsort()[:count]
