"""Tables that several reports have, and the reader of the experiments' own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ganvae.errors import UserError
from ganvae.papers.shared.results import Result

LARGEST = 1e100  # beyond it squares overflow; no measure comes near
COSTS = ("parameters", "train_seconds", "sample_images_per_second")


def metrics_table(results: Mapping[str, Result], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per system: what it is, how its seeds ended, `<metric>` and `<metric>_std`.

    `length` is the paper's with its unit, `epochs` what was trained, seconds of one core or GPU.
    """
    rows = []
    for name, result in results.items():
        ((unit, length),) = result.block.length.items()
        row: dict[str, object] = {
            "system": name,
            "model": result.system.model,
            "latent_dim": result.latent_dim,
            "length": f"{length:g} {unit}",
            "epochs": result.values["train"]["epochs"],
            "seeds": len(result.seeds),
            "collapsed": result.collapsed,
            "diverged": result.diverged,
            "device": result.devices,
        }
        values = {metric: result.metric(metric) for metric in metrics}
        values |= {cost: result.cost(cost) for cost in COSTS}
        for metric, value in values.items():
            row[metric] = value.mean if value else None
            row[f"{metric}_std"] = value.std if value else None
        rows.append(row)
    return pd.DataFrame(rows)


def read_table(
    path: Path, columns: Sequence[str], numbers: Sequence[str] = (), *, texts: bool = False
) -> pd.DataFrame:
    """An experiment's table, or a report's.

    Args:
        path: CSV.
        columns: that must be there.
        numbers: further columns, of nothing but numbers, or gaps.
        texts: whether every cell is a text, an empty one too.

    Raises:
        UserError: it is missing or damaged, lacks a column, or a number is none.
    """
    try:
        table = pd.read_csv(path, dtype=str if texts else None, keep_default_na=not texts)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:  # pandas' own are ValueErrors
        raise UserError(f"{path}: damaged table: {error}") from None
    missing = [column for column in (*columns, *numbers) if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}")
    for column in numbers:
        kind = table[column].dtype
        if len(table) and (is_bool_dtype(kind) or not is_numeric_dtype(kind)):
            raise UserError(f"{path}: numbers expected in column {column}")
        if (table[column].abs() > LARGEST).any():
            raise UserError(f"{path}: a number beyond {LARGEST:g} in column {column}")
    return table
