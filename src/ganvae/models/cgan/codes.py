"""Codes with a meaning among a decoder's inputs: a class, and numbers between -1 and 1.

Everything that draws from a decoder gives it samples of N(0, I). `Coded` makes the last of them
into codes of the wanted distribution, so nothing else needs to know that there are any.
"""

import torch
from torch import Tensor, nn

CLASSES = 10  # the source papers' conditional models are of digits


def normal_cdf(x: Tensor) -> Tensor:
    """P(N(0, 1) <= x): uniform on [0, 1] for x ~ N(0, 1)."""
    shares: Tensor = torch.special.ndtr(x)
    return shares


def classes(x: Tensor) -> Tensor:
    """Samples of N(0, 1) [N] -> classes 0..9 [N], all equally likely."""
    return (CLASSES * normal_cdf(x)).long().clamp(max=CLASSES - 1)


class Coded(nn.Module):
    """A decoder of [z, one-hot class, continuous codes], fed with samples of N(0, I) [N, D].

    Of the D numbers the last `continuous` become codes, uniform on [-1, 1], the one before them the
    class, and the rest is z.

    Args:
        decoder: [N, D - 1 + CLASSES] -> logits [N, 1, 28, 28].
        continuous: number of continuous codes.
    """

    def __init__(self, decoder: nn.Module, continuous: int = 0) -> None:
        super().__init__()
        self.decoder = decoder
        self.continuous = continuous

    def split(self, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Samples of N(0, I) [N, D] -> z, classes [N] and continuous codes [N, continuous]."""
        end = latent.shape[1] - self.continuous
        return (
            latent[:, : end - 1],
            classes(latent[:, end - 1]),
            2 * normal_cdf(latent[:, end:]) - 1,
        )

    def of(self, z: Tensor, labels: Tensor, codes: Tensor) -> Tensor:
        """Logits [N, 1, 28, 28] of the given codes."""
        # torch's one_hot looks at the labels, for which a GPU would be waited for
        chosen = torch.eye(CLASSES, dtype=z.dtype, device=z.device)[labels]
        logits: Tensor = self.decoder(torch.cat([z, chosen, codes], dim=1))
        return logits

    def forward(self, latent: Tensor) -> Tensor:
        """Samples of N(0, I) [N, D] -> logits [N, 1, 28, 28]."""
        return self.of(*self.split(latent))


def inputs(latent_dim: int) -> int:
    """Inputs of the decoder within `Coded` for `latent_dim` samples of N(0, 1)."""
    return latent_dim - 1 + CLASSES
