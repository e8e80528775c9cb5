"""Experiments as a table: for a terminal, as Markdown, as CSV."""

import csv
import io
import textwrap
from collections.abc import Sequence

from ganvae.comparison import tables
from ganvae.comparison.columns import column
from ganvae.verbs.experiments import METRICS, Experiment

DIFFERS = "differs from the baseline in"
WIDTH = 120  # columns of a terminal
LONGEST_NAME, LEAST = 20, 20  # letters of a name in a line, and of what differs
TITLES = {"fid_classifier": "FID", "class_entropy": "entropy"}
LEGEND = (
    "+ better, - worse than the baseline by its mean; ++ and -- where a difference is shown, which "
    "takes five seeds (docs/metrics.md)"
)
HINT = "no experiments of this branch; `dvc exp run -S train.lr=2e-4` makes one"


def text(rows: Sequence[Experiment]) -> str:
    """At most `WIDTH` columns: a line for each metric, with a column for each model."""
    models = _models(rows)
    cells = [[row.cell(model, metric) for model in models] for row in rows for metric in METRICS]
    widths = [max(map(len, found)) for found in zip(models, *cells, strict=True)]
    heads = [_head(metric) for metric in METRICS]
    name = min(LONGEST_NAME, max(len(row.name) for row in rows))
    left = WIDTH - name - max(map(len, heads)) - sum(width + 2 for width in widths) - 4
    keys = [key for row in rows for key in row.differs()]
    differs = max(LEAST, min(left, max(map(len, [DIFFERS, *keys]))))
    form = "  ".join(f"{{:{size}}}" for size in (name, differs, max(map(len, heads))))
    form += "".join(f"  {{:>{width}}}" for width in widths)
    lines = [form.format("", DIFFERS, "", *models).rstrip()]
    for row in rows:
        about = [line for key in row.differs() or [_state(row)]
                 for line in textwrap.wrap(key, differs, subsequent_indent="  ")]  # fmt: skip
        columns = [textwrap.wrap(row.name, name), about, heads]
        for number in range(max(map(len, columns))):
            texts = [found[number] if number < len(found) else "" for found in columns]
            metric = METRICS[number] if number < len(METRICS) else ""
            numbers = [row.cell(model, metric) if metric else "" for model in models]
            lines.append(form.format(*texts, *numbers).rstrip())
    said = textwrap.wrap(LEGEND if len(rows) > 1 else HINT, WIDTH)
    return "\n".join([*lines, "", *said, ""])


def markdown(rows: Sequence[Experiment]) -> str:
    """A line for each experiment, with a column for each metric of each model."""
    models = _models(rows)
    heads = [f"{model}, {_head(metric)}" for metric in METRICS for model in models]
    lines = [
        [row.name, "; ".join(row.differs()) or _state(row)]
        + [row.cell(model, metric) for metric in METRICS for model in models]
        for row in rows
    ]
    return tables.plain(["", "differs in", *heads], lines) + f"\n{LEGEND}\n"


def as_csv(rows: Sequence[Experiment]) -> str:
    """The same with all digits; `<metric>_<model>`, and its mark in `<metric>_<model>_mark`."""
    models = _models(rows)
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    pairs = [(metric, model) for metric in METRICS for model in models]
    heads = [f"{metric}_{model}{end}" for metric, model in pairs for end in ("", "_mark")]
    table.writerow(["name", "state", "differs", *heads])
    for row in rows:
        found = [(row.values.get(model, {}).get(metric, ""),
                  row.marks.get(model, {}).get(metric, "")) for metric, model in pairs]  # fmt: skip
        cells = [cell for pair in found for cell in pair]
        table.writerow([row.name, row.state, "; ".join(row.differs()), *cells])
    return file.getvalue()


def _models(rows: Sequence[Experiment]) -> list[str]:
    return list(dict.fromkeys(model for row in rows for model in row.values))


def _head(metric: str) -> str:
    return column(metric).head.replace(column(metric).title, TITLES[metric])


def _state(row: Experiment) -> str:
    return "nothing" if row.state == "success" else row.state
