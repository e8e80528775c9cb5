"""What an image costs in bytes and in error: autoencoders beside PCA and JPEG (parakatta2023).

Everything is measured on the test images. An autoencoder's code and a VAE's posterior mean are k
numbers, as are PCA's scores; each is stored as float32 (4 bytes a number) and, rounded, as float16
(2 bytes), without any entropy coding. A JPEG's bytes are those of its file by Pillow, grey,
`optimize` off. Its quantisation and Huffman tables stand in every file: `header_bytes`. What
decoder and PCA need once for all images is `shared_bytes`.

Writes `compression.csv`, a row per training or setting and number format:

- `method` (autoencoder | vae | pca | jpeg), `code_size` (k), `quality` (JPEG's, 1 to 95);
- `number_format` (float32 | float16, empty for JPEG), `seed` and `state` (finished | diverged) of
  a training;
- `bytes_per_image`: mean over the test images, headers among them; `header_bytes`: of these, what
  every file repeats (0 for codes); `shared_bytes`: weights of the decoder, or components and mean
  of PCA, as float32;
- `mse`: mean squared error per pixel on [0, 1], the mean over the test images.

And `images.safetensors`, uint8 [10, 28, 28]: `originals`, and `<method>/<k or quality>` of the
first seed, codes as float32.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganvae.core import imageset, storage
from ganvae.core.imageset import dequantise, quantise
from ganvae.experiments.shared import jpeg, trainings
from ganvae.experiments.shared.experiment import write_table
from ganvae.experiments.shared.principal import PrincipalComponents
from ganvae.experiments.shared.trainings import TrainingParams
from ganvae.jobs.executor import Job
from ganvae.jobs.threads import side_by_side
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.models.base.contract import to_images
from ganvae.models.base.systems import Plan

MODELS = ("ae", "vae")
NAMES = {"ae": "autoencoder", "vae": "vae"}
PIXELS = 28 * 28
SHOWN = 10
FORMATS = {"float32": torch.float32, "float16": torch.float16}
COLUMNS = [
    "method",
    "code_size",
    "quality",
    "number_format",
    "seed",
    "state",
    "bytes_per_image",
    "header_bytes",
    "shared_bytes",
    "mse",
]

Found = tuple[list[dict[str, Any]], Tensor | None]


class Params(TrainingParams):
    """Sizes of codes for autoencoder, VAE and PCA, and qualities of JPEG."""

    NAMES = MODELS
    code_sizes: list[Annotated[int, Field(ge=1, le=PIXELS)]] = Field(min_length=1)
    qualities: list[Annotated[int, Field(ge=1, le=95)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _values_differ(self) -> "Params":
        for name in ("code_sizes", "qualities"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} = {values}: allowed: different numbers")
        return self


def run(params: Params, folder: Path, root: Path) -> None:
    """Trains and measures everything, see above.

    Raises:
        UserError: a block does not fit its schema; a file is missing or damaged; more components
            are asked for than there are training images.
    """
    train = root / "processed" / "train.safetensors"
    images, _ = imageset.load(root / "processed" / "test.safetensors")
    components = PrincipalComponents(imageset.load(train)[0], max(params.code_sizes))
    plans = {
        f"{NAMES[name]}/{size}": trainings.of(params, name, size, train)
        for name in MODELS
        for size in params.code_sizes
    }
    measurements: dict[str, Callable[[], Found]] = {
        **{f"pca/{k}": partial(_pca, components, k, images) for k in params.code_sizes},
        **{f"jpeg/{q}": partial(_jpeg, q, images) for q in params.qualities},
    }
    with trainings.trained(plans) as jobs:
        for key, of_key in jobs.items():
            for seed, job in of_key.items():
                measurements[f"{key}/{seed}"] = partial(_coded, key, plans[key], job, seed, images)
        found = side_by_side(list(measurements.values()), "measure", progress=False)
    rows = [row for of_task, _ in found for row in of_task]
    shown = {"originals": quantise(images[:SHOWN])}
    for key, (_, reconstructions) in zip(measurements, found, strict=True):
        name = "/".join(key.split("/")[:2])
        if reconstructions is not None and name not in shown:
            shown[name] = quantise(reconstructions)
    write_table(folder / "compression.csv", rows, COLUMNS)
    storage.write_tensors(folder / "images.safetensors", shown, {"of": "compression"})


def _coded(key: str, plan: Plan, job: Job, seed: int, images: Tensor) -> Found:
    """One autoencoder or VAE."""
    method, _, size = key.partition("/")
    row = {"method": method, "code_size": int(size), "seed": seed}
    networks = trainings.load(plan, job, seed)
    if networks is None:
        return [{**row, "state": "diverged"}], None
    try:
        codes, _ = trainings.encode(networks, images)
        row |= {"state": "finished", "shared_bytes": _weight_bytes(networks["decoder"])}
        return _in_formats(row, images, codes, lambda z: to_images(trainings.decode(networks, z)))
    except FloatingPointError:
        return [{**row, "state": "diverged"}], None


def _pca(components: PrincipalComponents, k: int, images: Tensor) -> Found:
    row = {"method": "pca", "code_size": k, "shared_bytes": 4 * (k + 1) * PIXELS}
    codes = components.encode(images, k)
    return _in_formats(row, images, codes, components.decode)


def _in_formats(
    row: dict[str, Any], images: Tensor, codes: Tensor, decode: Callable[[Tensor], Tensor]
) -> Found:
    """A row for each format that the codes [N, k] are stored in; images of the first."""
    rows, shown = [], None
    for name, dtype in FORMATS.items():
        largest = torch.finfo(dtype).max
        stored = codes.clamp(-largest, largest).to(dtype)
        found = decode(stored.float())
        shown = found[:SHOWN] if shown is None else shown
        size = {
            "number_format": name,
            "bytes_per_image": stored.shape[1] * stored.element_size(),
            "header_bytes": 0,
        }
        rows.append({**row, **size, "mse": float(reconstruction_mse(images, found).mean())})
    return rows, shown


def _jpeg(quality: int, images: Tensor) -> Found:
    files = [jpeg.encode(levels, quality) for levels in quantise(images)]
    found = dequantise(torch.stack([jpeg.decode(file) for file in files]))
    row = {
        "method": "jpeg",
        "quality": quality,
        "bytes_per_image": sum(map(len, files)) / len(files),
        "header_bytes": sum(map(jpeg.header_bytes, files)) / len(files),
        "shared_bytes": 0,
        "mse": float(reconstruction_mse(images, found).mean()),
    }
    return [row], found[:SHOWN]


def _weight_bytes(network: nn.Module) -> int:
    """Of everything that a decoder needs: weights and running statistics."""
    return sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
