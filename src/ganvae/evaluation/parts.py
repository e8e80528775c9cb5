"""The parts in which a trained model is measured; each stands alone, so that all can run at once.

A part takes the bench, the networks (in evaluation mode, without gradients) and the seed, and
raises `FloatingPointError` where the networks give values that are not finite.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganvae.core import config, imageset, machine
from ganvae.core.imageset import CPU, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation import encoding, mixture, showcase
from ganvae.evaluation.encoding import finite
from ganvae.evaluation.inversion import invert
from ganvae.evaluation.sampling import decode, images_of, sample
from ganvae.evaluation.timeline import timeline
from ganvae.judging.classifier import Classifier, classify, load
from ganvae.judging.inception import Inception
from ganvae.judging.judged import EvaluateParams, Judged, inception_view, look, read_judged_real
from ganvae.judging.scoring import RealImages, Score, protocol, score
from ganvae.metrics.interval import mean_with_interval
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams, to_images
from ganvae.models.base.snapshots import IMAGES as SNAPSHOT_IMAGES
from ganvae.models.base.systems import Plan


@dataclass(frozen=True)
class Bench:
    """What all seeds of a model are evaluated with.

    Attributes:
        model: its name.
        networks: the block `networks`.
        likelihood: a key of `elbo.LIKELIHOODS`; None for a model without an encoder.
        params: the block `evaluate`.
        classifier: the judge, on the device where the networks run.
        real: the test images.
        labels: their classes [M].
        train_images: what the model was trained on [T, 1, 28, 28].
        inception: the Inception network, if it is asked for.
    """

    model: str
    networks: NetworksParams
    likelihood: str | None
    params: EvaluateParams
    classifier: Classifier
    real: RealImages
    labels: Tensor
    train_images: Tensor
    inception: Inception | None

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return self.classifier.head.weight.device

    @property
    def snapshot_images(self) -> int:
        """How many images of each snapshot are judged: not more than of the final networks."""
        return min(SNAPSHOT_IMAGES, self.params.images)

    def protocol(self) -> dict[str, Any]:
        """What the numbers were measured against and how, for the files."""
        return {
            "generated_images": self.params.images,
            **protocol(self.real, self.classifier.architecture),
            "train_images": len(self.train_images),
            "snapshot_images": self.snapshot_images,
            "importance_samples": self.params.importance_samples,
            "inversion_images": min(self.params.inversion_images, len(self.real.images)),
            "inversion_steps": self.params.inversion_steps,
            **self._mixture(),
        }

    def _mixture(self) -> dict[str, Any]:
        """Nothing where none is asked for."""
        components = self.params.mixture_components
        if components is None:
            return {}
        images = min(mixture.IMAGES, len(self.train_images))
        return {"mixture_components": components, "mixture_images": images}


def read_bench(plan: Plan, root: Path) -> Bench:
    """What a model's seeds are evaluated with, from `<root>/processed/` and `<root>/classifier/`.

    Args:
        plan: with the block `evaluate` among its values.
        root: of the images and the classifier.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged.
    """
    module, device = build.model(plan.model), machine.device()
    params = config.block(EvaluateParams, plan.values, "evaluate")
    images, labels = imageset.load(root / "processed" / "test.safetensors")
    train_images, _ = imageset.load(root / "processed" / "train.safetensors")
    network, seen = inception_view(params, images, device)
    judged = read_judged_real(root / "classifier" / "real.safetensors")
    return Bench(
        model=plan.model,
        networks=plan.networks,
        likelihood=getattr(plan.params, "likelihood", None)
        if "encoder" in module.NETWORKS
        else None,
        params=params,
        classifier=load(root / "classifier" / "weights.safetensors", device),
        real=RealImages(images, judged.test, seen),
        labels=labels,
        train_images=train_images,
        inception=network,
    )


@dataclass(frozen=True)
class Part:
    """Some of what is measured of a seed.

    Attributes:
        fields: of its entry in `details.json`, besides the next two.
        metrics: name -> value.
        intervals: metric -> ends of the 95 % interval of its own sampling error, where it has one.
        arrays: for the figures.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    arrays: dict[str, Tensor] = field(default_factory=dict)


