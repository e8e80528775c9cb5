"""The metrics' self-test as a table: which metric sees which planted fault."""

from typing import Any

import pandas as pd

from ganvae.comparison.columns import ordered
from ganvae.comparison.measurements import Study
from ganvae.comparison.tables import NONE, Part, table

COLUMNS = ("metric", "fault", "mean", "reach", "faulty", "expected", "seen", "told")
UNCHANGED = "unchanged"
FAILED = ("not seen", "moved")
SEEN = {1: "↑", -1: "↓", 0: "·"}


def frame(study: Study) -> pd.DataFrame:
    """The entries of `floors.selftest`, metric by metric; `unchanged` is no fault and comes last.

    Columns `COLUMNS`: a fault counts as seen outside mean +- reach of the sets without one; `told`
    says "not seen" of one that the metric exists to see, "moved" where nothing was planted.
    """
    found = pd.DataFrame(study.selftest, columns=COLUMNS)
    place = {name: i for i, name in enumerate(ordered(set(found["metric"])))}
    found["place"], found["last"] = found["metric"].map(place), found["fault"] == UNCHANGED
    return found.sort_values(["place", "last"], kind="stable")[list(COLUMNS)]


def parts(study: Study) -> list[Part]:
    """Rows metrics, columns faults: an arrow where the metric moved, bold where it has to."""
    found = frame(study)
    if found.empty:
        return ["No fault was planted."]
    faults = list(dict.fromkeys(found.sort_values("fault", key=_last, kind="stable")["fault"]))
    cells = {(e["metric"], e["fault"]): _cell(e) for e in found.to_dict("records")}
    lines = [
        [metric, *(cells.get((metric, fault), NONE) for fault in faults)]
        for metric in dict.fromkeys(found["metric"])
    ]
    shown = table(["", *(fault.replace("_", " ") for fault in faults)], lines)
    failed = found[found["told"].isin(FAILED)]
    if failed.empty:
        return [shown]
    each = ", ".join(
        f"{row['metric']} ({row['fault'].replace('_', ' ')}: {row['told']})"
        for row in failed.to_dict("records")
    )
    return [shown, f"**Failed, so these metrics say less on these images:** {each}."]


def _last(faults: "pd.Series[str]") -> "pd.Series[bool]":
    return faults == UNCHANGED


def _cell(entry: dict[Any, Any]) -> str:
    arrow = SEEN[entry["seen"]]
    return f"**{arrow}**" if entry["expected"] else arrow
