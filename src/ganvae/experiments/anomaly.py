"""Anomalies found by a VAE that never saw their like (parakatta2023).

With `left_out` digits a VAE is trained on the other nine for each of them, and that digit's test
images are the anomalies among the test images. Without, the VAE is trained on all of MNIST, and the
anomalies are the test images of the experiment's own data.

An image's score is high where it is strange: `negative_elbo`, nats, the mean of
-log p(x | z) + KL over posterior samples; and `reconstruction_mse`, per pixel on [0, 1], at the
posterior mean. Writes

- `auroc.csv`, a row per VAE and score: `left_out` (empty for another set), `seed`, `state`
  (finished | diverged), `score`, `auroc` (0 to 1, the chance that an anomaly scores above a normal
  image; 0.5 is guessing), `normal_images`, `anomalies`;
- `scores.safetensors`: `<score>/<left out or other>/<seed>`, float32 [normal images + anomalies],
  and `anomalous/<left out or other>`, uint8, 1 for an anomaly, in the same order;
- `images.safetensors`: of the first seed the strangest of the normal images and the least strange
  anomalies by -ELBO, uint8 `<normal|anomaly>/<left out or other>` [up to 10, 28, 28].
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from ganvae.core import imageset, storage
from ganvae.core.imageset import CPU, DIGITS, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import ParameterError
from ganvae.experiments.shared import trainings
from ganvae.experiments.shared.experiment import write_table
from ganvae.experiments.shared.trainings import TrainingParams
from ganvae.jobs.executor import Job
from ganvae.jobs.threads import side_by_side
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.models.base.contract import reparameterize, to_images
from ganvae.models.base.systems import Plan
from ganvae.models.vae import elbo

(MODEL,) = MODELS = ("vae",)
SHOWN = 10
COLUMNS = ["left_out", "seed", "state", "score", "auroc", "normal_images", "anomalies"]

Digit = Annotated[int, Field(ge=0, lt=len(DIGITS))]
Scores = dict[str, Tensor]


class Params(TrainingParams):
    """The VAE, and how it scores.

    Attributes:
        latent_dim: of the networks.
        left_out: digits; null for another set of images.
        posterior_samples: per image, over which -ELBO is averaged.
    """

    NAMES = MODELS
    latent_dim: int = Field(ge=1, le=4096)
    left_out: list[Digit] | None = Field(min_length=1)
    posterior_samples: int = Field(ge=1, le=10000)

    @model_validator(mode="after")
    def _digits_differ(self) -> "Params":
        digits = self.left_out or []
        if len(set(digits)) < len(digits):
            raise ValueError(f"left_out = {digits}: allowed: different digits")
        return self


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains every VAE and scores the test images, see above.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged; a digit has no
            test image or the others have none; the two sets of images are the same.
    """
    with storage.scratch_folder(folder.with_name("images")) as scratch:
        plans, tests = _plans(params, root, scratch)
        with trainings.trained(plans) as jobs:
            pairs = [
                (key, seed, job) for key, of_key in jobs.items() for seed, job in of_key.items()
            ]
            measurements = [
                partial(_scores, params, plans[key], job, seed, tests[key][0])
                for key, seed, job in pairs
            ]
            scored = side_by_side(measurements, "score", progress=False)
    rows: list[dict[str, Any]] = []
    arrays = {f"anomalous/{key}": anomalous for key, (_, anomalous) in tests.items()}
    for (key, seed, _), scores in zip(pairs, scored, strict=True):
        rows += _rows(key, seed, tests[key][1], scores)
        arrays |= {f"{name}/{key}/{seed}": values.float() for name, values in scores.items()}
    write_table(folder / "auroc.csv", rows, COLUMNS)
    storage.write_tensors(folder / "scores.safetensors", arrays)
    shown = _shown(params.train.seeds[0], tests, arrays)
    storage.write_tensors(folder / "images.safetensors", shown, {"of": "anomaly"})


