"""A complete fake study on disk: what training and evaluation leave for the comparison."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from ganvae.core import storage
from tests.fake_details import (
    BATCH,
    ENCODERS,
    IMAGES,
    PACE,
    PROTOCOL,
    ROWS,
    RUNTIME,
    SNAPSHOTS,
    STEPS,
    details,
    real_details,
)

RECORDS = {
    "gan": ("discriminator.loss", "discriminator.accuracy", "generator.loss"),
    "wgan": ("critic.loss", "generator.loss"),
    "vae": ("autoencoder.loss", "autoencoder.reconstruction_nats", "autoencoder.kl_nats"),
}
RECORDS["vaegan"] = (*RECORDS["gan"][:2], *RECORDS["vae"], "autoencoder.l_gan")
RECORDS["cvaegan"] = (*RECORDS["vaegan"], "autoencoder.active")
ENDS = {"reconstruction_nats": (500, 75), "kl_nats": (2, 25), "accuracy": (0.99, 0.8)}
STATES: dict[tuple[str, int], str] = {("gan", 1): "collapsed", ("wgan", 2): "diverged"}


def write(
    root: Path,
    params: dict[str, Any],
    states: Mapping[tuple[str, int], str] = STATES,
    images: np.ndarray[Any, Any] | None = None,
) -> None:
    """Writes `params.yaml`, `data/` and `metrics/classifier.json` under `root`.

    Args:
        states: (model, seed) -> "collapsed" or "diverged"; all others finish.
        images: uint8 [N, 28, 28] to draw from instead of noise.
    """
    rng = np.random.default_rng(0)
    pool = rng.integers(0, 256, (200, 28, 28), dtype=np.uint8) if images is None else images
    storage.write_text(root / "params.yaml", yaml.safe_dump(params, sort_keys=False))
    storage.write_json(root / "metrics/classifier.json", {"test_accuracy": 0.9921})
    for name in params["models"]:
        seeds: dict[str, Any] = {}
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for seed in params["train"]["seeds"]:
            state = states.get((name, seed), "finished")
            seeds[str(seed)] = details(name, seed, state)
            _training(root / "data/models" / name, name, seed, state)
            if state != "diverged":
                arrays |= _arrays(rng, pool, name, seed)
        arrays["originals"] = pool[:20]
        if name in ENCODERS:
            arrays["latent_labels"] = np.arange(200) % 10
        content = {"model": name, "protocol": PROTOCOL, "runtime": RUNTIME, "seeds": seeds}
        _evaluation(root, name, content, arrays)
    arrays = {
        "samples": _pick(rng, pool, 100),
        "image_entropy": _entropies(rng, 0.02),
        "nearest": _pick(rng, pool, 30).reshape(10, 3, 28, 28),
    }
    _evaluation(root, "real", real_details(), arrays)


def _training(folder: Path, name: str, seed: int, state: str) -> None:
    finished = state != "diverged"
    ended = STEPS if finished else STEPS // 2
    status = {
        "state": "finished" if finished else "diverged",
        "step": ended,
        "steps": STEPS,
        "update": None if finished else "critic",
    }
    storage.write_json(folder / f"status/seed_{seed}.json", status)
    storage.write_text(folder / f"history/seed_{seed}.csv", _history(name, seed, ended))
    pace = PACE.get(name, 5)
    seconds = 100.0 * pace + seed
    costs = {
        "train_seconds": seconds,
        "train_images_per_second": ended * BATCH / seconds,
        "sample_images_per_second": 41000.0 + seed,
        "flops_per_image": 12_000_000.0 * pace,
        "parameters": 1_333_921 + 100_000 * pace,
        "parameters_by_network": {"decoder": 1_333_921},
        "steps": ended,
        "generator_updates": ended // (5 if name == "wgan" else 1),
        "peak_memory_mib": 512.5,
        "runtime": RUNTIME,
    }
    storage.write_json(folder / f"costs/seed_{seed}.json", costs)
    storage.write_text(folder / f"weights/seed_{seed}.safetensors", "not read")


def _history(name: str, seed: int, ended: int) -> str:
    records = RECORDS.get(name, ("toy.loss",))
    lines = [",".join(["step", "images_seen", "epoch", *records])]
    rng = np.random.default_rng(seed)
    for step in range(STEPS // ROWS, ended + 1, STEPS // ROWS):
        values = []
        for record in records:
            default = (540, 100) if record == "autoencoder.loss" else (0.3, 0.7)
            start, end = ENDS.get(record.rpartition(".")[2], default)
            value = end + (start - end) * math.exp(-8 * step / STEPS)
            values.append(f"{value * (1 + 0.03 * rng.normal()):.6g}")
        position = [str(step), str(step * BATCH), f"{step / 20:.6g}"]
        lines.append(",".join(position + values))
    return "\n".join(lines) + "\n"


def _arrays(
    rng: np.random.Generator, pool: np.ndarray[Any, Any], name: str, seed: int
) -> dict[str, np.ndarray[Any, Any]]:
    arrays = {
        f"samples/{seed}": _pick(rng, pool, 100),
        f"image_entropy/{seed}": _entropies(rng, 0.1),
        f"nearest/{seed}": _pick(rng, pool, 30).reshape(10, 3, 28, 28),
        f"reconstructions/{seed}": pool[:20],
        f"interpolations/{seed}": _pick(rng, pool, 80).reshape(8, 10, 28, 28),
        f"snapshots/{seed}": _pick(rng, pool, SNAPSHOTS * 10).reshape(-1, 10, 28, 28),
        f"snapshot_steps/{seed}": np.geomspace(1, STEPS, SNAPSHOTS).astype(np.int64),
    }
    if name in ENCODERS:
        arrays[f"mixture_samples/{seed}"] = _pick(rng, pool, 100)
        centres = rng.normal(size=(10, 2)) * 2
        arrays[f"latent/{seed}"] = (
            np.tile(centres, (20, 1)) + 0.5 * rng.normal(size=(200, 2))
        ).astype(np.float32)
    return arrays


def _pick(rng: np.random.Generator, pool: np.ndarray[Any, Any], count: int) -> Any:
    return pool[rng.integers(0, len(pool), count)]


def _entropies(rng: np.random.Generator, scale: float) -> np.ndarray[Any, Any]:
    return np.minimum(rng.exponential(scale, IMAGES), math.log(10)).astype(np.float32)


def _evaluation(
    root: Path, name: str, content: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]
) -> None:
    folder = root / "data/evaluation" / name
    storage.write_json(folder / "details.json", content)
    tensors = {key: torch.tensor(a) for key, a in arrays.items()}
    storage.write_tensors(folder / "arrays.safetensors", tensors)


def edit(path: Path, change: Any) -> None:
    """Applies `change` to the content of a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    storage.write_json(path, content)
