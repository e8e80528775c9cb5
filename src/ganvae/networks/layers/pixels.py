"""What an encoder makes of pixels before its first layer."""

from torch import Tensor, nn


class UnitPixels(nn.Module):
    """Images in [-1, 1] -> [0, 1]: a VAE's bound gains by the background's zeros (docs/tuning.md).

    The data stay in [-1, 1], which the adversarial models need.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Same shape."""
        return (images + 1) / 2
