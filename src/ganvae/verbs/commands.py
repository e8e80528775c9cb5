"""What the verbs of the command line do: read, call, write and say it in a line."""

import sys
from argparse import Namespace
from pathlib import Path

from torch import Tensor

from ganvae.core import machine, storage
from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import UserError
from ganvae.metrics.reconstruction import reconstruction_mse
from ganvae.verbs import draw, images, listing, scores
from ganvae.verbs.compare import compare as compared
from ganvae.verbs.compare import markdown
from ganvae.verbs.experiments import experiments as found_experiments
from ganvae.verbs.export import export as exported
from ganvae.verbs.report import report as made_report
from ganvae.verbs.trained import Trained, load


def run(given: Namespace) -> None:
    """Does what the command line asks for, on one thread, as everything that is measured."""
    machine.use_one_thread()
    verbs = (
        sample, reconstruct, interpolate, invert, score, export, report, experiments, compare,
    )  # fmt: skip
    {verb.__name__: verb for verb in verbs}[given.verb](given)


def sample(given: Namespace) -> None:
    """`draw.sample`."""
    images.check_out(given.out)
    trained = _loaded(given)
    drawn = draw.sample(trained, given.count, given.seed, given.label, given.components)
    _write(given, trained, drawn, "images")


def reconstruct(given: Namespace) -> None:
    """`draw.reconstruct`, of given or of test images."""
    images.check_out(given.out)
    trained = _loaded(given)
    originals = _given(given, trained)
    found = draw.reconstruct(trained, originals)
    _write(given, trained, found, f"reconstructions{_error(originals, found)}", originals)


def invert(given: Namespace) -> None:
    """`draw.invert`, of given or of test images."""
    images.check_out(given.out)
    trained = _loaded(given)
    originals = _given(given, trained)
    found = draw.draw(trained, draw.invert(trained, originals, given.steps, given.seed))
    _write(given, trained, found, f"nearest images{_error(originals, found)}", originals)


def interpolate(given: Namespace) -> None:
    """`draw.interpolate`, between given images or samples of the prior."""
    images.check_out(given.out)
    trained = _loaded(given)
    walked = draw.interpolate(trained, _ends(given, trained), given.points)
    _write(given, trained, walked, "images", columns=given.points)


def _ends(given: Namespace, trained: Trained) -> Tensor:
    if given.images is None:
        if given.walks < 1:
            raise UserError(f"walks {given.walks}: allowed: 1 or more")
        noise = Noise(seed_for(given.seed, "interpolate"), CPU)
        return noise.normal(given.walks + 1, trained.latent_dim)
    originals = images.read(given.images, given.negative)
    if trained.encoder is not None:
        return draw.codes(trained, originals)
    return draw.invert(trained, originals, given.steps, given.seed)


def score(given: Namespace) -> None:
    """`scores.score_images`; warnings come before the table."""
    if given.out is not None:
        if given.out.suffix != ".json":
            raise UserError(f"{given.out}: a name that ends in .json expected")
        images.check_writable(given.out)
    found = scores.score_images(given.images, given.study, given.negative)
    for line in found.warnings:
        print(f"warning: {given.images}: {line}", file=sys.stderr)
    print(found.table())
    if given.out is not None:
        storage.write_json(given.out, found.document())


def export(given: Namespace) -> None:
    """`export.export`."""
    for path in exported(_loaded(given), given.format, given.out, given.network):
        print(path)


def report(given: Namespace) -> None:
    """`report.report`."""
    written = made_report(given.out, given.paper, given.study)
    print(f"{written}: {written.stat().st_size / 1e6:.1f} MB, to be opened in a browser")


def experiments(given: Namespace) -> None:
    """`experiments.experiments`, in one of three forms."""
    rows = found_experiments(given.study)
    form = listing.as_csv if given.csv else listing.markdown if given.markdown else listing.text
    sys.stdout.write(form(rows))


def compare(given: Namespace) -> None:
    """`compare.compare`, as Markdown or with all metrics as CSV."""
    found = compared(given.other, given.study)
    if given.csv:
        sys.stdout.write(found.to_csv(index=False))
    else:
        sys.stdout.write(markdown(found, given.other, given.study))


def _loaded(given: Namespace) -> Trained:
    return load(given.model, given.seed_of_training, given.study)


def _given(given: Namespace, trained: Trained) -> Tensor:
    if given.images is None:
        return draw.real_images(trained, given.count)
    return images.read(given.images, given.negative)


def _error(originals: Tensor, found: Tensor) -> str:
    mse = float(reconstruction_mse(originals, found).mean())
    return f", mean squared error {mse:.4f} per pixel on [0, 1]"


def _write(
    given: Namespace,
    trained: Trained,
    drawn: Tensor,
    what: str,
    originals: Tensor | None = None,
    columns: int = images.COLUMNS,
) -> None:
    images.write(drawn, given.out, columns, originals)
    of = f"{trained.name}, seed {trained.description.seed}"
    print(f"{Path(given.out)}: {len(drawn)} {what}; {of}")
