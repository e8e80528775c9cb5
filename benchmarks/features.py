"""Features of images, the costliest part of many an evaluation, and all metrics of one set.

Inception has made weights of the right form on both sides: time does not depend on them.
"""

import copy
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from unittest.mock import patch

import pytorch_fid.inception
import torch
import torchvision
from PIL import Image
from pytorch_fid.fid_score import get_activations
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import measure, rows
from benchmarks.metric_cases import OURS
from benchmarks.rows import Measured, Row
from benchmarks.this_machine import CPU, THREAD_VARIABLES, one_thread
from ganvae.core.imageset import dequantise, quantise
from ganvae.core.machine import Noise
from ganvae.judging import classifier, inception

REPETITIONS = 3
CLASSIFIER_IMAGES, CLASSIFIER_BATCH = 10000, 128
CLASSIFIER_LOOP = f"DataLoader, batch {CLASSIFIER_BATCH}"
INCEPTION_IMAGES, INCEPTION_BATCH = 48, 50  # the batch is pytorch-fid's default
METRIC_IMAGES = 10000
METRICS = "all of one set"

Side = Callable[[], object]


def measured(values: Mapping[str, Any], seconds: float, only: str) -> Measured:
    """`rows.Group`: feature networks and all metrics; `values` and `seconds` play no part."""
    kinds = (
        ("classifier", classifier_sides, CLASSIFIER_IMAGES, CLASSIFIER_LOOP, 1.6),
        ("inception", inception_sides, INCEPTION_IMAGES, "pytorch-fid's get_activations", 2.0),
    )
    for kind, sides, images, against, target in kinds:
        name = f"evaluate/{kind}_features/fp32"
        if rows.wanted(name, only):
            with sides(images) as (ours, theirs):
                yield name, *_one_thread(ours, theirs, images, against, target)
    if rows.wanted("evaluate/all_metrics/", only):
        yield from _all_metrics(only)


def _one_thread(
    ours: Side, theirs: Side, images: int, against: str, target: float
) -> tuple[Row, float]:
    """Images per second of both sides in turn, and the least share of a core."""
    times: dict[Side, list[float]] = {ours: [], theirs: []}
    share = 1.0
    with one_thread():
        for repetition in range(-1, REPETITIONS):
            for side, found in times.items():
                begun, busy = time.perf_counter(), time.process_time()
                side()
                elapsed = time.perf_counter() - begun
                if repetition >= 0:  # the first is the warm-up
                    found.append(images / elapsed)
                    share = min(share, (time.process_time() - busy) / elapsed)
    row = rows.row(
        times[ours],
        times[theirs],
        unit="images/s",
        against=f"{against}, fp32, 1 threads",
        target=target,
    )
    return row, share


@contextmanager
def classifier_sides(images: int) -> Iterator[tuple[Side, Side]]:
    """`classify`, and the same network in a DataLoader loop as it is commonly written."""
    judge = classifier.build("cnn", 10).eval()
    usual = copy.deepcopy(judge).to(memory_format=torch.contiguous_format)
    drawn = Noise(0, CPU).uniform(images, 1, 28, 28) * 2 - 1

    @torch.no_grad()
    def loop() -> Tensor:
        loader = DataLoader(TensorDataset(drawn), batch_size=CLASSIFIER_BATCH)
        return torch.cat([usual.features(batch) for (batch,) in loader])

    yield lambda: classifier.classify(judge, drawn)[0], loop


@contextmanager
def inception_sides(images: int) -> Iterator[tuple[Side, Side]]:
    """`Inception.look` of tensors, and `get_activations` of their PNG files."""
    with tempfile.TemporaryDirectory() as root:
        file = write_weights(Path(root))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with (
            patch.dict(os.environ, {"TORCH_HOME": root}),
            patch.object(inception, "WEIGHTS_SHA256", digest),
        ):
            judge = inception.load(CPU)
            reference = pytorch_fid.inception.InceptionV3([3])
        drawn = dequantise(quantise(Noise(0, CPU).uniform(images, 1, 28, 28) * 2 - 1))
        files = []
        for number, grey in enumerate(quantise(drawn)):
            files.append(Path(root) / f"{number}.png")
            Image.fromarray(grey.numpy()).save(files[-1])
        yield (
            lambda: judge.look(drawn)[0],
            lambda: get_activations(files, reference, INCEPTION_BATCH, num_workers=0),
        )


def write_weights(torch_home: Path) -> Path:
    """Random weights where torch's hub looks for pytorch-fid's; no layer's output vanishes.

    torchvision's Inception has the names and shapes of pytorch-fid's.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network = torchvision.models.inception_v3(
            num_classes=1008, aux_logits=False, weights=None, init_weights=False
        )
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
            elif isinstance(layer, nn.BatchNorm2d):
                assert layer.running_mean is not None
                assert layer.running_var is not None
                nn.init.uniform_(layer.weight, 0.8, 1.2)
                nn.init.normal_(layer.bias, 0, 0.1)
                nn.init.normal_(layer.running_mean, 0, 0.1)
                nn.init.uniform_(layer.running_var, 0.8, 1.2)
        nn.init.normal_(network.fc.weight, 0, 0.1)
        nn.init.normal_(network.fc.bias, 0, 1)
    name = PurePosixPath(pytorch_fid.inception.FID_WEIGHTS_URL).name
    file = torch_home / "hub" / "checkpoints" / name
    file.parent.mkdir(parents=True)
    torch.save(network.state_dict(), file)
    return file


def _all_metrics(only: str) -> Measured:
    """Seconds and memory of all metrics of one set; see `benchmarks.metrics` for each."""
    found: dict[str, list[measure.Cost]] = {OURS: [], "packages": []}
    with patch.dict(os.environ, dict.fromkeys(THREAD_VARIABLES, "1")):
        for _ in range(REPETITIONS):
            for side, costs in found.items():
                cost = measure.measured(
                    measure.Spec(METRICS, side, METRIC_IMAGES, 1), measure.LIMITS
                )
                assert isinstance(cost, measure.Cost), cost  # the limits are far
                costs.append(cost)
    share = min(cost.core_share for costs in found.values() for cost in costs)
    for name, what, unit, target in (
        ("evaluate/all_metrics/time", "seconds", "s", 2.0),
        ("evaluate/all_metrics/memory", "mib", "MiB", None),
    ):
        row = rows.row(
            [getattr(cost, what) for cost in found[OURS]],
            [getattr(cost, what) for cost in found["packages"]],
            unit=unit,
            against="pytorch-fid, torch-fidelity, prdc, scipy, scikit-learn, 1 threads",
            target=target,
            more_is_better=False,
        )
        if rows.wanted(name, only):
            yield name, row, share
