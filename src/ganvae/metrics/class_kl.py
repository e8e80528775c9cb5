"""How far the classes that a generator draws are from the real ones' frequencies."""

from torch import Tensor
from torch.special import entr

from ganvae.metrics.class_entropy import shares


def class_kl(histogram: Tensor, real_histogram: Tensor) -> float:
    """KL(p || r) = sum_i p_i log(p_i / r_i) of the generated shares p to the real shares r.

    Of the model to the data, and so finite for a generator that misses classes, which KL(r || p) is
    not.

    Args:
        histogram: generated images per class [C].
        real_histogram: real images per class [C]; a class without any counts as half an image, so
            that the value stays finite.

    Returns:
        Nats, >= 0; 0 for equal shares, ln C for one class where the real ones are all alike.

    Raises:
        ValueError: another shape, negative counts, or no image.
    """
    if histogram.shape != real_histogram.shape:
        raise ValueError(f"shapes {tuple(histogram.shape)} and {tuple(real_histogram.shape)}")
    generated, _ = shares(histogram), shares(real_histogram)  # checked
    real = shares(real_histogram.double().clamp(min=0.5))
    return max(0.0, float(-entr(generated).sum() - (generated * real.log()).sum()))
