"""Wrong contents made of right ones: damaged bytes, and values that are well-formed and wrong."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Spoil = Callable[[random.Random, bytes], bytes]

WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 1, 7, 0.5, -0.0, 2**31, 2**63, 10**30, 1e308, float("nan"), float("inf"),
    "", "a", "0", "../x", "\x00", "é" * 50, [], [0], [[1]], ["a"], {}, {"a": 1}, {"": None},
)  # fmt: skip


def of_bytes(rng: random.Random, content: bytes) -> bytes:
    """One to four damages: bits flipped, parts cut, doubled, zeroed, replaced or shuffled."""
    spoiled = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(spoiled) + 1)
        end = min(len(spoiled), at + rng.choice((1, 2, 4, 8, 64, 1000)))
        kind = rng.randrange(7)
        if kind == 0 and at < len(spoiled):
            spoiled[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del spoiled[at:]
        elif kind == 2:
            del spoiled[at:end]
        elif kind == 3:
            spoiled[at:at] = spoiled[at:end]
        elif kind == 4:
            spoiled[at:end] = bytes(end - at)
        elif kind == 5:
            spoiled[at:end] = rng.randbytes(end - at)
        else:
            spoiled[at:end] = b"\xff" * (end - at)
    return bytes(spoiled)


def of_json(rng: random.Random, content: bytes) -> bytes:
    """A value replaced by a wrong one, left out or doubled, once to three times."""
    return json.dumps(of_values(rng, json.loads(content))).encode()


def of_values(rng: random.Random, content: Any) -> Any:
    """The same of nested dictionaries and lists."""
    spoiled = copy.deepcopy(content)
    for _ in range(rng.randint(1, 3)):
        holder, key = _place(rng, spoiled)
        if holder is None:
            return rng.choice(WRONG)
        kind = rng.randrange(4)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(rng.choice(WRONG))
    return spoiled


def of_tensors(rng: random.Random, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A tensor left out, renamed, or of another type, shape or value, once to three times."""
    spoiled = dict(tensors)
    for _ in range(rng.randint(1, 3)):
        if not spoiled:
            break
        name = rng.choice(list(spoiled))
        spoiled |= {name: _tensor(rng, spoiled[name])}
        if rng.randrange(4) == 0:
            value = spoiled.pop(name)
            if rng.randrange(2):
                spoiled[name + rng.choice(("x", "/9", ""))] = value
    return spoiled


def _tensor(rng: random.Random, value: Tensor) -> Tensor:
    kinds: tuple[Callable[[], Tensor], ...] = (
        lambda: value.to(rng.choice((torch.float64, torch.float16, torch.int32, torch.bool))),
        lambda: value[:0] if value.ndim else value,
        lambda: value[: rng.randint(1, max(1, len(value)))] if value.ndim else value,
        lambda: value.flatten(),
        lambda: value.unsqueeze(0),
        lambda: torch.full_like(value, rng.choice((0, 1, 100))),
        lambda: torch.full_like(value, float("nan")) if value.is_floating_point() else value * 99,
        lambda: torch.full_like(value, _largest(value)),
    )
    return rng.choice(kinds)().clone()


def _largest(value: Tensor) -> float:
    return torch.finfo(value.dtype).max if value.is_floating_point() else 1


def _place(rng: random.Random, content: Any) -> tuple[Any, Any]:
    """A holder, a dictionary or a list, and a key in it; none where there is nothing to hold."""
    here, found = content, (None, None)
    while isinstance(here, dict | list) and here:
        key = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
        found = (here, key)
        if rng.randrange(4) == 0:
            break
        here = here[key]
    return found
