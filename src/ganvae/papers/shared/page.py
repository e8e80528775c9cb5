"""`docs/results.md`: every published number and claim beside what was measured, and six answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ganvae.comparison.tables import plain
from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.papers.shared import claims, initial_weights, values, verdicts
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import LENGTH, Values
from ganvae.papers.shared.tables import read_table
from ganvae.papers.shared.verdicts import Verdict

TITLES = {
    "mi2018": 'Mi, Shen & Zhang, "A Probe Towards Understanding GAN and VAE Models" (2018)',
    "battineedi2023": '"CAP6610 Project Report" (2023)',
    "ghosh2020": '"Comparative study between VAE and GAN" (2020)',
    "tikayyolla2020": '"Comparative Analysis of GAN and VAE" (2020)',
    "parakatta2023": '"VAE v/s GAN — A case study" (2023)',
}
QUESTIONS = (
    "Does the plain GAN collapse on MNIST, and does the Wasserstein loss cure it?",
    "Is the VAE blurrier, and by how much?",
    "How much longer does the GAN take to reach the same quality?",
    "Does depth matter for the VAE, and does convolution turn the order around?",
    "Does the constraint of mi2018 help, by how much, and for which lambda and d?",
    "Does any ordering hold on a second data set?",
)
# by question, in the folders of the papers
FIGURES = {
    1: (
        "mi2018/gan_by_seed",
        "mi2018/class_entropy",
        "mi2018/samples",
        "tikayyolla2020/gan_losses",
    ),
    2: ("ghosh2020/samples", "tikayyolla2020/side_by_side", "parakatta2023/data_sets"),
    3: ("battineedi2023/gan_training", "tikayyolla2020/accuracy"),
    4: ("tikayyolla2020/vae_losses", "ghosh2020/samples"),
    5: ("mi2018/map", "mi2018/map_wide", "mi2018/image_entropy", "mi2018/gradients"),
    6: ("parakatta2023/data_sets", "parakatta2023/fashion_samples"),
}
SHOWN = ["claim", "systems", "seeds", "length", "published", "measured", "protocol", "verdict"]
KEPT = ("seeds", "length", "measured", "protocol")  # of an earlier report's row
EARLIER = "judged by an earlier rule"
ENDS = ("seeds", "collapsed", "diverged")
LEADS = {
    "holds": "What holds",
    "does not hold": "What does not",
    "cannot tell": "What these lengths and seeds cannot tell",
    "no claim": "Numbers without a claim",
}
INTRODUCTION = f"""\
# The source papers, re-run

