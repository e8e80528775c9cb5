"""What every metric asks of its input: a wrong shape or a NaN is an error, never a number."""

import torch
from torch import Tensor


def finite(values: Tensor, what: str, *, dimensions: int, at_least: int = 1) -> Tensor:
    """Returns `values` as float64 on the CPU.

    Args:
        values: [N, ...].
        what: its name in the message.
        dimensions: the number of its dimensions.
        at_least: the smallest N.

    Raises:
        ValueError: another number of dimensions, fewer than `at_least` rows, NaN or infinity.
    """
    if values.dim() != dimensions:
        raise ValueError(f"{what}: {dimensions} dimensions expected, shape {tuple(values.shape)}")
    if len(values) < at_least:
        raise ValueError(f"{what}: at least {at_least} images expected, got {len(values)}")
    values = values.detach().cpu().to(torch.float64)
    if values.numel() and not torch.stack(values.aminmax()).isfinite().all():
        raise ValueError(f"{what}: NaN or infinity among the values")
    return values


def pixels(values: Tensor, what: str) -> Tensor:
    """Images [N, 1, H, W] in [-1, 1] as float64 on the CPU.

    Raises:
        ValueError: another shape, no image, NaN, infinity, or values outside [-1, 1].
    """
    images = finite(values, what, dimensions=4)
    if images.shape[1] != 1 or images.abs().max() > 1 + 1e-6:
        low, high = float(images.min()), float(images.max())
        raise ValueError(
            f"{what}: [N, 1, H, W] in [-1, 1] expected, shape {tuple(images.shape)}, "
            f"values {low:g} to {high:g}"
        )
    return images


def class_probabilities(probabilities: Tensor) -> Tensor:
    """Probabilities [N, C] as float64. Raises `ValueError` unless each row is a distribution."""
    values = finite(probabilities, "probabilities", dimensions=2)
    if (values < 0).any() or ((values.sum(dim=1) - 1).abs() > 1e-3).any():
        raise ValueError("probabilities: rows that are >= 0 and sum to 1 expected")
    return values
