"""Trains the judge and keeps its view of the real images.

Reads data/processed/ and the block `classifier`; writes data/classifier/weights.safetensors, its
features and class probabilities of both splits in data/classifier/real.safetensors, and the test
accuracy in metrics/classifier.json.
"""

import sys
from pathlib import Path

from ganvae.core import config, imageset, machine, storage
from ganvae.errors import run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.judging import classifier

PROCESSED = Path("data/processed")
FOLDER = Path("data/classifier")


def main() -> None:
    arguments(__file__, __doc__)
    machine.use_one_thread()
    device = machine.device()
    with edits.unedited([*edits.sources(Path(__file__)), config.PARAMS_FILE, PROCESSED]):
        params = config.block(classifier.ClassifierParams, config.load(), "classifier")
        images, labels = imageset.load(PROCESSED / "train.safetensors", device)
        test_images, test_labels = imageset.load(PROCESSED / "test.safetensors", device)
        classes = imageset.classes(PROCESSED)
        judge = classifier.train(
            images, labels, params, device, sys.stderr.isatty(), len(classes.names)
        )
        features, probabilities = classifier.classify(judge, images)
        test_features, test_probabilities = classifier.classify(judge, test_images)

    accuracy = classifier.accuracy(judge, test_images, test_labels)
    classifier.save(judge, FOLDER / "weights.safetensors")
    real = {
        "train_features": features,
        "train_probabilities": probabilities,
        "test_features": test_features,
        "test_probabilities": test_probabilities,
    }
    metadata = {"architecture": params.architecture}
    storage.write_tensors(FOLDER / "real.safetensors", real, metadata)
    storage.write_json(Path("metrics/classifier.json"), {"test_accuracy": round(accuracy, 6)})
    told = "turns of images" if judge.classes == 1 else f"{judge.classes} {classes.plural}"
    print(f"classifier of {told}: {params.architecture}, test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    run(main)
