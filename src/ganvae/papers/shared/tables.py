"""Tables that several reports have, and the reader of the experiments' own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ganvae.errors import UserError
from ganvae.papers.shared.results import Result

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


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """An experiment's table. Raises `UserError` if it is missing or lacks one of the columns."""
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (ValueError, UnicodeDecodeError) as error:  # pandas' own are ValueErrors
        raise UserError(f"{path}: damaged table: {error}") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}")
    return table
