"""The committed `params.yaml`: valid, said once, and in the form in which DVC writes it back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from dvc.utils.hydra import apply_overrides
from dvc.utils.serialize import modify_yaml

from ganvae.core import config, machine
from ganvae.core.config import Block
from ganvae.errors import UserError
from ganvae.models.base import build, contract
from stages import celeba_data
from stages.check_params import check, slow_precision

PARAMS = Path(__file__).parents[1] / "params.yaml"
VALUES = config.load(PARAMS)
MODELS = list(VALUES["models"])


def model_params(name: str) -> type[Block]:
    schema: type[Block] = build.model(name).Params
    return schema


def test_the_committed_file_is_valid() -> None:
    assert set(build.known("models")) >= set(MODELS) >= {"gan", "wgan", "vae", "vaegan", "cvaegan"}
    networks = config.block(contract.NetworksParams, VALUES, "networks")
    assert networks.architecture in build.known("networks")
    for name in MODELS:
        params = config.block(model_params(name), VALUES, f"models.{name}")
        assert params.model_dump(by_alias=True) == VALUES["models"][name]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({1: 2}, "params.yaml: 1: unknown key"),
        ({"models": {7: {}}}, "params.yaml: models.7: unknown key"),
        ({"trian": {}}, r"params.yaml: trian: unknown key \(did you mean train\?\)"),
    ],
)
def test_keys_that_no_stage_knows(changed: dict[Any, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        check({**VALUES, **changed})


def keys(block: dict[str, Any]) -> set[str]:
    nested = [keys(value) for value in block.values() if isinstance(value, dict)]
    return set(block).union(*nested)


@pytest.mark.parametrize("name", MODELS)
def test_no_key_stands_in_train_and_in_a_model(name: str) -> None:
    """Nothing overrides silently."""
    assert not keys(VALUES["train"]) & keys(VALUES["models"][name])


def test_the_example_in_the_readme_changes_something() -> None:
    """`dvc exp run -S train.lr=2e-4`."""
    assert VALUES["train"]["lr"] != 2e-4


def changed_lines(
    overrides: list[str], tmp_path: Path, params: Path = PARAMS
) -> list[tuple[str, str]]:
    """(before, after) of the lines that differ after DVC wrote the file with overrides."""
    path = tmp_path / "params.yaml"
    path.write_bytes(params.read_bytes())
    if overrides:
        apply_overrides(path, overrides)
    else:
        with modify_yaml(path):
            pass
    before, after = params.read_bytes().decode(), path.read_bytes().decode()
    pairs = zip(before.splitlines(True), after.splitlines(True), strict=True)
    return [(one, other) for one, other in pairs if one != other]


@pytest.mark.parametrize("file", ["params.yaml", config.PAPERS_FILE, celeba_data.FILE], ids=str)
def test_dvc_writes_the_committed_form(tmp_path: Path, file: str | Path) -> None:
    """Else the first `dvc exp run -S` changes lines that nobody asked to change."""
    assert changed_lines([], tmp_path, PARAMS.parent / file) == []


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("train.lr=2e-4", "train.lr", 2e-4),
        ("train.lr=5e-5", "train.lr", 5e-5),
        ("train.lr=0.00001", "train.lr", 1e-5),
        ("networks.architecture=mi2018", "networks.architecture", "mi2018"),
        ("models.wgan.clip=0.01", "models.wgan.clip", 0.01),
        ("models.cvaegan.lambda=3", "models.cvaegan.lambda", 3),
        ("data.folder=/a/folder", "data.folder", "/a/folder"),
        (f"train.lr={VALUES['train']['lr']!r}", "train.lr", VALUES["train"]["lr"]),
    ],
)
def test_dvc_changes_one_line_and_numbers_stay_numbers(
    tmp_path: Path, override: str, path: str, value: Any
) -> None:
    key = path.rsplit(".", maxsplit=1)[1]
    changed = changed_lines([override], tmp_path)
    assert len(changed) == (config.section(VALUES, path) != value)
    for before, after in changed:
        assert before.lstrip().startswith(f"{key}:")
        assert before.partition("#")[1:] == after.partition("#")[1:], "the comment stays"
    read = config.section(config.load(tmp_path / "params.yaml"), path)
    assert (type(read), read) == (type(value), value)


def test_an_architecture_without_a_models_network_is_refused_before_anything_runs() -> None:
    networks = {**VALUES["networks"], "architecture": "mi2018_convolutional"}
    with pytest.raises(UserError, match="'mi2018_convolutional': has no encoder, which vae needs"):
        check({**VALUES, "networks": networks})
    networks = {**VALUES["networks"], "options": {"width": 2}}
    with pytest.raises(UserError, match=r"networks\.options = \{'width': 2\}: wide has none"):
        check({**VALUES, "networks": networks})


@pytest.mark.parametrize(
    ("device", "precision", "supported", "said"),
    [
        ("cpu", "bf16", False, True),
        ("cpu", "bf16", True, False),
        ("cpu", "fp32", False, False),
        ("cuda", "bf16", False, False),
    ],
)
def test_a_processor_without_bf16_is_named(
    monkeypatch: pytest.MonkeyPatch, device: str, precision: str, supported: bool, said: bool
) -> None:
    monkeypatch.setattr(machine, "device", lambda: torch.device(device))
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: supported)
    values = config.overlay(VALUES, {"train": {"precision": precision}})
    line = slow_precision(values, Path("papers/params.yaml"))
    assert (line is not None) == said
    assert not line or line.startswith("papers/params.yaml: train.precision = 'bf16': ")


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"train": {**VALUES["train"], "seeds": [2**63]}}, r"params.yaml: train.seeds.0 = 9223372"),
        ({"classifier": {**VALUES["classifier"], "seed": 2**64}}, "classifier.seed = 184467440737"),
    ],
)
def test_seeds_that_no_generator_takes(changed: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        check({**VALUES, **changed})
