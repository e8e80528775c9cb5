"""Reads `params.yaml` and checks a block against the schema that stands beside its consumer."""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from ganvae.errors import ParameterError, UserError

PARAMS_FILE = Path("params.yaml")
PAPERS = Path("papers")  # the source papers' project
PAPERS_FILE = PAPERS / PARAMS_FILE

DEEPEST, MOST_VALUES = 20, 100_000  # of a file of parameters
LONGEST = 300  # letters of what an error quotes

B = TypeVar("B", bound="Block")


class Block(BaseModel):
    """Base of every schema: no unknown keys, no silent conversion, no defaults, read-only."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2 floats: DVC writes 5e-05, which YAML 1.1 reads as text.

    It copies what `<<` merges, merges of merges too, so it stops before a few lines become more
    pairs than memory has room for.
    """

    merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """As PyYAML's; raises `ValueError` for too many pairs."""
        before = len(node.value)
        super().flatten_mapping(node)
        self.merged += max(0, len(node.value) - before)
        if self.merged > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES} values by merge keys")


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$"
        r"|[-+]?[0-9]+[eE][-+]?[0-9]+$"
        r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
    ),
    list("-+0123456789."),
)


def parse(text: str) -> Any:
    """Parses YAML text; numbers such as 2e-4, 5e-05 and 1e5 are floats."""
    return yaml.load(text, Loader=_Loader)


def load(path: Path = PARAMS_FILE) -> dict[str, Any]:
    """Returns the mapping in `path`. Raises `UserError` if it is missing or no YAML mapping."""
    try:
        values = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the repository's root") from None
    except OSError:
        raise
    except Exception as error:  # PyYAML's constructors let pass whatever they stumble over
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: not valid YAML: {shortened(said)}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: a mapping of sections is expected")
    if _count(values, DEEPEST) > MOST_VALUES:
        raise UserError(
            f"{path}: nested more than {DEEPEST} deep, or more than {MOST_VALUES} values, those "
            "that aliases stand for among them"
        )
    return values


def _count(value: Any, depth: int, known: dict[int, float] | None = None) -> float:
    """Values in `value`, each alias counted as what it stands for; infinite beyond `depth`.

    Some lines of aliases of aliases are more values than any program can walk through.
    """
    if not isinstance(value, dict | list):
        return 1
    known = {} if known is None else known
    if depth == 0:
        return math.inf
    if id(value) not in known:
        known[id(value)] = math.inf  # if it holds itself
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, depth - 1, known) for part in parts)
    return known[id(value)]


def shortened(text: str) -> str:
    """At most so much of `text` as is read in a line."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`below` with the values of `above` in their place; blocks are merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        merged[key] = overlay(old, value) if isinstance(old, dict) else value
    return merged


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted keys of nested mappings with their values; an empty mapping is a value."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def section(values: Mapping[str, Any], path: str) -> Any:
    """Returns the part of `values` at a dotted path. Raises `UserError` where there is none."""
    here: Any = values
    for depth, key in enumerate(path.split(".")):
        if not isinstance(here, Mapping) or key not in here:
            missing = ".".join(path.split(".")[: depth + 1])
            raise ParameterError(f"{missing}: missing")
        here = here[key]
    return here


def block(schema: type[B], values: Mapping[str, Any], path: str) -> B:
    """Checks the block of `values` at the dotted `path` against `schema`.

    Raises:
        UserError: one line with the dotted path, the value, what is allowed and, for an unknown
            key, the nearest known one.
    """
    part = section(values, path)
    try:
        return schema.model_validate(part)
    except ValidationError as error:
        raise ParameterError(_explain(error.errors(), path, schema)) from None


def unknown(path: str, key: str, known: Iterable[str]) -> str:
    """The one line for an unknown key at `path`, naming the nearest of the `known` ones."""
    known = sorted(known)
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}"
    full = f"{path}.{key}" if path else key
    return f"{full}: unknown key ({hint})"


def _explain(errors: list[ErrorDetails], path: str, schema: type[Block]) -> str:
    first = sorted(errors, key=lambda e: e["type"] != "extra_forbidden")[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        owner = _schema_at(schema, first["loc"][:-1])
        fields = owner.model_fields if owner else {}
        names = [field.alias or name for name, field in fields.items()]
        return unknown(".".join([path, *where[:-1]]), where[-1], names)
    full = ".".join([path, *where])
    if first["type"] == "missing":
        return f"{full}: missing"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if first["type"] == "value_error":  # from a schema's own check, which words the whole message
        return f"{full}: {message}"
    return f"{full} = {shortened(repr(first['input']))}: allowed: {message}"


def _schema_at(schema: type[Block], loc: tuple[int | str, ...]) -> type[Block] | None:
    """The schema of the nested block at `loc`, to name the nearest key of the right level."""
    here: type[Block] | None = schema
    for part in loc:
        fields = here.model_fields if here else {}
        names = {field.alias or name: field for name, field in fields.items()}
        kind = names[part].annotation if isinstance(part, str) and part in names else None
        here = kind if isinstance(kind, type) and issubclass(kind, Block) else None
    return here
