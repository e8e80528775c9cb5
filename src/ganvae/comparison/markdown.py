"""The comparison as text that reads well in a terminal and on GitHub."""

from collections.abc import Callable, Sequence
from typing import Any

from ganvae.comparison import published
from ganvae.comparison.published import Published
from ganvae.comparison.study import Seed, Study
from ganvae.comparison.summary import Row, Spread, settings

NONE = "–"  # noqa: RUF001 (an en dash reads better than a hyphen in an empty cell)
Format = Callable[[float], str]


def _digits(count: int) -> Format:
    return lambda value: f"{value:,.{count}f}"


QUALITY: dict[str, tuple[str, Format]] = {
    "class_entropy": ("class entropy ↑", _digits(3)),
    "image_entropy": ("image entropy ↓", _digits(3)),
    "fid_classifier": ("FID, classifier ↓", _digits(2)),
    "reconstruction_mse": ("MSE ↓", _digits(4)),
    "negative_elbo": ("-ELBO ↓", _digits(2)),
    "reconstruction_nats": ("reconstruction", _digits(2)),
    "kl_nats": ("KL", _digits(2)),
}
COST: dict[str, tuple[str, Format]] = {
    "parameters": ("parameters", _digits(0)),
    "generator_updates": ("generator updates", _digits(0)),
    "train_seconds": ("train seconds", _digits(0)),
    "train_images_per_second": ("images/s", _digits(0)),
    "peak_memory_mib": ("peak MiB", _digits(0)),
}
SEEDS_COLUMN = "finished / collapsed / diverged"


def render(study: Study, rows: Sequence[Row]) -> str:
    """The whole of `comparison.md`."""
    parts = [
        "# Comparison",
        _conditions(study),
        "## Quality",
        _spreads(rows, QUALITY),
        _legend(study),
        _irregular(study),
        "## Cost",
        _spreads([row for row in rows if row.finished is not None], COST),
        "## Beside the published values",
        *_published(published.beside(study, list(rows))),
        "## Seed by seed",
        _seeds(study),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table with padded columns; the first is aligned left, the others right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    rows = [
        [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        for line in [header, *lines]
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def _conditions(study: Study) -> str:
    facts = settings(study)
    protocol, runtime = facts["protocol"], facts["runtime"]
    seeds = ", ".join(str(seed) for seed in facts["seeds"])
    machine = "; ".join(f"{key} {', '.join(values)}" for key, values in runtime.items())
    params = study.params
    lines = [
        f"Data `{facts['data']}`, networks `{params['networks']['architecture']}` "
        f"({params['networks']['latent_dim']} latent dimensions), "
        f"{params['train']['epochs']} epochs, seeds {seeds}.",
        f"{protocol['generated_images']:,} generated images per seed against "
        f"{protocol['real_images']:,} real {protocol['real_split']} images; classifier "
        f"`{facts['classifier']['architecture']}`, test accuracy "
        f"{facts['classifier']['test_accuracy']:.4f}, {protocol['feature_width']} features.",
        f"Made with {machine}." if machine else "",
    ]
    return "\n".join(line for line in lines if line)


def _legend(study: Study) -> str:
    return (
        "Mean ± sample standard deviation over the finished seeds; collapsed seeds count as "
        "finished.\nEntropies, -ELBO and its parts are in nats, MSE is per pixel on [0, 1]; "
        "class entropy is at most ln 10 = 2.303.\n"
        "`real` compares training images with the test images, `real_halves` one half of the test "
        "images with the other." + _likelihoods(study)
    )


def _likelihoods(study: Study) -> str:
    blocks = study.params["models"]
    used = {name: b["likelihood"] for name, b in blocks.items() if b and "likelihood" in b}
    if len(set(used.values())) < 2:
        return ""
    each = ", ".join(f"{name} {likelihood}" for name, likelihood in used.items())
    return f"\n-ELBO and reconstruction are not comparable between likelihoods: {each}."


def _spreads(rows: Sequence[Row], columns: dict[str, tuple[str, Format]]) -> str:
    found = {n: c for n, c in columns.items() if any(n in row.metrics for row in rows)}
    header = ["model", "seeds", *(title for title, _ in found.values())]
    lines = [
        [
            row.name,
            NONE if row.finished is None else str(row.finished),
            *(_cell(row.metrics.get(name), form) for name, (_, form) in found.items()),
        ]
        for row in rows
    ]
    return table(header, lines)


def _cell(value: Spread | None, form: Format) -> str:
    if value is None:
        return NONE
    return form(value.mean) + (f" ± {form(value.std)}" if value.std is not None else "")


def _irregular(study: Study) -> str:
    """The number of collapsed and diverged seeds, each of them named."""
    lines = [_regular(seed, model.name) for model in study.models for seed in model.seeds]
    named = [line for line in lines if line]
    collapsed = sum(seed.collapsed for model in study.models for seed in model.finished)
    diverged = sum(not seed.finished for model in study.models for seed in model.seeds)
    total = f"Collapsed seeds: {collapsed}. Diverged seeds: {diverged}, of {len(lines)}."
    return "\n".join([total, *([""] if named else []), *(f"- {line}" for line in named)])


def _regular(seed: Seed, model: str) -> str:
    if not seed.finished:
        return f"{model}, seed {seed.seed}: diverged in `{seed.update}` at step {seed.step:,}"
    return f"{model}, seed {seed.seed}: collapsed" if seed.collapsed else ""


def _published(values: Sequence[Published]) -> list[str]:
    lines = [
        [
            value.row,
            value.metric,
            f"{value.value:.3f}",
            _cell(value.measured, _digits(3)),
            "yes" if not value.differs else f"no, {len(value.differs)} differ",
        ]
        for value in values
    ]
    header = ["model", "metric", "published", "measured", "same protocol"]
    return [
        f"Published: {published.SOURCE}.",
        table(header, lines),
        "Its settings, as far as the paper gives them, and those used here:",
        _settings(values),
        f"Not given there, so not compared: {', '.join(published.NOT_GIVEN)}.",
    ]


def _settings(values: Sequence[Published]) -> str:
    """One line per setting; one that several models share stands once, with all their names."""
    who: dict[tuple[str, str, str], list[str]] = {}
    for value in values:
        for setting in value.settings:
            key = (setting.name, _plain(setting.published), _plain(setting.here))
            who.setdefault(key, []).append(value.row)
    lines = [
        [name, there, here, "yes" if there == here else "no", ", ".join(rows)]
        for (name, there, here), rows in who.items()
    ]
    return table(["setting", "published", "here", "same", "concerns"], lines)


def _plain(value: Any) -> str:
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int) else str(value)


def _seeds(study: Study) -> str:
    columns = {**QUALITY, "train_seconds": COST["train_seconds"]}
    seeds = [(model.name, seed) for model in study.models for seed in model.seeds]
    found = {n: c for n, c in columns.items() if any(n in seed.metrics for _, seed in seeds)}
    lines = [
        [
            f"{name} {seed.seed}",
            "collapsed" if seed.collapsed else seed.state,
            *(
                form(seed.metrics[metric]) if metric in seed.metrics else NONE
                for metric, (_, form) in found.items()
            ),
        ]
        for name, seed in seeds
    ]
    return table(["seed", "state", *(title for title, _ in found.values())], lines)
