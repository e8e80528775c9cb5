"""What evaluation writes into `details.json`, made up: values by formula from model and seed."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ganvae.floors.planted import FAULTS
from ganvae.floors.selftest import EXPECTED, UNCHANGED

ENCODERS = ("vae", "vaegan", "cvaegan")
IMAGES, SNAPSHOTS, STEPS, BATCH, ROWS = 50, 4, 400, 128, 20
COLLAPSED_AT = 54  # the step of a snapshot
REAL_PROTOCOL: dict[str, Any] = {
    "real_images": IMAGES,
    "real_split": "test",
    "features": ["classifier"],
    "feature_width": 128,
    "classifier": "cnn",
    "neighbours": 5,
    "kernel_subset": 1000,
    "nearest_images": 50,
}
PROTOCOL: dict[str, Any] = {
    "generated_images": IMAGES,
    **REAL_PROTOCOL,
    "train_images": 100,
    "snapshot_images": 20,
    "importance_samples": 10,
    "inversion_images": 20,
    "inversion_steps": 30,
    "mixture_components": 10,
    "mixture_images": 100,
}
RUNTIME = {"device": "cpu: Some Processor", "torch": "2.15.0", "commit": "0123456789ab"}
# hundreds of training seconds, also the unit of the other costs
PACE = {"wgan": 1, "vae": 2, "gan": 3, "vaegan": 4, "cvaegan": 6}

# the faults by the names that they have where classes are digits
OF_DIGITS = {fault: fault.replace("class", "digit") for fault in (UNCHANGED, *FAULTS)}
PLANTED = [OF_DIGITS[fault] for fault in FAULTS]


def real_details() -> dict[str, Any]:
    """The `details.json` of the real images; planted fault i has fid_classifier 72 + i."""
    names = ("real", "real_halves", *(f"planted_{fault}" for fault in PLANTED))
    rows = {}
    for i, name in enumerate(names):
        images = IMAGES // 2 if name == "real_halves" else IMAGES
        metrics = _metrics("real", i)
        rows[name] = {
            "images": images,
            "against": images,
            "metrics": metrics,
            "intervals": _intervals(metrics),
            "class_histogram": [100] * 10,
            "frechet_curve": _curve(metrics),
        }
    entries = [
        {
            "metric": metric,
            "fault": OF_DIGITS[fault],
            "mean": 1.0,
            "reach": 0.5,
            "faulty": 1.0 + EXPECTED.get(metric, {}).get(fault, 0),
            "expected": EXPECTED.get(metric, {}).get(fault, 0),
            "seen": EXPECTED.get(metric, {}).get(fault, 0),
            "told": "seen" if EXPECTED.get(metric, {}).get(fault, 0) else "",
        }
        for metric in _metrics("real", 0)
        for fault in OF_DIGITS
    ]
    return {
        "protocol": REAL_PROTOCOL,
        "runtime": RUNTIME,
        "rows": rows,
        "selftest": entries,
        "classes": {"names": list("0123456789"), "word": "digit", "plural": "digits"},
    }


def details(name: str, seed: int, state: str) -> dict[str, Any]:
    """One seed of `details.json`; seed s of a model has class_entropy 2.2 + s / 100.

    Its mixture, where it has an encoder, has half its fid_classifier.
    """
    diverged, collapsed = state == "diverged", state == "collapsed"
    steps = STEPS // 2 if diverged else STEPS
    content = {
        "state": "diverged" if diverged else "finished",
        "step": steps,
        "steps": STEPS,
        "update": "critic" if diverged else None,
        "timeline": [
            _snapshot(name, seed, step, collapsed)
            for step in np.unique(np.geomspace(1, steps, 16).astype(int)).tolist()
        ],
    }
    if diverged:
        return content
    metrics = _metrics(name, seed)
    if name in ENCODERS:
        mixture = _metrics("real", seed) | {"fid_classifier": metrics["fid_classifier"] / 2}
        content["mixture"] = {"metrics": mixture, "intervals": _intervals(mixture)}
    return {
        **content,
        "collapsed": collapsed,
        "collapsed_at": COLLAPSED_AT if collapsed else None,
        "metrics": metrics,
        "intervals": _intervals(metrics),
        "class_histogram": _histogram(seed, collapsed),
        "frechet_curve": _curve(metrics),
    }


def _snapshot(name: str, seed: int, step: int, collapsed: bool) -> dict[str, Any]:
    gone = collapsed and step >= COLLAPSED_AT
    fid = 90.0 + 20 * PACE.get(name, 5) + seed + 900 * math.exp(-step / (9 * PACE.get(name, 5)))
    return {
        "step": step,
        "images_seen": step * BATCH,
        "class_entropy": 0.1 if gone else 2.2 * (1 - math.exp(-step / 30)) + seed / 90,
        "image_entropy": 0.1,
        "fid_classifier": 1500.0 if gone else fid,
        "coverage": 0.01 if gone else 0.8 * (1 - math.exp(-step / 60)) + seed / 90,
        "class_histogram": _histogram(seed, gone),
    }


def _histogram(seed: int, collapsed: bool) -> list[int]:
    return [IMAGES if collapsed and d == 1 else 10 + (d + seed) % 3 for d in range(10)]


def _metrics(name: str, seed: int) -> dict[str, float]:
    metrics = {
        "class_entropy": 2.2 + seed / 100,
        "class_kl": 0.05 - seed / 1000,
        "modes": 10.0,
        "image_entropy": 0.1,
        "inception_score_classifier": 8.0 + seed / 10,
        "fid_classifier": 70.0 + seed,
        "fid_classifier_infinity": 60.0 + seed,
        "kid_classifier": 1.5 + seed / 10,
        "precision": 0.9 + seed / 1000,
        "recall": 0.7 + seed / 1000,
        "density": 1.1 + seed / 1000,
        "coverage": 0.8 + seed / 1000,
        "sharpness": 0.95 + seed / 1000,
        "memorization": 0.02 * seed,
        "memorization_neighbours": 40.0 - seed,
    }
    if name == "real":
        return metrics
    metrics["inversion_mse"] = 0.012 + seed / 1000
    if name in ENCODERS:
        metrics |= {
            "reconstruction_mse": 0.01,
            "reconstruction_nats": 75.0,
            "kl_nats": 25.0 + seed,
            "negative_elbo": 100.0 + seed,
            "active_units": 20.0,
            "iwae_nll_10": 95.0 + seed,
        }
    return metrics


def _intervals(metrics: Mapping[str, float]) -> dict[str, list[float]]:
    """From 2 % below the value to 4 % above, for the metrics that have one."""
    names = (
        "image_entropy",
        "fid_classifier",
        "kid_classifier",
        "precision",
        "recall",
        "density",
        "coverage",
        "sharpness",
        "inversion_mse",
        "negative_elbo",
    )
    return {n: [0.98 * metrics[n], 1.04 * metrics[n]] for n in names if n in metrics}


def _curve(metrics: Mapping[str, float]) -> list[list[float]]:
    """Distances that fall as 1 / N from five sizes to the whole set's."""
    slope = IMAGES * (metrics["fid_classifier"] - metrics["fid_classifier_infinity"])
    sizes = (10, 20, 30, 40, 50)
    return [[size, metrics["fid_classifier_infinity"] + slope / size] for size in sizes]
