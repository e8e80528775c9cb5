"""Principal components: the best linear autoencoder by squared error (Baldi & Hornik 1989)."""

import torch
from sklearn.decomposition import PCA
from torch import Tensor

from ganvae.errors import ParameterError


class PrincipalComponents:
    """The first components of training images.

    Args:
        images: [N, 1, H, W] in [-1, 1].
        most: how many are kept.

    Raises:
        UserError: more components than images or pixels.
    """

    def __init__(self, images: Tensor, most: int) -> None:
        flat = images.flatten(1)
        if most > min(flat.shape):
            raise ParameterError(
                f"code_sizes: {most}: allowed: at most {min(flat.shape)}, the smaller "
                "of the numbers of training images and pixels"
            )
        found = PCA(most, svd_solver="covariance_eigh").fit(flat.double().numpy())
        self.mean = torch.from_numpy(found.mean_)  # [P]
        self.components = torch.from_numpy(found.components_)  # [most, P]
        self.shape = images.shape[1:]

    def encode(self, images: Tensor, k: int) -> Tensor:
        """The first `k` scores of images [N, 1, H, W], float32 [N, k]."""
        return ((images.flatten(1).double() - self.mean) @ self.components[:k].T).float()

    def decode(self, codes: Tensor) -> Tensor:
        """Images [N, 1, H, W] of scores [N, k], cut off at the ends of [-1, 1]."""
        flat = codes.double() @ self.components[: codes.shape[1]] + self.mean
        return flat.clamp(-1, 1).float().view(-1, *self.shape)
