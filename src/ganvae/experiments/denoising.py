"""Noise taken out of test images by autoencoders, beside classical filters (parakatta2023).

The noise is Gaussian; its standard deviation is on the images' own range [-1, 1], so on [0, 1] it
is half as large. Autoencoders are trained with the noises of `train_noise` on their inputs (0: the
plain autoencoder; Vincent et al. 2008). All methods see the same noisy images, not cut off at the
ends of the range, as in training.

Writes `denoising.csv`, a row per method and noise of the test images:

- `noise`: its standard deviation on [-1, 1];
- `method`: autoencoder; noisy (the input as it is); clipped (the input cut off at -1 and 1); wiener
  (scipy's, told the noise's true variance); median;
- `train_noise`, `seed`, `state` (finished | diverged) of an autoencoder; `window` of a filter, in
  pixels a side;
- `mse`: mean squared error per pixel on [0, 1] against the clean images, mean over them.

And `images.safetensors`, uint8 [10, 28, 28]: `clean`, and at each noise `<noise>/noisy`,
`<noise>/autoencoder_<train noise>` (first seed), `<noise>/<filter>_<window>`.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, model_validator
from scipy.ndimage import median_filter
from scipy.signal import wiener
from torch import Tensor

from ganvae.core import imageset, storage
from ganvae.core.imageset import CPU, quantise
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import ParameterError
from ganvae.experiments.shared import trainings
from ganvae.experiments.shared.experiment import write_table
from ganvae.experiments.shared.trainings import TrainingParams
from ganvae.jobs.executor import Job
from ganvae.jobs.threads import side_by_side
from ganvae.models.base.systems import Plan

(MODEL,) = MODELS = ("ae",)
SHOWN = 10
COLUMNS = ["noise", "method", "train_noise", "window", "seed", "state", "mse"]

Row = dict[str, Any]
Found = tuple[Row, str, Tensor | None]


class Params(TrainingParams):
    """The noises, in standard deviations on [-1, 1], and the filters' windows, odd.

    `train_noise` takes the place of `models.ae.noise`, which must not be there.
    """

    NAMES = MODELS
    latent_dim: int = Field(ge=1, le=4096)
    train_noise: list[Annotated[float, Field(ge=0, le=10)]] = Field(min_length=1)
    noise: list[Annotated[float, Field(gt=0, le=10)]] = Field(min_length=1)
    windows: list[Annotated[int, Field(ge=3, le=27)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _lists(self) -> "Params":
        for name in ("train_noise", "noise", "windows"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} = {values}: allowed: different numbers")
        if any(window % 2 == 0 for window in self.windows):
            raise ValueError(f"windows = {self.windows}: allowed: odd numbers")
        return self


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains every autoencoder and measures all methods, see above.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged.
    """
    images, _ = imageset.load(root / "processed" / "test.safetensors")
    train = root / "processed" / "train.safetensors"
    plans = {sigma: _plan(params, sigma, train) for sigma in params.train_noise}
    filters = [partial(_filtered, images, noise, params.windows) for noise in params.noise]
    untrained = side_by_side(filters, "filter", progress=False)
    with trainings.trained(plans) as jobs:
        measurements = [
            partial(_denoised, plans[train_noise], job, train_noise, seed, images, noise)
            for noise in params.noise
            for train_noise, of_noise in jobs.items()
            for seed, job in of_noise.items()
        ]
        found = side_by_side(measurements, "denoise", progress=False)
    found += [each for of_noise in untrained for each in of_noise]
    shown = {"clean": quantise(images[:SHOWN])}
    for _, name, denoised in found:
        if denoised is not None and name not in shown:  # of the first seed
            shown[name] = quantise(denoised[:SHOWN])
    write_table(folder / "denoising.csv", [row for row, _, _ in found], COLUMNS)
    storage.write_tensors(folder / "images.safetensors", shown, {"of": "denoising"})


def _plan(params: Params, noise: float, images: Path) -> Plan:
    block = params.models[MODEL]
    if "noise" in block:
        raise ParameterError(f"models.{MODEL}.noise: stands in `train_noise` instead")
    laid_over = params.model_copy(update={"models": {MODEL: {**block, "noise": noise}}})
    return trainings.of(laid_over, MODEL, params.latent_dim, images)


def noisy(images: Tensor, noise: float) -> Tensor:
    """Images [N, 1, 28, 28] with noise of that standard deviation; the same at every call."""
    stream = Noise(seed_for(0, f"noisy {noise:g}"), CPU)
    return images + noise * stream.normal(*images.shape)


def error(images: Tensor, denoised: Tensor) -> float:
    """Mean squared error per pixel on [0, 1]; unlike a reconstruction's it may exceed 1.

    Args:
        images: [N, 1, 28, 28] in [-1, 1].
        denoised: the same shape and scale.
    """
    return float((images - denoised).double().square().mean()) / 4


def _denoised(
    plan: Plan, job: Job, train_noise: float, seed: int, images: Tensor, noise: float
) -> Found:
    row: Row = {"noise": noise, "method": "autoencoder", "train_noise": train_noise, "seed": seed}
    name = f"{noise:g}/autoencoder_{train_noise:g}"
    networks = trainings.load(plan, job, seed)
    if networks is None:
        return {**row, "state": "diverged"}, name, None
    try:
        found = trainings.reconstructed(networks, noisy(images, noise))
    except FloatingPointError:
        return {**row, "state": "diverged"}, name, None
    return {**row, "state": "finished", "mse": error(images, found)}, name, found[:SHOWN]


def _filtered(images: Tensor, noise: float, windows: list[int]) -> list[Found]:
    """What needs no training, the input as it is among it."""
    found: list[Found] = []
    for method, window, denoised in filtered(noisy(images, noise), noise, windows):
        row = {"noise": noise, "method": method, "window": window or None}
        name = f"{noise:g}/{method}" + (f"_{window}" if window else "")
        found.append(({**row, "mse": error(images, denoised)}, name, denoised[:SHOWN]))
    return found


def filtered(images: Tensor, noise: float, windows: list[int]) -> Iterator[tuple[str, int, Tensor]]:
    """Each method's name, window (0 without one) and images [N, 1, 28, 28] on [-1, 1]'s scale.

    The filters work on [0, 1]: scipy's Wiener filter takes what lies outside an image as 0, which
    is the background there.

    Args:
        images: noisy ones [N, 1, 28, 28].
        noise: their noise's standard deviation, on [-1, 1].
        windows: in pixels a side.
    """
    yield "noisy", 0, images
    yield "clipped", 0, images.clamp(-1, 1)
    pixels = (images.squeeze(1).double().numpy() + 1) / 2
    for window in windows:
        size = (1, window, window)
        with np.errstate(divide="ignore", invalid="ignore"):  # flat neighbourhoods: their mean
            smooth = wiener(pixels, size, noise=(noise / 2) ** 2)
        for method, result in (("wiener", smooth), ("median", median_filter(pixels, size=size))):
            denoised = torch.from_numpy(2 * result - 1).clamp(-1, 1).unsqueeze(1)
            yield method, window, denoised.float()
