"""Trained networks for other programs, each file with a card that says what it is."""

import copy
import importlib.util
import io
import warnings
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from ganvae.core import storage
from ganvae.errors import UserError
from ganvae.verbs import card
from ganvae.verbs.images import check_writable
from ganvae.verbs.trained import Trained

Format = Literal["onnx", "pt2", "safetensors"]
NEEDED = ("onnx", "onnxscript")


def export(
    trained: Trained,
    file_format: Format,
    out: str | Path | None = None,
    network: str = "decoder",
) -> list[Path]:
    """Writes trained networks, and beside them their card `<file>.md`.

    Args:
        trained: what `load` returned.
        file_format: `onnx` or `pt2` (torch.export) of one network, for batches of any size, or
            `safetensors`, the weights of all of them with their description.
        out: the file; None: named after the model and its seed, in this folder.
        network: which one, such as "decoder" or "encoder"; a safetensors file has them all.

    Returns:
        Both files.

    Raises:
        UserError: no such format or network, a file name of another format, a place that cannot be
            written to, or a package that is missing; nothing has been written.
    """
    if file_format not in get_args(Format):
        raise UserError(f"format {file_format}: allowed: {', '.join(get_args(Format))}")
    if network not in trained.networks:
        known = ", ".join(trained.networks)
        raise UserError(f"{trained.name} has no network {network!r}; it has: {known}")
    path = Path(out) if out is not None else _named(trained, file_format, network)
    if path.suffix != f".{file_format}" or path.is_dir():
        raise UserError(f"{path}: a file name that ends in .{file_format} expected")
    check_writable(path)
    costs = card.record(trained, "costs")
    commit = costs.get("runtime", {}).get("commit", trained.description.commit)
    description = trained.description.model_copy(update={"commit": commit})
    text = card.text(trained, description, path, network)
    if file_format == "safetensors":
        storage.write_tensors(path, trained.networks.state_dict(), description.metadata())
    else:
        convert = _onnx if file_format == "onnx" else _pt2
        storage.write_bytes(path, convert(trained, network))
    about = path.with_name(f"{path.name}.md")
    storage.write_text(about, text)
    return [path, about]


def _named(trained: Trained, file_format: str, network: str) -> Path:
    alone = network != "decoder" and file_format != "safetensors"
    stem = f"{trained.description.model}_seed_{trained.description.seed}"
    return Path(f"{stem}{f'_{network}' * alone}.{file_format}")


def _example(trained: Trained, network: str) -> tuple[nn.Module, dict[str, Tensor]]:
    """A network on the CPU, and inputs to export it with: two, as one is taken for a constant."""
    found = copy.deepcopy(trained.networks[network]).cpu()
    made = {
        "latent": torch.randn(2, trained.latent_dim),
        "images": torch.rand(2, *trained.shape) * 2 - 1,
        "labels": torch.arange(2),
    }
    return found, {name: made[name] for name in card.inputs(trained, network)}


def _onnx(trained: Trained, network: str) -> bytes:
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            raise UserError(f'{name} is missing: pip install -e ".[export]"')
    found, given = _example(trained, network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's and ONNX's own insides
        program = torch.onnx.export(
            found,
            tuple(given.values()),
            dynamic_shapes=_any_batch(given),
            input_names=list(given),
            output_names=[card.output(network)],
            external_data=False,
            verbose=False,
        )
    assert program is not None
    content: bytes = program.model_proto.SerializeToString()
    return content


def _pt2(trained: Trained, network: str) -> bytes:
    found, given = _example(trained, network)
    program = torch.export.export(found, tuple(given.values()), dynamic_shapes=_any_batch(given))
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getvalue()


def _any_batch(given: dict[str, Tensor]) -> tuple[dict[int, object], ...]:
    batch = torch.export.Dim("batch")
    return tuple({0: batch} for _ in given)
