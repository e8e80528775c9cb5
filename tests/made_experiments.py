"""Made tables of the papers' experiments, in the form in which those write them."""

from itertools import product
from pathlib import Path

import pandas as pd
import torch

from ganvae.core import storage
from ganvae.judging import classifier

DIGITS = range(10)


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    table = pd.DataFrame(rows).to_csv(index=False)
    storage.write_text(folder / f"{name}.csv", table)


def mi2018(root: Path) -> None:
    """A classifier's accuracies, and maps on which FID grows with lambda and falls with d."""
    folder = root / "papers/data/mi2018"
    torch.manual_seed(0)
    judge = folder / "mi2018_two_layer_classifier" / "classifier" / "weights.safetensors"
    classifier.save(classifier.build("mlp", 10), judge)
    accuracy = [{"seed": seed, "test_accuracy": 0.95 + 0.02 * seed} for seed in (0, 1)]
    write(folder / "mi2018_two_layer_classifier", "accuracy", accuracy)
    others = ("l_gan_minus_d", "class_entropy", "negative_elbo", "reconstruction_mse")
    rows: list[dict[str, object]] = [
        {
            "hinge": hinge, "l_gan_on": "prior", "lambda": lam, "d": d, "seed": seed, "step": 5,
            "state": "finished", "collapsed": False, "fid_classifier": 10 * lam + seed - 5 * d,
            "active_share": 1.0, **dict.fromkeys(others, 1.0),
        }
        for hinge, lam, d, seed in product(["batch", "image"], [1.0, 2.0], [0.0, 0.5], [0, 1])
    ]  # fmt: skip
    for name in ("map", "map_wide", "map_options"):
        write(root / "papers/mi2018/maps" / f"mi2018_{name}", "map", rows)


def ghosh2020(root: Path) -> None:
    """Accuracies that grow with the real images; two points gained by generated ones."""
    rows: list[dict[str, object]] = []
    for n, seed in product((100, 1000), (0, 1, 2)):
        base = 0.7 + 0.1 * (n == 1000) + 0.01 * seed
        rows.append({"real_images": n, "variant": "real", "seed": seed, "test_accuracy": base})
        for variant, accuracy in (("augmented", base + 0.03), ("real_longer", base + 0.01)):
            gained = accuracy + 0.001 * seed * (variant == "augmented")
            rows.append(
                {
                    "real_images": n,
                    "variant": variant,
                    "share": 1.0,
                    "seed": seed,
                    "test_accuracy": gained,
                }
            )
    write(root / "papers/data/ghosh2020/ghosh2020_augmentation", "accuracy", rows)


def parakatta2023(root: Path) -> None:
    """Tables in which anomalies are found, noise is taken out and codes beat PCA, not JPEG."""
    folder = root / "papers/data/parakatta2023"
    for name, left_out in (("anomaly", [*DIGITS]), ("anomaly_other_set", [None])):
        rows: list[dict[str, object]] = [
            {
                "left_out": digit,
                "seed": seed,
                "state": "finished",
                "score": score,
                "auroc": best - 0.005 * (digit or 0) + 0.002 * seed,
            }
            for digit, seed, (score, best) in product(
                left_out, (0, 1, 2), (("negative_elbo", 0.9), ("reconstruction_mse", 0.95))
            )
        ]
        write(folder / f"parakatta2023_{name}", "auroc", rows)
    _denoising(folder / "parakatta2023_noise_removal")
    _compression(folder / "parakatta2023_compression")


def _denoising(folder: Path) -> None:
    rows: list[dict[str, object]] = []
    shown = {"clean": torch.zeros(10, 28, 28, dtype=torch.uint8)}
    for noise in (0.4, 0.6, 0.8):
        rows += [{"noise": noise, "method": m, "mse": noise**2 / 4} for m in ("noisy", "clipped")]
        rows.append({"noise": noise, "method": "median", "window": 3, "mse": noise**2 / 8})
        for train_noise, seed in product((0.0, 0.6), (0, 1, 2)):
            error = noise**2 / (10 if train_noise else 3) + 0.0001 * seed
            rows.append(
                {
                    "noise": noise,
                    "method": "autoencoder",
                    "train_noise": train_noise,
                    "seed": seed,
                    "state": "finished",
                    "mse": error,
                }
            )
        for method, grey in (("noisy", 200), ("autoencoder_0.6", 100)):
            shown[f"{noise:g}/{method}"] = torch.full((10, 28, 28), grey, dtype=torch.uint8)
    write(folder, "denoising", rows)
    storage.write_tensors(folder / "images.safetensors", shown)


def _compression(folder: Path) -> None:
    rows: list[dict[str, object]] = []
    for size, seed in product((2, 8, 32), (0, 1, 2)):
        for method, factor in (("autoencoder", 1.0), ("vae", 1.2)):
            mse = factor * 0.08 / size + 0.00001 * seed
            row = {"method": method, "code_size": size, "seed": seed, "mse": mse}
            for number_format, width in (("float32", 4), ("float16", 2)):
                size_of = {"bytes_per_image": width * size, "header_bytes": 0}
                rows.append({**row, **size_of, "number_format": number_format})
    for size in (2, 8, 32):
        row = {"method": "pca", "code_size": size, "number_format": "float32", "mse": 0.1 / size}
        rows.append({**row, "bytes_per_image": 4 * size, "header_bytes": 0})
    for quality, payload in ((10, 60), (90, 300)):
        rows.append(
            {
                "method": "jpeg",
                "quality": quality,
                "bytes_per_image": payload + 330.0,
                "header_bytes": 330.0,
                "mse": 0.02 / quality,
            }
        )
    write(folder, "compression", rows)
