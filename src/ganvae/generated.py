"""Evaluation of one model: what its trained networks generate and, with an encoder, reconstruct."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ganvae import showcase, storage
from ganvae.classifier import Classifier, classify
from ganvae.data import dequantise, quantise
from ganvae.evaluation import EvaluateParams, Judged, RealImages, score
from ganvae.losses import elbo
from ganvae.metrics.class_entropy import class_entropy, class_histogram
from ganvae.metrics.image_entropy import image_entropy
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.model import NetworksParams, create, load_weights, posterior, reparameterize, to_images
from ganvae.runtime import Noise, seed_for
from ganvae.snapshots import IMAGES as SNAPSHOT_IMAGES
from ganvae.snapshots import read_snapshots
from ganvae.trained import Status

CPU = torch.device("cpu")
BATCH = 1000
HEADLINES = (
    "fid_classifier",
    "class_entropy",
    "image_entropy",
    "negative_elbo",
)


@dataclass(frozen=True)
class Bench:
    """What all seeds of a model are evaluated with.

    Attributes:
        model: its name.
        networks: the block `networks`.
        likelihood: a key of `losses.elbo.LIKELIHOODS`; None for a model without an encoder.
        params: the block `evaluate`.
        classifier: the judge.
        real: the judge's view of the real images.
        images: test images [M, 1, 28, 28] in [-1, 1], on the CPU.
        device: where the networks run.
    """

    model: str
    networks: NetworksParams
    likelihood: str | None
    params: EvaluateParams
    classifier: Classifier
    real: RealImages
    images: Tensor
    device: torch.device


def evaluate(
    bench: Bench, folder: Path, statuses: Mapping[int, Status], labels: Tensor, progress: bool
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """All measurements of all seeds.

    Args:
        bench: what they are evaluated with.
        folder: `data/models/<model>`.
        statuses: what `read_statuses` returned.
        labels: classes of the test images [M].
        progress: whether to draw a bar on stderr.

    Returns:
        The content of `details.json`, and the arrays; a seed's are named `<kind>/<seed>`.
    """
    entries: dict[str, Any] = {}
    arrays: dict[str, Tensor] = {}
    if bench.likelihood is not None:
        arrays["originals"] = quantise(bench.images[: showcase.RECONSTRUCTIONS])
        arrays["latent_labels"] = labels[: showcase.LATENT_POINTS]
    for seed in tqdm(statuses, f"evaluate {bench.model}", unit="seed", disable=not progress):
        entries[str(seed)], of_seed = _evaluate_seed(bench, folder, seed, statuses[seed])
        arrays.update({f"{kind}/{seed}": values for kind, values in of_seed.items()})
    protocol = {
        "generated_images": bench.params.images,
        **bench.real.protocol(),
        "snapshot_images": SNAPSHOT_IMAGES,
    }
    return {"model": bench.model, "protocol": protocol, "seeds": entries}, arrays


def _evaluate_seed(
    bench: Bench, folder: Path, seed: int, status: Status
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    # a seed that finished with networks whose outputs are not finite counts as diverged
    snapshots = read_snapshots(folder / "snapshots" / f"seed_{seed}.safetensors")
    entry = {**status.model_dump(), "timeline": _timeline(bench, snapshots)}
    if status.state == "diverged":
        return entry, {}
    networks = create(bench.model, bench.networks, seed)
    weights = folder / "weights" / f"seed_{seed}.safetensors"
    load_weights(networks, storage.read_tensors(weights), weights)
    networks.eval().to(bench.device)
    try:
        measured, arrays = _measure(bench, networks, seed)
    except FloatingPointError:
        return {**entry, "state": "diverged", "update": "evaluate"}, {}
    arrays["snapshots"] = snapshots["images"][:, : showcase.SNAPSHOT_SAMPLES]
    arrays["snapshot_steps"] = snapshots["steps"]
    return {**entry, **measured}, arrays


def _measure(
    bench: Bench, networks: nn.ModuleDict, seed: int
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    latent_dim = bench.networks.latent_dim
    result = score(_judge_samples(bench, networks, seed), bench.real.test)
    metrics = dict(result.metrics)
    arrays = {
        "samples": _decode(bench, networks, showcase.sample_grid(latent_dim)),
        "interpolations": _decode(bench, networks, showcase.interpolations(latent_dim)).view(
            showcase.INTERPOLATIONS, -1, 28, 28
        ),
        "image_entropy": result.image_entropy,
    }
    if bench.likelihood is not None:
        parts, means = _reconstruct(bench, networks, bench.likelihood, seed)
        metrics.update(parts)
        arrays["reconstructions"] = _decode(bench, networks, means[: showcase.RECONSTRUCTIONS])
        arrays["latent"] = showcase.latent_plane(means[: showcase.LATENT_POINTS])
    classes = torch.tensor(metrics["class_entropy"]).exp()
    measured = {
        "collapsed": bool(classes < bench.params.collapse_classes),
        "metrics": metrics,
        "class_histogram": result.class_histogram,
    }
    return measured, arrays


@torch.no_grad()
def _decode(bench: Bench, networks: nn.ModuleDict, z: Tensor) -> Tensor:
    """Images of latent vectors [N, D] in the 256 grey levels of real ones, uint8 [N, 28, 28]."""
    return quantise(_finite(to_images(networks["decoder"](z.to(bench.device)))))


def _finite(values: Tensor) -> Tensor:
    if not values.isfinite().all():
        raise FloatingPointError
    return values


def _judge_samples(bench: Bench, networks: nn.ModuleDict, seed: int) -> Judged:
    noise = Noise(seed_for(seed, "evaluate"), CPU)
    parts = []
    for start in range(0, bench.params.images, BATCH):
        z = noise.normal(min(BATCH, bench.params.images - start), bench.networks.latent_dim)
        parts.append(classify(bench.classifier, dequantise(_decode(bench, networks, z))))
    features, probabilities = zip(*parts, strict=True)
    return Judged(torch.cat(features), torch.cat(probabilities))


@torch.no_grad()
def _reconstruct(
    bench: Bench, networks: nn.ModuleDict, likelihood: str, seed: int
) -> tuple[dict[str, float], Tensor]:
    """-ELBO of the test images (beta = 1) and the posterior means [M, D].

    -ELBO takes one posterior sample per image; the squared error is that of the posterior mean's
    reconstruction, without sampling.
    """
    noise = Noise(seed_for(seed, "evaluate posterior"), CPU)
    errors, nats, divergences, means = [], [], [], []
    for batch in torch.split(bench.images, BATCH):
        mean, log_var = posterior(networks["encoder"](batch.to(bench.device)).cpu())
        z = reparameterize(_finite(mean), log_var, noise)
        logits = networks["decoder"](torch.cat([z, mean]).to(bench.device)).cpu()
        sampled, expected = logits.split(len(batch))
        errors.append(reconstruction_mse(batch, _finite(to_images(expected))))
        nats.append(elbo.LIKELIHOODS[likelihood](sampled, batch))
        divergences.append(elbo.kl_divergence(mean, log_var))
        means.append(mean)
    reconstruction, kl = (_finite(torch.cat(x).double().mean()) for x in (nats, divergences))
    return {
        "reconstruction_mse": float(torch.cat(errors).mean()),
        "reconstruction_nats": float(reconstruction),
        "kl_nats": float(kl),
        "negative_elbo": float(reconstruction + kl),
    }, torch.cat(means)


def _timeline(bench: Bench, snapshots: Mapping[str, Tensor]) -> list[dict[str, float]]:
    timeline = []
    rows = zip(snapshots["steps"].tolist(), snapshots["images_seen"].tolist(), strict=True)
    for (step, images_seen), grey in zip(rows, snapshots["images"], strict=True):
        _, probabilities = classify(bench.classifier, dequantise(grey))
        timeline.append(
            {
                "step": step,
                "images_seen": images_seen,
                "class_entropy": class_entropy(class_histogram(probabilities)),
                "image_entropy": float(image_entropy(probabilities).mean()),
            }
        )
    return timeline


def headline(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The flat means over the seeds that did not diverge, to six digits, and the seeds' fates.

    Args:
        entries: the `seeds` of `details.json`.
    """
    finished = [entry for entry in entries.values() if entry["state"] == "finished"]
    means = {
        name: float(f"{fmean(entry['metrics'][name] for entry in finished):.6g}")
        for name in HEADLINES
        if finished and name in finished[0]["metrics"]
    }
    return {
        **means,
        "seeds_finished": len(finished),
        "seeds_collapsed": sum(entry["collapsed"] for entry in finished),
    }
