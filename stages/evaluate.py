"""Measures one model: `python -m stages.evaluate <model>`.

Reads the folders weights, snapshots and status of data/models/<model>/, data/classifier/,
data/processed/, and the blocks `networks`, `models.<model>`, `evaluate` and `train.seeds`; writes
everything measured to data/evaluation/<model>/ and the headline means to metrics/<model>.json.
"""

import sys
from pathlib import Path

from ganvae import (
    classifier,
    config,
    data,
    evaluation,
    generated,
    parts,
    runtime,
    scoring,
    storage,
    trained,
)
from ganvae.errors import UserError, run
from ganvae.model import NetworksParams, TrainParams, model

CLASSIFIER = Path("data/classifier")
PROCESSED = Path("data/processed")


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("usage: python -m stages.evaluate <model>")
    name = sys.argv[1]
    module, values = model(name), config.load()
    params = config.block(module.Params, values, f"models.{name}")
    folder = Path("data/models") / name
    statuses = trained.read_statuses(folder, config.block(TrainParams, values, "train").seeds)
    runtime.use_one_thread()
    images, labels = data.load(PROCESSED / "test.safetensors")
    train_images, _ = data.load(PROCESSED / "train.safetensors")
    real = evaluation.read_real(CLASSIFIER / "real.safetensors")
    asked = config.block(evaluation.EvaluateParams, values, "evaluate")
    network, seen = evaluation.inception_view(asked, images, runtime.device())
    bench = parts.Bench(
        model=name,
        networks=config.block(NetworksParams, values, "networks"),
        likelihood=params.likelihood if "encoder" in module.NETWORKS else None,
        params=asked,
        classifier=classifier.load(CLASSIFIER / "weights.safetensors", runtime.device()),
        standard=scoring.Standard(images, real.test, seen),
        labels=labels,
        train_images=train_images,
        inception=network,
    )
    details, arrays = generated.evaluate(bench, folder, statuses, progress=sys.stderr.isatty())
    means = generated.headline(details["seeds"])
    evaluation.write_results(Path("data/evaluation") / name, details, arrays)
    storage.write_json(Path("metrics") / f"{name}.json", means)
    print(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in means.items()))


if __name__ == "__main__":
    run(main)
