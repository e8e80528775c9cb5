"""The comparison as text that reads well in a terminal and on GitHub."""

from collections.abc import Callable, Sequence
from typing import Any

from ganvae.comparison import published
from ganvae.comparison.measurements import Seed, Study
from ganvae.comparison.published import Published
from ganvae.comparison.summary import Row, Spread, settings

NONE = "–"  # noqa: RUF001 (an en dash reads better than a hyphen in an empty cell)
Format = Callable[[float], str]
Columns = dict[str, tuple[str, Format]]


def _digits(count: int) -> Format:
    return lambda value: f"{value:,.{count}f}"


QUALITY: Columns = {
    "class_entropy": ("class entropy ↑", _digits(3)),
    "image_entropy": ("image entropy", _digits(3)),
    "fid_classifier": ("FID, classifier ↓", _digits(2)),
}
ENCODER: Columns = {
    "reconstruction_mse": ("MSE ↓", _digits(4)),
    "negative_elbo": ("-ELBO ↓", _digits(2)),
    "reconstruction_nats": ("reconstruction", _digits(2)),
    "kl_nats": ("KL", _digits(2)),
}
COST: Columns = {
    "parameters": ("parameters", _digits(0)),
    "generator_updates": ("generator updates", _digits(0)),
    "train_seconds": ("train seconds", _digits(0)),
    "train_images_per_second": ("images/s", _digits(0)),
    "peak_memory_mib": ("peak MiB", _digits(0)),
}
COUNTS = {"parameters", "generator_updates"}  # a spread of zero says nothing here


GENERATED = """\
Mean ± sample standard deviation over the finished seeds, a collapsed seed among them. Entropies
are in nats: of the classes at most ln 10 = 2.303; of a single image low where the classifier is
sure. FID is the Frechet distance on the classifier's features. `real` compares training images
with the test images, `real_halves` one half of the test images with the other."""
RECONSTRUCTED = """\
Of the test images: squared error per pixel on [0, 1]; -ELBO = reconstruction + KL, nats per
image."""


def render(study: Study, rows: Sequence[Row]) -> str:
    """The whole of `comparison.md`."""
    parts = [
        "# Comparison",
        _conditions(study),
        "## Generated images",
        _quality(rows),
        GENERATED,
        _irregular(study),
        "## Reconstruction and likelihood",
        _spreads(rows, ENCODER),
        RECONSTRUCTED + _likelihoods(study),
        "## Cost",
        _spreads(rows, COST),
        "## Beside the published values",
        *_published(published.beside(study, list(rows))),
        "## Seed by seed",
        _seeds(study),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(header: Sequence[str], lines: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """A Markdown table with padded cells; all columns but the first align right if `numbers`."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *lines, strict=True)]
    right = [numbers and i > 0 for i in range(len(widths))]
    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    padded = [
        [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        for line in [header, *lines]
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [padded[0], rule, *padded[1:]])


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


def _likelihoods(study: Study) -> str:
    blocks = study.params["models"]
    used = {name: b["likelihood"] for name, b in blocks.items() if b and "likelihood" in b}
    if len(set(used.values())) < 2:
        return ""
    each = ", ".join(f"{name} {likelihood}" for name, likelihood in used.items())
    return f"\n-ELBO and reconstruction are not comparable between likelihoods: {each}."


def _quality(rows: Sequence[Row]) -> str:
    """Real rows too, and how the seeds ended."""
    found = _found(rows, QUALITY)
    header = ["", "finished", "collapsed", "diverged", *(title for title, _ in found.values())]
    lines = [
        [
            row.name,
            *(
                NONE if count is None else str(count)
                for count in (row.finished, row.collapsed, row.diverged)
            ),
            *_cells(row, found),
        ]
        for row in rows
    ]
    return table(header, lines)


def _spreads(rows: Sequence[Row], columns: Columns) -> str:
    """The rows that have at least one of the metrics; empty if none has."""
    found = _found(rows, columns)
    lines = [[row.name, *_cells(row, found)] for row in rows if found.keys() & row.metrics.keys()]
    return (
        table(["", *(title for title, _ in found.values())], lines)
        if lines
        else "No model has any."
    )


def _found(rows: Sequence[Row], columns: Columns) -> Columns:
    return {name: c for name, c in columns.items() if any(name in row.metrics for row in rows)}


def _cells(row: Row, columns: Columns) -> list[str]:
    return [
        _cell(row.metrics.get(name), form, exact=name in COUNTS)
        for name, (_, form) in columns.items()
    ]


def _cell(value: Spread | None, form: Format, exact: bool = False) -> str:
    if value is None:
        return NONE
    if value.std is None or (exact and not value.std):
        return form(value.mean)
    return f"{form(value.mean)} ± {form(value.std)}"


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


def _settings(values: Sequence[Published]) -> str:
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


def _seeds(study: Study) -> str:
    columns = {**QUALITY, **ENCODER, "train_seconds": COST["train_seconds"]}
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
