"""The judge: a classifier of real images whose features and opinions measure generated ones.

Images of one class alone, or without labels, have nothing to be told apart by. There the judge
learns which way up an image is: it sees each turned by 0, 90, 180 and 270 degrees and tells the
angle (Gidaris et al. 2018, "Unsupervised representation learning by predicting image rotations").
To do so its features must hold what is where in an image, and no label is needed. Its opinions are
of no use then: of one class every image is.

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
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import ParameterError, UserError

Architecture = Literal["cnn", "mlp"]
FEATURES = 128
WEIGHT_DECAY = 0.01
DROPOUT = {"cnn": 0.3, "mlp": 0.0}
ANGLES = 4  # by which images are turned where they have one class
BATCH = 250
MAX_SHIFT = {"cnn": 1, "mlp": 0}  # pixels; the perceptron is too small to gain from either


class ClassifierParams(Block):
    """The block `classifier`; `lr` is the peak of its schedule, independent of `train.lr`."""

    architecture: Architecture
    lr: float = Field(gt=0, le=1)
    batch_size: int = Field(ge=1, le=60000)
    epochs: int = Field(ge=1, le=1000)
    seed: int = Field(ge=0, lt=2**63)


class Classifier(nn.Module):
    """Images [N, 1, 28, 28] in [-1, 1] -> `features` [N, F] -> logits [N, C].

    With one class the C = 4 logits are those of the angles by which an image is turned.
    """

    def __init__(self, architecture: Architecture, body: nn.Module, classes: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.classes = classes
        self.body = body
        self.dropout = nn.Dropout(DROPOUT[architecture])
        self.head = nn.Linear(FEATURES, ANGLES if classes == 1 else classes)

    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer [N, F], >= 0."""
        features: Tensor = self.body(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, C]."""
        logits: Tensor = self.head(self.dropout(self.features(images)))
        return logits


def build(architecture: Architecture, classes: int) -> Classifier:
    """A classifier with fresh weights from torch's global random numbers."""
    if architecture == "mlp":
        body = nn.Sequential(nn.Flatten(), nn.Linear(784, FEATURES), nn.ReLU())
        return Classifier(architecture, body, classes)
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
    return Classifier(architecture, body, classes).to(memory_format=torch.channels_last)


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
    classes: int,
) -> Classifier:
    """Trains with AdamW and a one-cycle schedule; the same seed gives the same weights.

    Args:
        images: [N, 1, 28, 28] in [-1, 1]; for `cnn`, each batch is shifted by at
            most a pixel either way.
        labels: [N] in 0..C-1; not looked at with one class.
        params: the block `classifier`.
        device: where it is trained.
        progress: whether to draw a bar on stderr.
        classes: their number C.

    Returns:
        The classifier on `device`, in evaluation mode.

    Raises:
        ParameterError: the loss is no longer finite.
    """
    images, labels = images.to(device), labels.to(device)
    noise = Noise(seed_for(params.seed, "classifier batches"), torch.device("cpu"))
    forked = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=forked):  # initial weights and dropout
        torch.manual_seed(seed_for(params.seed, "classifier"))
        classifier = build(params.architecture, classes).to(device).train()
        optimizer, schedule = _optimizer(classifier, params, len(images))
        for _ in tqdm(range(params.epochs), "classifier", unit="epoch", disable=not progress):
            for batch in torch.split(noise.permutation(len(images)).to(device), params.batch_size):
                shifted = _shifted(images[batch], MAX_SHIFT[params.architecture], noise)
                if classes == 1:
                    shifted, wanted = turned(shifted)
                else:
                    wanted = labels[batch]
                loss = cross_entropy(classifier(shifted), wanted)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
            if not loss.isfinite():
                raise ParameterError(
                    f"classifier.lr = {params.lr}: the classifier's loss is no longer finite; try "
                    "a smaller one"
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


def turned(images: Tensor) -> tuple[Tensor, Tensor]:
    """Every image four times, turned by 0, 90, 180 and 270 degrees, and which of them it is.

    Args:
        images: [N, 1, 28, 28].

    Returns:
        [4 N, 1, 28, 28] and int64 [4 N].
    """
    all_ways = torch.cat([images.rot90(k, dims=(2, 3)) for k in range(ANGLES)])
    return all_ways, torch.arange(ANGLES, device=images.device).repeat_interleave(len(images))


def accuracy(classifier: Classifier, images: Tensor, labels: Tensor) -> float:
    """The share of images [N, 1, 28, 28] whose class [N] it names, from 0 to 1.

    With one class, the share of turned images whose angle it names.
    """
    if classifier.classes == 1:
        images, labels = turned(images)
    found = [_opinions(classifier, batch)[1] for batch in torch.split(images, BATCH)]
    return float((torch.cat(found).argmax(dim=1) == labels.cpu()).double().mean())


@torch.no_grad()
def _opinions(classifier: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features and the softmax of the logits, in evaluation mode, on the CPU."""
    classifier.eval()
    features = classifier.features(images.to(classifier.head.weight.device))
    return features.cpu(), classifier.head(features).softmax(dim=1).cpu()


def classify(
    classifier: Classifier, images: Tensor, batch_size: int = BATCH
) -> tuple[Tensor, Tensor]:
    """Features and opinions, in evaluation mode.

    Args:
        classifier: on any device.
        images: [N, 1, 28, 28] in [-1, 1], N >= 1, on any device.
        batch_size: images at a time.

    Returns:
        features float32 [N, F] and class probabilities float32 [N, C], on the CPU.
    """
    found = [_opinions(classifier, batch) for batch in torch.split(images, batch_size)]
    features, probabilities = (torch.cat(parts) for parts in zip(*found, strict=True))
    if classifier.classes == 1:
        probabilities = torch.ones(len(features), 1)
    return features, probabilities


def save(classifier: Classifier, path: Path) -> None:
    """Writes weights and architecture to one safetensors file."""
    metadata: dict[str, str] = {"architecture": classifier.architecture}
    if classifier.classes == 1:
        metadata["classes"] = "1"
    storage.write_tensors(path, classifier.state_dict(), metadata)


def load(path: Path, device: torch.device) -> Classifier:
    """Reads what `save` wrote. Raises `UserError` if it is missing, damaged or of another kind."""
    metadata, weights = storage.read_metadata(path), storage.read_tensors(path)
    named = metadata.get("architecture")
    architecture = next((known for known in get_args(Architecture) if known == named), None)
    if architecture is None:
        raise UserError(f"{path}: classifier of architecture {named!r}; allowed: cnn, mlp")
    with torch.random.fork_rng(devices=[]):  # its initial weights are replaced
        classes = 1 if "classes" in metadata else max(1, len(weights.get("head.bias", ())))
        classifier = build(architecture, classes)
    try:
        classifier.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).splitlines()[1:2] or [str(error)]
        raise UserError(f"{path}: weights of another architecture: {first[0].strip()}") from None
    return classifier.to(device).eval()