def _plans(
    params: Params, root: Path, scratch: Path
) -> tuple[dict[str, Plan], dict[str, tuple[Tensor, Tensor]]]:
    """By what is left out: the plan, and test images with 1 for the anomalies among them."""
    if params.left_out is None:
        if root == trainings.MNIST:
            raise ParameterError(f"data = {root}: left_out is null: name another set")
        mnist = trainings.MNIST / "processed"
        normal, _ = imageset.load(mnist / "test.safetensors")
        anomalies, _ = imageset.load(root / "processed" / "test.safetensors")
        anomalous = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomalies))])
        plan = trainings.of(params, MODEL, params.latent_dim, mnist / "train.safetensors")
        return {"other": plan}, {"other": (torch.cat([normal, anomalies]), anomalous.byte())}
    images, labels = imageset.load(root / "processed" / "train.safetensors")
    test_images, test_labels = imageset.load(root / "processed" / "test.safetensors")
    plans, tests = {}, {}
    for digit in params.left_out:
        for name, found in (("training", labels), ("test", test_labels)):
            if not 0 < int((found == digit).sum()) < len(found):
                raise ParameterError(f"left_out: {digit}: none or all of the {name} images")
        path = write_without(scratch, images, labels, digit)
        plans[str(digit)] = trainings.of(params, MODEL, params.latent_dim, path)
        tests[str(digit)] = test_images, (test_labels == digit).byte()
    return plans, tests


def write_without(folder: Path, images: Tensor, labels: Tensor, digit: int) -> Path:
    """Writes the images [N, 1, 28, 28] that are not of the class `digit`."""
    return trainings.write_levels(folder / f"without_{digit}.npy", images[labels != digit])


def _scores(params: Params, plan: Plan, job: Job, seed: int, images: Tensor) -> Scores:
    """Both scores of every image [N]; empty for a training that diverged."""
    networks = trainings.load(plan, job, seed)
    likelihood = plan.values["models"][MODEL]["likelihood"]
    if networks is None:
        return {}
    try:
        return scores(networks, images, likelihood, params.posterior_samples, seed)
    except FloatingPointError:
        return {}


def scores(networks: nn.ModuleDict, images: Tensor, likelihood: str, k: int, seed: int) -> Scores:
    """How strange each image is to a VAE.

    Args:
        networks: "encoder" and "decoder", in evaluation mode.
        images: [N, 1, 28, 28] in [-1, 1].
        likelihood: a key of `elbo.LIKELIHOODS`.
        k: posterior samples per image.
        seed: of the samples.

    Returns:
        `negative_elbo` in nats and `reconstruction_mse` on [0, 1], each float64 [N].

    Raises:
        FloatingPointError: an output is NaN or infinite.
    """
    noise = Noise(seed_for(seed, "anomaly scores"), CPU)
    mean, log_var = trainings.encode(networks, images)
    nats = torch.zeros(len(images), dtype=torch.float64)
    for _ in range(k):
        logits = trainings.decode(networks, reparameterize(mean, log_var, noise))
        nats += elbo.LIKELIHOODS[likelihood](logits, images).double() / k
    found = to_images(trainings.decode(networks, mean))
    return {
        "negative_elbo": nats + elbo.kl_divergence(mean, log_var).double(),
        "reconstruction_mse": reconstruction_mse(images, found),
    }


def _rows(key: str, seed: int, anomalous: Tensor, found: Scores) -> list[dict[str, Any]]:
    count = int(anomalous.sum())
    row = {
        "left_out": None if key == "other" else key,
        "seed": seed,
        "state": "finished" if found else "diverged",
        "normal_images": len(anomalous) - count,
        "anomalies": count,
    }
    measured = [
        {**row, "score": name, "auroc": auroc(anomalous, values)} for name, values in found.items()
    ]
    return measured or [row]


def auroc(anomalous: Tensor, scores: Tensor) -> float:
    """Area under the curve of true over false positive rate (Hanley & McNeil 1982).

    Args:
        anomalous: 1 for an anomaly, else 0 [N]; both occur.
        scores: high where strange [N].

    Returns:
        From 0 to 1: 1 where every anomaly scores above every other image.
    """
    return float(roc_auc_score(anomalous.numpy(), scores.numpy()))


def _shown(
    seed: int, tests: dict[str, tuple[Tensor, Tensor]], arrays: dict[str, Tensor]
) -> dict[str, Tensor]:
    """The images that this score puts on the wrong side first."""
    shown = {}
    for key, (images, anomalous) in tests.items():
        if f"negative_elbo/{key}/{seed}" not in arrays:  # it diverged
            continue
        order = arrays[f"negative_elbo/{key}/{seed}"].argsort()
        anomalies, normal = (order[anomalous[order] == kind] for kind in (1, 0))
        shown[f"anomaly/{key}"] = quantise(images[anomalies[:SHOWN]])
        shown[f"normal/{key}"] = quantise(images[normal.flip(0)[:SHOWN]])
    return shown
