"""The report of a study: what stands on its page, in which order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.colors import to_hex

from ganvae.comparison import facts, measurements, sections, summary, verdicts, words
from ganvae.comparison.captions import captions
from ganvae.comparison.measurements import Study
from ganvae.comparison.sections import Section
from ganvae.comparison.tables import NONE, Part, Table, table
from ganvae.core import config
from ganvae.figures import style
from ganvae.pages import explorer, html
from ganvae.pages.explorer import Explored, Plane, View
from ganvae.pages.html import Figure

PLOTS = Path("plots")
LARGEST_SVG = 400_000  # bytes; a larger one is shown as PNG
FIRST = ("samples",)
ALONG = "Along the training"
AFTER = sections.GENERATED_IMAGES
FIGURES = {
    sections.GENERATED_IMAGES: ("class_histograms", "image_entropy"),
    ALONG: ("timeline", "class_histogram_timeline", "training", "losses"),
    sections.RECONSTRUCTION: ("reconstructions", "latent_space", "interpolations"),
    sections.FIDELITY_AND_DIVERSITY: ("frechet_curve",),
    sections.COPIES_OF: ("nearest",),
    sections.SAME_TIME: ("budget",),
    sections.CONSTRAINT: ("constraint",),
}
STANDING = """\
How many of the other models each model is shown to be better (+) and worse (−) than; · no
difference is shown, – too few seeds or no such number."""  # noqa: RUF001


@dataclass(frozen=True)
class Chapter:
    """A section with the figures below it."""

    section: Section
    figures: Sequence[Figure]


def of_folder() -> str:
    """The page of the study in the current folder, from what was measured and its figures.

    Raises:
        UserError: a result or a figure is missing or damaged.
    """
    with style.defaults():
        measured = measurements.read(config.load())
        return page(measured, PLOTS, explorer.explore(measured))


def page(study: Study, plots: Path, explored: Sequence[Explored]) -> str:
    """The whole page.

    Args:
        study: what was measured.
        plots: the folder of figures.
        explored: what the explorer shows; nothing where no model can be shown.

    Raises:
        UserError: a figure is missing.
    """
    rows = summary.rows(study)
    found = verdicts.frame(study, rows)
    figures = dict(_figures(study, plots))
    chapters = list(_chapters(sections.sections(study, rows, found), figures))
    return html.render(
        "study.html",
        script="explorer.js",
        title=f"{len(study.models)} generative models on {study.params['data']['name']}",
        conditions=facts.conditions(study),
        counts=_counts(study),
        sentences=words.sentences(study, rows, found),
        standing=words.standing(rows, found),
        standing_text=STANDING,
        first=[figures[stem] for stem in FIRST],
        explorer=_explorer(study, explored),
        chapters=chapters,
        settings=_settings(study.params),
        provenance=_provenance(study),
    )


def _counts(study: Study) -> list[tuple[str, str]]:
    """The numbers at the top: what each is, and the number."""
    seeds = [seed for model in study.models for seed in model.seeds]
    return [
        ("models", str(len(study.models))),
        ("seeds each", str(len(study.params["train"]["seeds"]))),
        ("trainings", str(len(seeds))),
        ("collapsed", str(sum(seed.collapsed for seed in seeds))),
        ("diverged", str(sum(not seed.finished for seed in seeds))),
        ("the judge's accuracy", f"{100 * study.classifier_accuracy:.1f} %"),
    ]


def _figures(study: Study, plots: Path) -> Iterator[tuple[str, Figure]]:
    names = ", ".join(model.name for model in study.models)
    for stem, caption in captions(study).items():
        vector, pixels = plots / f"{stem}.svg", plots / f"{stem}.png"
        small = vector.exists() and vector.stat().st_size <= LARGEST_SVG
        source = html.embedded(vector if small else pixels)
        yield stem, Figure(stem, source, f"{stem.replace('_', ' ')} of {names}", caption)


def _chapters(every: Iterable[Section], figures: Mapping[str, Figure]) -> Iterator[Chapter]:
    for section in every:
        yield Chapter(section, [figures[stem] for stem in FIGURES.get(section.title, ())])
        if section.title == AFTER:
            yield Chapter(Section(ALONG, []), [figures[stem] for stem in FIGURES[ALONG]])


def _explorer(study: Study, explored: Sequence[Explored]) -> dict[str, Any] | None:
    """What the explorer shows, and as `data` what its script reads."""
    drawn = {view.model for found in explored for view in found.views}
    if not drawn:
        return None
    colours, names = style.colours(model.name for model in study.models), study.classes.names
    classes = [
        {"name": name, "colour": to_hex(colour)}
        for name, colour in zip(names, style.of_classes(len(names)), strict=True)
    ]
    return {
        "planes": [
            {
                "name": found.plane.name,
                "said": found.plane.said,
                "ring": _across(found.plane),
                "sprites": {view.model: html.data_uri(view.sprite) for view in found.views},
            }
            for found in explored
        ],
        "models": {name: colour for name, colour in colours.items() if name in drawn},
        "classes": classes if any(v.classes for found in explored for v in found.views) else [],
        "word": study.classes.word,
        "steps": explorer.STEPS,
        "data": {
            "steps": explorer.STEPS,
            "classes": classes,
            "planes": [
                {
                    "reach": found.plane.reach,
                    "views": {view.model: _judged(view) for view in found.views},
                }
                for found in explored
            ],
        },
    }


def _across(plane: Plane) -> float | None:
    """The ring's width in percent of the plane's, whose outer points are the middles of tiles."""
    if plane.ring is None:
        return None
    return 100 * plane.ring / plane.reach * (explorer.STEPS - 1) / explorer.STEPS


def _judged(view: View) -> dict[str, Any]:
    keys = ("classes", "probabilities", "entropies")
    return {key: getattr(view, key) for key in keys}


def _settings(params: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Block by block the keys of `params.yaml` with their values; of a folder its name alone."""
    data = params["data"]
    if folder := data.get("folder"):
        data = {**data, "folder": Path(folder).name}
    rest = {name: block for name, block in params.items() if name not in ("data", "models")}
    models = {f"models.{name}": block for name, block in params["models"].items()}
    blocks = {"data": data, **rest, **models}
    return [
        (name, [(key, _shown(value)) for key, value in config.leaves(block or {})])
        for name, block in blocks.items()
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NONE if value in (None, {}) else str(value)


def _provenance(study: Study) -> list[Part]:
    """Machines, versions and commits: what trained and what evaluated."""
    runtime = summary.settings(study)["runtime"]
    keys = dict.fromkeys([*runtime["training"], *runtime["evaluation"]])
    lines = [
        [key, *(", ".join(runtime[of].get(key, [])) for of in ("training", "evaluation"))]
        for key in keys
    ]
    found: Table = table(["", "trained with", "evaluated with"], lines, numbers=False)
    return [found]
