"""Measures real images as if they were generated, for the rows beside the models'.

Reads data/classifier/real.safetensors and the block `evaluate`; writes data/evaluation/real/: row
`real` has training images against the test images, row `real_halves` one half of the test images
against the other.
"""

from pathlib import Path

import torch

from ganvae import config, data, evaluation, runtime
from ganvae.errors import run

PROCESSED = Path("data/processed")
SAMPLES = 100


def main() -> None:
    params = config.block(evaluation.EvaluateParams, config.load(), "evaluate")
    runtime.use_one_thread()
    real = evaluation.read_real(Path("data/classifier/real.safetensors"))
    images, _ = data.load(PROCESSED / "train.safetensors")

    chosen = _order("real", len(images))[: params.images]
    halves = _order("real halves", len(real.test.features))
    half = len(halves) // 2
    first, second = halves[:half], halves[half:]
    scores = {
        "real": evaluation.score(real.train.at(chosen), real.test),
        "real_halves": evaluation.score(real.test.at(first), real.test.at(second)),
    }
    protocol = {
        **real.protocol(),
        "images": {"real": len(chosen), "real_halves": len(first)},
        "against": {"real": len(real.test.features), "real_halves": len(second)},
    }
    rows = {
        name: {"metrics": score.metrics, "class_histogram": score.class_histogram}
        for name, score in scores.items()
    }
    arrays = {
        "samples": data.quantise(images[chosen[:SAMPLES]]),
        "image_entropy": scores["real"].image_entropy,
    }
    evaluation.write_results(
        Path("data/evaluation/real"), {"protocol": protocol, "rows": rows}, arrays
    )
    for name, score in scores.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in score.metrics.items()))


def _order(purpose: str, n: int) -> torch.Tensor:
    return runtime.Noise(runtime.seed_for(0, purpose), torch.device("cpu")).permutation(n)


if __name__ == "__main__":
    run(main)
