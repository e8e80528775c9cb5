"""Measures real images as if they were generated: floors, planted faults, the metrics' self-test.

Reads data/processed/, data/classifier/ and the block `evaluate`; writes data/evaluation/real/: the
rows of `ganvae.floors` and the self-test. If a metric does not see what it exists to see, this ends
with an error on the built-in data sets with as many images as the test is made for; else with a
note, because a user's images or few images can hide a fault.
"""

import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from ganvae.core import config, imageset, machine
from ganvae.errors import run
from ganvae.floors import floors, selftest
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.judging import scoring
from ganvae.judging.judged import (
    EvaluateParams,
    write_results,
)

DATA = Path("data")
PROCESSED = DATA / "processed"
CLASSIFIER = DATA / "classifier"
SAMPLES = 100
# images from which on every metric sees its faults, by data set
TESTED_WITH = {"mnist": 10000, "fashion_mnist": 10000, "digits": 1000}


def main() -> None:
    arguments(__file__, __doc__)
    read = [*edits.sources(Path(__file__)), config.PARAMS_FILE, PROCESSED, CLASSIFIER]
    with edits.unedited(read):
        details, arrays = _measured()
    write_results(Path("data/evaluation/real"), details, arrays)
    fid = details["rows"]["real"]["metrics"]["fid_classifier"]
    checks = details["selftest"]
    failed = len(selftest.failures(checks))
    print(
        f"real images: FID {fid:.4g}, the floor of every model's; "
        f"self-test of the metrics: {len(checks)} checks, {failed} failed"
    )


def _measured() -> tuple[dict[str, Any], dict[str, Tensor]]:
    values = config.load()
    params = config.block(EvaluateParams, values, "evaluate")
    classes = imageset.classes(PROCESSED)
    machine.use_one_thread()
    given = floors.read(DATA, params)
    images = given.images
    tested_with = TESTED_WITH.get(values["data"]["name"], math.inf)
    strict = params.images >= tested_with
    line = floors.overlap(params.images, len(images), strict)
    if line and params.images != tested_with:
        print(f"note: params.yaml: evaluate.images = {params.images}: {line}", file=sys.stderr)
    found = floors.measure(
        given, params.images, sys.stderr.isatty(), word=classes.word, strict=strict
    )
    for line in selftest.failures(found.selftest):
        print(f"note: self-test: {line}", file=sys.stderr)

    details = {
        "protocol": scoring.protocol(given.real, given.judge.architecture),
        "runtime": machine.description(machine.device()),
        "rows": {
            name: {
                "images": found.counts[name][0],
                "against": found.counts[name][1],
                **score.fields(),
            }
            for name, score in found.rows.items()
        },
        "selftest": found.selftest,
        "classes": asdict(classes),
    }
    arrays = {
        "samples": imageset.quantise(images[found.chosen[:SAMPLES]]),
        **found.rows["real"].arrays,
        "nearest": found.rows["real_halves"].pairs,
    }
    return details, arrays


if __name__ == "__main__":
    run(main)
