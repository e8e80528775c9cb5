"""The judge: a classifier of real digits whose features and opinions measure generated ones.

`cnn` is the default. `mlp` is mi2018's two-layer perceptron (section 3.2), with 128 hidden units
because the text gives no width.
"""

from pathlib import Path
from typing import Literal, get_args

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from ganvae.core import storage
from ganvae.core.config import Block
from ganvae.core.imageset import CLASSES
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import UserError

Architecture = Literal["cnn", "mlp"]
FEATURES = 128
WEIGHT_DECAY = 0.01
DROPOUT = {"cnn": 0.3, "mlp": 0.0}
MAX_SHIFT = {"cnn": 1, "mlp": 0}  # pixels; the perceptron is too small to gain from either


class ClassifierParams(Block):
    """The block `classifier`; `lr` is the peak of its schedule, independent of `train.lr`."""

    architecture: Architecture
    lr: float = Field(gt=0, le=1)
    batch_size: int = Field(ge=1, le=60000)
    epochs: int = Field(ge=1, le=1000)
    seed: int = Field(ge=0, lt=2**63)


class Classifier(nn.Module):
    """Images [N, 1, 28, 28] in [-1, 1] -> `features` [N, F] -> logits [N, 10]."""

    def __init__(self, architecture: Architecture, body: nn.Module) -> None:
        super().__init__()
        self.architecture = architecture
        self.body = body
        self.dropout = nn.Dropout(DROPOUT[architecture])
        self.head = nn.Linear(FEATURES, CLASSES)

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer [N, F], >= 0."""
        features: Tensor = self.body(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, 10]."""
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits


def build(architecture: Architecture) -> Classifier:
    """A classifier with fresh weights from torch's global random numbers."""
    if architecture == "mlp":
        body = nn.Sequential(nn.Flatten(), nn.Linear(784, FEATURES), nn.ReLU())
        return Classifier(architecture, body)
    body = nn.Sequential(
        *_convolution(1, 32, kernel=5, stride=2),
        *_convolution(32, 32, kernel=3, stride=1),
        *_convolution(32, 64, kernel=5, stride=2),
        *_convolution(64, 64, kernel=3, stride=1),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, FEATURES),
        nn.ReLU(),
    )
    # channels last: a third faster on a CPU
    return Classifier(architecture, body).to(memory_format=torch.channels_last)


def _convolution(channels: int, filters: int, *, kernel: int, stride: int) -> list[nn.Module]:
    # strides and no pooling: the gradient of max pooling is not deterministic on every device
    convolution = nn.Conv2d(channels, filters, kernel, stride, padding=kernel // 2)
    return [convolution, nn.BatchNorm2d(filters), nn.ReLU()]


def train(
    images: Tensor,
    labels: Tensor,
    params: ClassifierParams,
    device: torch.device,
    progress: bool,
) -> Classifier:
    """Trains with AdamW and a one-cycle schedule; the same seed gives the same weights.

    Args:
        images: [N, 1, 28, 28] in [-1, 1]; for `cnn`, each batch is shifted by at
            most a pixel either way.
        labels: [N] in 0..9.
        params: the block `classifier`.
        device: where it is trained.
        progress: whether to draw a bar on stderr.

    Returns:
        The classifier on `device`, in evaluation mode.

    Raises:
        UserError: the loss is no longer finite.
    """
    images, labels = images.to(device), labels.to(device)
    noise = Noise(seed_for(params.seed, "classifier batches"), torch.device("cpu"))
    forked = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=forked):  # initial weights and dropout
        torch.manual_seed(seed_for(params.seed, "classifier"))
        classifier = build(params.architecture).to(device).train()
        optimizer, schedule = _optimizer(classifier, params, len(images))
        for _ in tqdm(range(params.epochs), "classifier", unit="epoch", disable=not progress):
            for batch in torch.split(noise.permutation(len(images)).to(device), params.batch_size):
                shifted = _shifted(images[batch], MAX_SHIFT[params.architecture], noise)
                loss = cross_entropy(classifier(shifted), labels[batch])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
            if not loss.isfinite():
                raise UserError(
                    f"the classifier's loss is no longer finite; "
                    f"params.yaml: classifier.lr = {params.lr}: try a smaller one"
                )
    return classifier.eval()


def _optimizer(
    classifier: Classifier, params: ClassifierParams, num_images: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    optimizer = torch.optim.AdamW(classifier.parameters(), params.lr, weight_decay=WEIGHT_DECAY)
    steps = params.epochs * -(-num_images // params.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, params.lr, total_steps=steps)
    return optimizer, schedule


def _shifted(images: Tensor, at_most: int, noise: Noise) -> Tensor:
    down, right = (noise.uniform(2) * (2 * at_most + 1)).long().sub(at_most).tolist()
    return images.roll((down, right), dims=(2, 3))


@torch.no_grad()
def classify(
    classifier: Classifier, images: Tensor, batch_size: int = 250
) -> tuple[Tensor, Tensor]:
    """Features and opinions, in evaluation mode.

    Args:
        classifier: on any device.
        images: [N, 1, 28, 28] in [-1, 1], N >= 1, on any device.
        batch_size: images at a time.

    Returns:
        features float32 [N, F] and class probabilities float32 [N, 10], on the CPU.
    """
    classifier.eval()
    device = classifier.head.weight.device
    features, probabilities = [], []
    for batch in torch.split(images, batch_size):
        batch_features = classifier.features(batch.to(device))
        features.append(batch_features.cpu())
        probabilities.append(classifier.head(batch_features).softmax(dim=1).cpu())
    return torch.cat(features), torch.cat(probabilities)


def save(classifier: Classifier, path: Path) -> None:
    """Writes weights and architecture to one safetensors file."""
    metadata = {"architecture": classifier.architecture}
    storage.write_tensors(path, classifier.state_dict(), metadata)


def load(path: Path, device: torch.device) -> Classifier:
    """Reads what `save` wrote. Raises `UserError` if it is missing, damaged or of another kind."""
    named = storage.read_metadata(path).get("architecture")
    architecture = next((known for known in get_args(Architecture) if known == named), None)
    if architecture is None:
        raise UserError(f"{path}: classifier of architecture {named!r}; allowed: cnn, mlp")
    with torch.random.fork_rng(devices=[]):  # its initial weights are replaced
        classifier = build(architecture)
    try:
        classifier.load_state_dict(storage.read_tensors(path))
    except RuntimeError as error:
        first = str(error).splitlines()[1:2] or [str(error)]
        raise UserError(f"{path}: weights of another architecture: {first[0].strip()}") from None
    return classifier.to(device).eval()