def course(bench: Bench, snapshots: Mapping[str, Tensor]) -> Part:
    """What the model drew along its training: `timeline`, and some of its snapshots."""
    judged = {**snapshots, "images": snapshots["images"][:, : bench.snapshot_images]}
    return Part(
        fields={"timeline": timeline(bench.classifier, bench.real, judged)},
        arrays={
            "snapshots": snapshots["images"][:, : showcase.SNAPSHOT_SAMPLES],
            "snapshot_steps": snapshots["steps"],
        },
    )


def generated(bench: Bench, networks: nn.ModuleDict, seed: int) -> Part:
    """Everything that is measured of the images that it generates."""
    images = sample(networks["decoder"], bench.networks.latent_dim, bench.params.images, seed)
    found = _score(bench, images, seed)
    return Part(
        fields={"class_histogram": found.class_histogram, "frechet_curve": found.frechet_curve},
        arrays=found.arrays,
        metrics=found.metrics,
        intervals=found.intervals,
    )


def of_mixture(bench: Bench, networks: nn.ModuleDict, seed: int) -> Part:
    """The same of samples of a mixture fitted to its codes; only for a model with an encoder."""
    components = bench.params.mixture_components
    assert components is not None
    codes = mixture.codes(networks["encoder"], bench.train_images)
    noise = Noise(seed_for(seed, "mixture samples"), CPU)
    z = mixture.fit(codes, components, seed).sample(bench.params.images, noise)
    images = images_of(networks["decoder"], z)
    return Part(
        fields={"mixture": _score(bench, images, seed).fields()},
        arrays={"mixture_samples": quantise(images[: showcase.SAMPLES])},
    )


def _score(bench: Bench, images: Tensor, seed: int) -> Score:
    judged = Judged(*classify(bench.classifier, images))
    seen = look(bench.inception, images)
    return score(images, judged, bench.real, bench.train_images, seed, seen)


def shown(bench: Bench, networks: nn.ModuleDict, seed: int) -> Part:
    """Images for the figures, from the same latent vectors for every model and seed."""
    latent_dim = bench.networks.latent_dim
    walks = decode(networks["decoder"], showcase.interpolations(latent_dim))
    return Part(
        arrays={
            "samples": decode(networks["decoder"], showcase.sample_grid(latent_dim)),
            "interpolations": walks.view(showcase.INTERPOLATIONS, -1, 28, 28),
        }
    )


def inverted(bench: Bench, networks: nn.ModuleDict, seed: int) -> Part:
    """`inversion_mse` over the first test images, and the first of the images found."""
    images = bench.real.images[: bench.params.inversion_images]
    z = invert(
        networks["decoder"],
        images.to(bench.device),
        bench.networks.latent_dim,
        bench.params.inversion_steps,
        Noise(seed_for(seed, "inversion"), CPU),
    )
    with torch.no_grad():
        found = finite(to_images(networks["decoder"](z))).cpu()
    mse = mean_with_interval(reconstruction_mse(images, found), seed)
    arrays = {}
    if bench.likelihood is None:  # else its encoder's are shown
        arrays["reconstructions"] = quantise(found[: showcase.RECONSTRUCTIONS])
    return Part(
        metrics={"inversion_mse": mse.value}, intervals={"inversion_mse": mse.ends}, arrays=arrays
    )


def encoded(bench: Bench, networks: nn.ModuleDict, seed: int) -> Part:
    """What its encoder makes of the test images; only for a model that has one."""
    assert bench.likelihood is not None
    found = encoding.encode(
        networks,
        bench.real.images,
        bench.likelihood,
        seed,
        importance=bench.params.importance_samples,
    )
    return Part(
        metrics=found.metrics,
        intervals=found.intervals,
        arrays={
            "reconstructions": decode(networks["decoder"], found.means[: showcase.RECONSTRUCTIONS]),
            "latent": showcase.latent_plane(found.means[: showcase.LATENT_POINTS]),
        },
    )
