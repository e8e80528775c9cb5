"""The published values and their settings beside the measured ones, as texts and tables."""

from collections.abc import Sequence
from typing import Any

from ganvae.comparison import published
from ganvae.comparison.columns import Column
from ganvae.comparison.published import Published
from ganvae.comparison.tables import NONE, Part, amount, table


def parts(values: Sequence[Published]) -> list[Part]:
    """Two tables, of values and of settings, with what the paper does not give."""
    lines = [
        [
            value.row,
            value.metric,
            f"{value.value:.3f}",
            amount(value.measured, Column("", 3)),
            _match(value),
        ]
        for value in values
    ]
    header = ["model", "metric", "published", "measured", "same protocol"]
    return [
        f"Published: {published.SOURCE}.",
        table(header, lines, numbers=False),
        "Its settings, as far as the paper gives them, and those used here:",
        _settings(values),
        f"Not given there, so not compared: {', '.join(published.NOT_GIVEN)}.",
    ]


def _match(value: Published) -> str:
    count = len(value.differs)
    return f"no, {count} setting{'s' * (count > 1)} differ{'s' * (count == 1)}" if count else "yes"


def _settings(values: Sequence[Published]) -> Part:
    """One line per setting; one that several models share stands once, with all their names."""
    who: dict[tuple[str, ...], list[str]] = {}
    for value in values:
        for setting in value.settings:
            values_of_it = (_plain(setting.published), _plain(setting.here))
            key = (setting.name, *values_of_it, "yes" if setting.same else "no")
            who.setdefault(key, []).append(value.row)
    lines = [[*key, ", ".join(rows)] for key, rows in who.items()]
    return table(["setting", "published", "here", "same", "concerns"], lines, numbers=False)


def _plain(value: Any) -> str:
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int) else str(value)
