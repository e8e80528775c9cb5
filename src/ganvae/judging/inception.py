"""The judge of published distances: the Inception network of pytorch-fid 0.3.0.

The network is `fid_inception_v3`, TensorFlow's Inception of 2015-12-05 (Szegedy et al. 2016) with
its 1008 classes, on which Heusel et al. 2017 take the Frechet distance and Salimans et al. 2016 the
Inception Score. It learned from photographs (ImageNet) and never saw a digit.
"""

import hashlib
import socket
import sys
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.parse import urlparse

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm import tqdm

from ganvae.core.deadline import within
from ganvae.core.storage import read_tensors, write_tensors
from ganvae.errors import UserError
from ganvae.metrics.inputs import pixels

# of the 95,628,359 bytes at pytorch-fid's address, whose name ends in the first 8 digits; all 64
# are published by GenForce (ReSeFa, models/inception_model.py) and HyperGAN (docs/image-fid.md)
WEIGHTS_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
TIMEOUT_SECONDS = 20.0  # of silence
DEADLINE_SECONDS = 3600.0  # for the whole file
BATCH = 50  # images at a time, as in pytorch-fid
SIDE = 299  # pixels


@dataclass(frozen=True)
class Inception:
    """pytorch-fid's network in evaluation mode, on any device.

    Attributes:
        network: images [N, 3, 299, 299] in [-1, 1] -> features [N, 2048].
        class_weights: the last layer's, [1008, 2048].
    """

    network: nn.Module
    class_weights: Tensor

    @torch.no_grad()
    def look(self, images: Tensor, progress: bool = False) -> tuple[Tensor, Tensor]:
        """Features and opinions, both of the same forward pass.

        The features are those of pytorch-fid's `InceptionV3([3])`: 2048 numbers after the last
        average pooling. The opinions are the softmax of the last layer without its bias, as in
        torch-fidelity (`logits_unbiased`) and in the code of Salimans et al. 2016.

        Differs from pytorch-fid's program in what it reads, images in memory and not PNG files:
        those hold 256 grey levels and no others, so that only images rounded to them, as
        `imageset.quantise` does, have the features of their files.

        Differs from torch-fidelity in the scaling, which is pytorch-fid's here: bilinear between
        the pixels' centres, and k -> 2k / 255 - 1 for level k; there it is TensorFlow 1's, between
        their upper left corners, and (k - 128) / 128.

        Args:
            images: [N, 1, 28, 28] in [-1, 1], N >= 1, on any device.
            progress: whether to draw a bar on stderr.

        Returns:
            features float32 [N, 2048], >= 0, and probabilities float32 [N, 1008], on the CPU.

        Raises:
            ValueError: another shape, no image, NaN, infinity, or values outside [-1, 1].
        """
        grey = (pixels(images, "images").float() + 1) / 2
        features, probabilities = [], []
        for batch in tqdm(
            torch.split(grey, BATCH), "Inception", unit="batch", disable=not progress
        ):
            batch_features = self.network(_enlarged(batch.to(self.class_weights.device)))
            batch_logits = batch_features @ self.class_weights.T
            features.append(batch_features.cpu())
            probabilities.append(batch_logits.softmax(dim=1).cpu())
        return torch.cat(features), torch.cat(probabilities)


def look_once(network: Inception, images: Tensor, folder: Path) -> tuple[Tensor, Tensor]:
    """What `Inception.look` returns of real images, kept in `folder` for the next call.

    Args:
        network: as loaded.
        images: as for `look`.
        folder: for one file per set of images, named by them, the weights, this file, torch's
            version and the kind of device.
    """
    made_by = f"{WEIGHTS_SHA256} {torch.__version__} {network.class_weights.device.type}"
    named = hashlib.sha256(made_by.encode())
    named.update(Path(__file__).read_bytes())
    named.update(images.numpy().tobytes())
    path = folder / f"inception-{named.hexdigest()[:20]}.safetensors"
    if not path.exists():
        features, probabilities = network.look(images, progress=sys.stderr.isatty())
        write_tensors(path, {"features": features, "probabilities": probabilities})
    found = read_tensors(path)
    return found["features"], found["probabilities"]


def load(device: torch.device) -> Inception:
    """The network with pytorch-fid's weights, which are downloaded the first time.

    Args:
        device: where it computes.

    Raises:
        UserError: the weights cannot be had, or are others; see `weights`.
    """
    # both take as long to import as torch, and most studies do not ask for the network
    from pytorch_fid.inception import fid_inception_v3
    from torchvision.models.inception import BasicConv2d

    weights()
    with torch.random.fork_rng(devices=[]):  # its initial weights are replaced
        network = fid_inception_v3()  # finds the file by itself
    class_weights = network.fc.weight.detach().to(device)
    network.fc = nn.Identity()
    network.eval().requires_grad_(False)
    for block in network.modules():
        if isinstance(block, BasicConv2d):  # one pass over the memory instead of two: twice as fast
            block.conv = fuse_conv_bn_eval(block.conv, block.bn)
            block.bn = nn.Identity()
    # channels last: 1.6 times as fast on a CPU
    return Inception(network.to(device, memory_format=torch.channels_last), class_weights)


def weights() -> Path:
    """pytorch-fid's file of weights in torch's hub folder, `$TORCH_HOME/hub/checkpoints`.

    It is downloaded if it is not there, and its checksum compared in any case.

    Raises:
        UserError: it cannot be downloaded, or has another checksum; then it does not stay.
    """
    from pytorch_fid import inception  # see `load`

    address = inception.FID_WEIGHTS_URL
    path = Path(torch.hub.get_dir()) / "checkpoints" / PurePosixPath(urlparse(address).path).name
    if not path.exists():
        print(f"downloading {address} to {path}")
        _download(address, path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        path.unlink()
        raise UserError(
            f"{path}: not the weights of {address}, and therefore removed: SHA-256"
            f" {found[:12]}...; {WEIGHTS_SHA256[:12]}... expected"
        )
    return path


def _download(address: str, path: Path) -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_SECONDS)  # torch's download would wait for ever
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        within(
            DEADLINE_SECONDS,
            lambda: torch.hub.download_url_to_file(
                address, str(path), WEIGHTS_SHA256, progress=sys.stderr.isatty()
            ),
        )
    except (OSError, HTTPException, RuntimeError) as error:  # RuntimeError: the checksum is wrong
        if isinstance(error, HTTPError):
            error.close()
        raise UserError(
            f"{address}: {error}. evaluate.features in params.yaml asks for this file, which may"
            f" also be put by hand at {path}"
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def _enlarged(grey: Tensor) -> Tensor:
    """What pytorch-fid makes of images [N, 1, H, W] in [0, 1]: [N, 3, 299, 299] in [-1, 1]."""
    enlarged = 2 * interpolate(grey, size=(SIDE, SIDE), mode="bilinear", align_corners=False) - 1
    return enlarged.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
