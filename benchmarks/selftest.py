"""How often the self-test cries wolf on real images: 20 draws of small subsets of MNIST.

Reads MNIST's four IDX files from a folder and the block `classifier`; trains one judge, draws
subsets, lets `floors.measure` plant its faults into each, and prints for every metric in how many
draws it moved though nothing had changed, and which faults it did not see. Such a subset is what a
user with few images has: its test images are as few as the generated ones, and its training images
six times as many.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmarks import mnist
from ganvae.core import imageset, machine
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import run
from ganvae.floors import floors, selftest
from ganvae.judging import classifier
from ganvae.judging.judged import Judged
from ganvae.judging.scoring import RealImages

COUNTS, LARGE = (500, 1000), 10000
DRAWS = 20
TRAINING = 6  # times as many training images as test images, as in MNIST
POOL = 2 * TRAINING * max(COUNTS)  # to draw from; all 60,000 for the large count


@dataclass(frozen=True)
class Pool:
    """What subsets are drawn from.

    Attributes:
        images: training images, which the judge was trained on [N, 1, 28, 28].
        labels: their digits [N].
        judged: the judge's view of them.
        test: the test images.
        test_judged: the judge's view of those.
        judge: the classifier.
    """

    images: Tensor
    labels: Tensor
    judged: Judged
    test: Tensor
    test_judged: Judged
    judge: classifier.Classifier


def main() -> None:
    """Entry point: `python -m benchmarks.selftest <folder>`."""
    arguments = _arguments()
    machine.use_one_thread()
    counts = (LARGE,) if arguments.large else COUNTS
    pool = _pool(arguments.folder, None if arguments.large else POOL)
    for count in counts:
        alarms: Counter[str] = Counter()
        missed: Counter[str] = Counter()
        for draw in range(arguments.draws):
            entries = floors.measure(
                _subset(pool, count, draw), count, False, word="class", strict=False
            ).selftest
            failed = [entry for entry in entries if entry["told"] in ("moved", "not seen")]
            alarms.update(e["metric"] for e in failed if e["told"] == "moved")
            missed.update(f"{e['metric']} on {e['fault']}" for e in failed if e["told"] != "moved")
            print(
                f"{count} images, draw {draw}: {selftest.failures(entries) or 'none'}", flush=True
            )
        print(report(count, arguments.draws, alarms, missed), flush=True)


def report(count: int, draws: int, alarms: Mapping[str, int], missed: Mapping[str, int]) -> str:
    """Lines that say how often each metric failed, and nothing of those that never did.

    Args:
        count: images per set.
        draws: subsets.
        alarms: metric -> draws in which it moved though nothing had changed.
        missed: metric and fault -> draws in which it was not seen.
    """
    lines = [f"{count} images, {draws} draws:"]
    for what, found in (("moved", alarms), ("not seen", missed)):
        told = ", ".join(f"{name} {times}" for name, times in sorted(found.items()))
        lines.append(f"  {what}: {told or 'never'}")
    return "\n".join(lines)


def _pool(folder: Path, images: int | None) -> Pool:
    """The first `images` training images, all if None, and a judge that is trained on them."""
    parts = mnist.read(folder)
    train, labels = (part[:images] for part in parts["train"])
    test, test_labels = parts["test"]
    judge = mnist.judge(train, labels)
    accuracy = classifier.accuracy(judge, test, test_labels)
    print(f"judge of {len(train)} images: test accuracy {accuracy:.4f}", flush=True)
    judged, test_judged = (Judged(*classifier.classify(judge, part)) for part in (train, test))
    return Pool(train, labels, judged, test, test_judged, judge)


def _subset(pool: Pool, count: int, draw: int) -> floors.Inputs:
    noise = Noise(seed_for(draw, f"subset of {count}"), imageset.CPU)
    train = noise.permutation(len(pool.images))[: TRAINING * count]
    test = noise.permutation(len(pool.test))[:count]
    real = RealImages(pool.test[test], pool.test_judged.at(test))
    images, labels = pool.images[train], pool.labels[train]
    return floors.Inputs(images, labels, pool.judged.at(train), real, pool.judge, None)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with MNIST's four IDX files")
    parser.add_argument("--draws", type=int, default=DRAWS, help="subsets of each size")
    parser.add_argument("--large", action="store_true", help=f"of {LARGE} images, from all 60,000")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
