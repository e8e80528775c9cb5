"""The resume state of a run, checked as it is read: one of other networks goes on to nonsense."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field, TypeAdapter
from torch import Tensor

from ganvae.errors import UserError

Numbers = dict[str, float]
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_ROWS = TypeAdapter(list[Numbers], config=_STRICT)
_SUMS = TypeAdapter(Numbers, config=_STRICT)
_COUNTS = TypeAdapter(dict[str, Annotated[int, Field(ge=1)]], config=_STRICT)


def read(path: Path, device: torch.device) -> dict[str, Any]:
    """What `storage.write_state` wrote. Raises `UserError` if it cannot be read."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except OSError:
        raise
    except Exception:  # torch lets pass whatever its reader stumbles over
        raise damaged(path) from None
    return state


def damaged(path: Path) -> UserError:
    """What to say of a state that no run of this task has written."""
    return UserError(f"{path}: damaged resume state; delete it")


def check_form(saved: Any, own: Any) -> None:
    """Raises `ValueError` unless `saved` has the keys, types and shapes of `own`."""
    if isinstance(own, Tensor):
        if not isinstance(saved, Tensor) or (saved.shape, saved.dtype) != (own.shape, own.dtype):
            raise ValueError("a tensor of another form")
    elif isinstance(own, Mapping):
        if not isinstance(saved, Mapping) or saved.keys() != own.keys():
            raise ValueError("other keys")
        for key, value in own.items():
            check_form(saved[key], value)
    elif isinstance(own, list | tuple):
        if type(saved) is not type(own) or len(saved) != len(own):
            raise ValueError("another list")
        for one, other in zip(saved, own, strict=True):
            check_form(one, other)
    elif type(saved) is not type(own):
        raise ValueError(f"a {type(saved).__name__} for a {type(own).__name__}")


def check_optimizer(saved: Any, optimizer: torch.optim.Optimizer) -> None:
    """Raises `ValueError` unless `saved` is a state of this optimizer, with or without a step.

    torch takes moments of any shape, and settings of any value, without a word.
    """
    own = optimizer.state_dict()
    check_form(saved, {**own, "state": saved["state"]})
    if _settings(saved) != _settings(own):
        raise ValueError("other settings")
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    of_adam = {"step", "exp_avg", "exp_avg_sq"}
    for number, moments in saved["state"].items():
        if isinstance(optimizer, torch.optim.Adam) and moments.keys() not in (of_adam, set()):
            raise ValueError("moments that Adam does not have, or not all")
        check_form(
            {name: value for name, value in moments.items() if name != "step"},
            {name: parameters[number] for name in moments if name != "step"},
        )
        if "step" in moments:
            check_form(moments["step"], torch.tensor(0.0))


def check_history(saved: Mapping[str, Any]) -> None:
    """Raises `ValueError` unless these are a history's rows, sums and counts."""
    if any("step" not in row for row in _ROWS.validate_python(saved["rows"])):
        raise ValueError("a row of no step")
    sums, counts = _SUMS.validate_python(saved["sums"]), _COUNTS.validate_python(saved["counts"])
    if sums.keys() != counts.keys():
        raise ValueError("sums without counts")


def _settings(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of all groups; the rate, a tensor, is written at every step."""
    groups = state["param_groups"]
    return [{name: v for name, v in group.items() if name != "lr"} for group in groups]