Every number and claim that five texts publish, beside what this project measured. Begin with the
table of verdicts, then take the question that you care for. A system is a model as its paper
describes it; `study_<model>` is one of the main study, as that was when the paper was last run.
`length` is the share of the paper's own training length that was run, or of an assumed one where
the text has none (of an experiment, its length). "Cannot tell" says why: one seed, seeds that do
not tell at the [project's standard](metrics.md#uncertainty), too short a training, or measures that
contradict each other. The claims and their rules stand in `papers/<paper>/claims.yaml`, the
systems in `papers/params.yaml`, the readings of the texts in the docstrings of
`src/ganvae/networks` and `src/ganvae/models`. "{EARLIER.capitalize()}" is said of a row whose
numbers by seed were not kept when its paper was run: it shows what the earlier report said. A rule
can say more than the images do: [verdicts to read with
care](papers.md#verdicts-to-read-with-care). `python -m stages.results_page` writes this page from
the tables in `papers/`.
"""


def read(folder: Path, paper: str) -> pd.DataFrame | None:
    """A paper's rows, all as text: columns `SHOWN`, `outcome` (a key of `LEADS`), `question`.

    Rows are judged anew from `values.csv`; one that needs values which are not there shows the
    earlier report's row, from `findings.csv`, if there is one.

    Returns:
        None where the paper has no report yet.

    Raises:
        UserError: a file is of another form.
    """
    report = folder / paper / "report"
    if not report.exists():
        return None
    own = claims.read(paper, folder)
    file, earlier = report / "values.csv", earlier_rows(report / "findings.csv")
    found = values.read(file) if file.exists() else {}
    blocks = config.load(folder / "params.yaml")
    rows = []
    for judged in verdicts.tell(paper, own, found).values():
        row = _judged(judged, found, blocks, paper)
        known = earlier.get(judged.claim.title) or earlier.get(judged.claim.claim)
        if known and not _is_known(judged, found):
            row |= {key: known[key] for key in KEPT}
            if judged.verdict != "no claim" and known["verdict"] != "no claim":
                row |= {"outcome": known["verdict"], "verdict": f"{known['verdict']} ({EARLIER})"}
        rows.append(row)
    return pd.DataFrame(rows)


def earlier_rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows of an earlier report by their claims, with and without the section."""
    if not path.exists():
        return {}
    table = read_table(path, ("claim", "verdict", *KEPT), texts=True)
    if unknown := set(table["verdict"]) - LEADS.keys():
        raise UserError(f"{path}: no such verdict: {', '.join(sorted(unknown))}")
    by_title = {str(row["claim"]): row for row in map(_texts, table.to_dict("records"))}
    return {title.rpartition(" (")[0] or title: row for title, row in by_title.items()} | by_title


def _texts(row: Mapping[Any, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in row.items()}


def _is_known(judged: Verdict, found: Values) -> bool:
    """Whether a row's numbers were kept: all that it needs, and some of each of its systems."""
    kept = [tuple(need.split(".", 1)) in found for need in judged.needs]
    # a reading that was not kept takes no part
    enough = any(kept) if "any_reading" in judged.claim.rule else all(kept)
    return enough and set(judged.claim.systems) <= {system for system, _ in found}


def _judged(
    judged: Verdict, found: Values, blocks: Mapping[str, Any], paper: str
) -> dict[str, str]:
    claim = judged.claim
    reason = f": {judged.reason}" if judged.reason else ""
    return {
        "claim": claim.title,
        "systems": ", ".join(claim.systems),
        "seeds": judged.seeds,
        "length": _length(claim, found, blocks, paper),
        "published": claim.text,
        "measured": judged.measured,
        "protocol": _protocol(claim, blocks, paper),
        "verdict": judged.verdict + reason,
        "outcome": judged.verdict,
        "question": str(claim.question or ""),
    }


def _length(claim: Claim, found: Values, blocks: Mapping[str, Any], paper: str) -> str:
    """Shares of the paper's length, from the smallest on, or an experiment's own length."""
    experiments = {**(blocks.get("experiments") or {}), **(blocks.get("maps") or {})}
    for system in claim.systems:
        if params := experiments.get(f"{paper}_{system}", {}).get("params"):
            if epochs := params.get("epochs") or params.get("train", {}).get("epochs"):
                return f"{epochs:g} epochs"
            return f"{params['gan']['generator_updates']:,} updates"
    lengths = sorted({v.mean for s in claim.systems if (v := found.get((s, LENGTH)))})
    ends = dict.fromkeys((*lengths[:1], *lengths[-1:]))
    return " to ".join(f"{length:.3g}" for length in ends)


def _protocol(claim: Claim, blocks: Mapping[str, Any], paper: str) -> str:
    """The claim's note, and what is unlike the paper in its systems."""
    words = [claim.note]
    for system in claim.systems:
        block = blocks["systems"].get(f"{paper}_{system}", {})
        of_paper = blocks["papers"].get(paper, {}) if block else {}
        train, networks = (
            {**of_paper.get(key, {}), **block.get(key, {})} for key in ("train", "networks")
        )
        words += [
            block.get("differs", ""),
            "trained in bf16" if train.get("precision") == "bf16" else "",
            "Keras's initial weights" if networks.get("initialisation") == "keras" else "",
        ]
    return "; ".join(dict.fromkeys(word for word in words if word)) or "as the text is read"


def page(folder: Path) -> str:
    """The whole page as Markdown.

    Args:
        folder: `papers/`, with a folder per paper that has a report.

    Raises:
        UserError: no paper has a report, or one is of another form.
    """
    tables = {paper: table for paper in TITLES if (table := read(folder, paper)) is not None}
    if not tables:
        raise UserError(f"{folder}: no report yet; run dvc repro in it")
    weights = initial_weights.section(folder)
    lead = (INTRODUCTION, _counts(tables), weights, "## The questions the papers leave open\n")
    parts = [part for part in lead if part]
    parts += [_answer(folder, number, tables) for number in range(1, len(QUESTIONS) + 1)]
    parts += [_paper(folder, paper, table) for paper, table in tables.items()]
    return "\n".join(parts)


def _counts(tables: Mapping[str, pd.DataFrame]) -> str:
    counted = {paper: table["outcome"].value_counts().to_dict() for paper, table in tables.items()}
    rows = [[paper, *(str(counts.get(v, 0)) for v in LEADS)] for paper, counts in counted.items()]
    missing = [paper for paper in TITLES if paper not in tables]
    note = f"\nWithout a report yet: {', '.join(missing)}.\n" if missing else ""
    return plain(["paper", *LEADS], rows) + note


def _answer(folder: Path, number: int, tables: Mapping[str, pd.DataFrame]) -> str:
    """The claims on the question by their verdicts, and the figures that show it."""
    found = [
        (row["outcome"], f"{_sentence(row['claim'])} ({paper}): {row['measured']}{_mark(row)}.")
        for paper, table in tables.items()
        for _, row in table[table["question"] == str(number)].iterrows()
    ]
    heading = f"### {number}. {QUESTIONS[number - 1]}\n"
    if not found:
        return f"{heading}\nNo report answers it yet.\n"
    verdicts = [verdict for verdict, _ in found]
    claims = len(found) - verdicts.count("no claim")
    parts = [
        f"Claims on it: {claims} (holds {verdicts.count('holds')}, does not hold "
        f"{verdicts.count('does not hold')}, cannot tell {verdicts.count('cannot tell')})."
    ]
    if number == 1 and (ended := collapses(folder)):
        parts.append(ended)
    for verdict, lead in LEADS.items():
        if own := [text for kind, text in found if kind == verdict]:
            parts.append(_listed(f"{lead}:", own))
    images = [stem for stem in FIGURES[number] if _figure(folder, stem).exists()]
    shown = " ".join(f"[{stem}](../papers/{_figure(Path(), stem)})" for stem in images)
    return (
        "\n\n".join([heading.strip(), *parts, f"Figures: {shown}" if shown else ""]).strip() + "\n"
    )


def _listed(lead: str, lines: Sequence[str]) -> str:
    return "\n".join([lead, "", *(f"- {line}" for line in lines)])


def _mark(row: "pd.Series[str]") -> str:
    return f" [{EARLIER}]" if EARLIER in row["verdict"] else ""


def _figure(folder: Path, stem: str) -> Path:
    paper, name = stem.split("/")
    return folder / paper / "report" / f"{name}.png"


def collapses(folder: Path) -> str:
    """How many seeds of every adversarial system of all papers ended collapsed or diverged."""
    ends: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*/report/*.csv")):
        if not {"system", *ENDS} <= set(read_table(path, ())):
            continue
        table = read_table(path, ("system",), ENDS)
        for row in table[table["system"].astype(str).str.contains("gan")].to_dict("records"):
            if any(pd.isna(row[end]) for end in ENDS):
                raise UserError(f"{path}: {row['system']} without its {', '.join(ENDS)}")
            finished, diverged = int(row["seeds"]), int(row["diverged"])
            ended = f"{int(row['collapsed']) + diverged} of {finished + diverged}"
            ends.setdefault(path.parents[1].name, []).append(f"{row['system']} {ended}")
    what = "collapsed, which a generator that has not begun to draw is too, or diverged"
    lines = [f"{paper}: {', '.join(systems)}" for paper, systems in ends.items()]
    return _listed(f"Seeds that ended {what}:", lines) if lines else ""


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:]


def _paper(folder: Path, paper: str, table: pd.DataFrame) -> str:
    report = folder / paper / "report"
    rows = [list(row) for row in table[SHOWN].itertuples(index=False)]
    figures = sorted(path.name for path in report.glob("*.png"))
    shown = [
        f"![{name.removesuffix('.png').replace('_', ' ')}](../papers/{paper}/report/{name})\n"
        for name in figures
    ]
    others = sorted(path.name for path in report.glob("*.csv"))
    links = ", ".join(f"[{name}](../papers/{paper}/report/{name})" for name in others)
    heading = f"## {paper}: {TITLES[paper]}\n"
    parts = [*devices(report), plain(SHOWN, rows), f"Tables: {links}\n", *shown]
    return "\n".join([heading, *parts])


def devices(folder: Path) -> list[str]:
    """A line that says what a paper's systems were trained on, where one of its tables says so."""
    for path in sorted(folder.glob("*.csv")):
        table = read_table(path, ())
        if {"system", "device"} <= set(table.columns):
            found = {str(on): [*map(str, of)] for on, of in table.groupby("device")["system"]}
            words = [f"{on} ({', '.join(of)})" for on, of in found.items()]
            return [f"Trained on {'; '.join(words if len(found) > 1 else found)}.\n"]
    return []


def write(folder: Path, path: Path) -> None:
    """Writes `page` to `path`."""
    storage.write_text(path, page(folder))
