"""A model card: what a file is, what it was trained on, how to call it, how good it is."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ganvae.comparison import markdown, tables
from ganvae.comparison.columns import column, ordered
from ganvae.comparison.schema import Costs, ModelDetails
from ganvae.comparison.summary import spread
from ganvae.core import storage
from ganvae.models.base import build
from ganvae.models.base.description import Description
from ganvae.models.base.systems import Status
from ganvae.models.cgan.codes import Coded
from ganvae.verbs.trained import Trained

TEXT = """\
# {title}

{about}

## What it was trained on

{facts}

## How to call it

{convention}

```python
{example}
```

## How good it is

{measured}

## Licence

MIT, as the program that trained it, ganvae. The training images have terms of their own.
"""

CALLS = {
    "safetensors": """\
from ganvae import use

images = use.sample(use.load("{file}"), 16)  # [16, {shape}] in [-1, 1]""",
    "onnx": """\
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("{file}")
{given}
({output},) = session.run(None, {{{named}}})""",
    "pt2": """\
import torch

network = torch.export.load("{file}").module()
{given}
{output} = network({names})""",
}
IMAGES = "\nimages = {library}.tanh(logits / 2)  # [16, {shape}] in [-1, 1]"
GIVEN = {  # by numpy and by torch
    "latent": (
        'np.random.default_rng(0).standard_normal((16, {size}), dtype="float32")',
        "torch.randn(16, {size})",
    ),
    "images": ('np.zeros((16, {shape}), dtype="float32")', "torch.zeros(16, {shape})"),
    "labels": ("np.arange(16) % 10", "torch.arange(16) % 10"),
}


RECORDS: Mapping[str, type[BaseModel]] = {"costs": Costs, "status": Status}


def record(trained: Trained, kind: str) -> dict[str, Any]:
    """What its training left of a kind of `RECORDS`; empty where there is no such file.

    Raises:
        UserError: the file is damaged.
    """
    seed = trained.description.seed
    file = trained.folder / kind / f"seed_{seed}.json" if trained.folder else None
    return storage.read_as(file, RECORDS[kind]).model_dump() if file and file.exists() else {}


def output(network: str) -> str:
    """What a network's output is called."""
    return {"decoder": "logits", "encoder": "code"}.get(network, "output")


def text(trained: Trained, description: Description, file: Path, network: str) -> str:
    """The card, Markdown.

    Args:
        trained: the networks.
        description: with the commit, where that is known.
        file: what it stands beside.
        network: the one that was exported; all in a safetensors file.
    """
    whole = file.suffix == ".safetensors"
    about = str(build.model(description.model).__doc__).strip().splitlines()[0]
    return TEXT.format(
        title=f"{trained.name}, seed {description.seed}" + ("" if whole else f": {network}"),
        about=about,
        facts=tables.plain(["", ""], _facts(trained, description)).strip(),
        convention=_convention(trained, description),
        example=_example(trained, file, network),
        measured=_measured(trained),
    )


def _facts(trained: Trained, description: Description) -> list[list[str]]:
    networks, status = description.networks, record(trained, "status")
    runtime = record(trained, "costs").get("runtime", {})
    options = ", ".join(f"{key} {value}" for key, value in networks.options.items())
    sizes = {name: sum(p.numel() for p in network.parameters())
             for name, network in trained.networks.items()}  # fmt: skip
    facts = {
        "model": description.model,
        "architecture": ", ".join(filter(None, [networks.architecture, options])),
        "latent dimensions": str(networks.latent_dim),
        "weights": ", ".join(f"{name} {count:,}" for name, count in sizes.items()),
        "data": f"{description.data}, training images with the SHA-256 "
        f"{description.images_sha256} (data/processed/train.safetensors)",
        "training": f"seed {description.seed}"
        + (f", {status['step']:,} steps of {status['steps']:,}" if status else ""),
        "commit": description.commit or "",
        "made with": ", ".join(f"{k} {v}" for k, v in runtime.items() if k != "commit"),
    }
    return [[name, value] for name, value in facts.items() if value]


def _convention(trained: Trained, description: Description) -> str:
    lines = [f"- {part}" for part in description.convention.split("; ")]
    decoder = trained.decoder
    if isinstance(decoder, Coded):
        place = description.networks.latent_dim - 1 - decoder.continuous
        lines.append(
            f"- class k of 0 to 9: latent[:, {place}] is the quantile of N(0, 1) at (k + 0.5) / 10"
        )
    return "\n".join(lines)


def inputs(trained: Trained, network: str) -> list[str]:
    """What a network takes, of `latent`, `images` and `labels`."""
    if network == "decoder":
        return ["latent"]
    taken = inspect.signature(trained.networks[network].forward).parameters
    return [name for name in ("images", "labels") if name == "images" or name in taken]


def _example(trained: Trained, file: Path, network: str) -> str:
    names, library = inputs(trained, network), int(file.suffix == ".pt2")
    shape = ", ".join(map(str, trained.shape))
    given = [f"{name} = {GIVEN[name][library]}" for name in names]
    call = CALLS[file.suffix[1:]].format(
        file=file.name,
        shape=shape,
        given="\n".join(given).format(size=trained.latent_dim, shape=shape),
        output=output(network),
        names=", ".join(names),
        named=", ".join(f'"{name}": {name}' for name in names),
    )
    if network != "decoder" or file.suffix == ".safetensors":
        return call
    return call + IMAGES.format(library=("np", "torch")[library], shape=shape)


def _measured(trained: Trained) -> str:
    """The metrics of its seed with their intervals, beside all seeds' of the same training."""
    file, seed = _evaluated(trained), str(trained.description.seed)
    if file is None or not file.exists():
        return "Not measured where this card was written."
    details = storage.read_as(file, ModelDetails)
    entry = details.seeds.get(seed)
    if entry is None or entry.state == "diverged":
        return "Not measured: its networks gave values that are not finite."
    metrics, ends = entry.numbers(), entry.intervals
    seeds = {name: found.numbers() for name, found in details.seeds.items()}
    lines = []
    for name in ordered(set(metrics)):
        all_seeds = spread({s: found[name] for s, found in seeds.items() if name in found})
        shown = column(name)
        own = tables.between(ends[name], shown) if name in ends else tables.NONE
        lines.append([shown.head, shown.show(metrics[name]), own, tables.amount(all_seeds, shown)])
    head = ["", f"seed {seed}", "95 % interval", "all seeds"]
    table = markdown.text([tables.table(head, lines)])
    return f"{_how(details.protocol, bool(entry.collapsed))}\n\n{table}"


def _how(protocol: Mapping[str, Any], collapsed: bool) -> str:
    text = (
        f"Measured on {protocol['generated_images']:,} images that it drew, against "
        f"{protocol['real_images']:,} test images, by a classifier ({protocol['classifier']}) that "
        "was trained on the same training images: its FID is on a scale of its own. Intervals are "
        "of the sampling error of this seed; beside them mean ± standard deviation over the seeds."
    )
    return text + "\n\n**Collapsed**: it draws too few of the classes." * collapsed


def _evaluated(trained: Trained) -> Path | None:
    """What was measured of it: beside a paper's system's folder, or in the study's."""
    folder = trained.folder
    if folder is None:
        return None
    if folder.name == "trained":
        return folder.parent / "evaluated/details.json"
    return folder.parents[1] / "evaluation" / folder.name / "details.json"
