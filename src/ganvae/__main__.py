"""The command line: `ganvae <verb>`, or `python -m ganvae <verb>`; `ganvae --help` has the verbs.

This file knows the words and no torch, so that help and mistakes are told at once; what a verb does
is the function of its name in `ganvae.verbs.commands`.
"""

from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path
from typing import NoReturn, TypeAlias

from ganvae.errors import UserError, run

FORMATS = ("onnx", "pt2", "safetensors")


class Parser(ArgumentParser):
    """Ends with one line like every command of this project."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message}; see {self.prog} --help")


Verbs: TypeAlias = "_SubParsersAction[Parser]"


def main() -> None:
    """Entry point of `ganvae`."""
    run(_main)


def _main() -> None:
    given = parser().parse_args()
    from ganvae.verbs import commands  # takes seconds

    commands.run(given)


def parser() -> Parser:
    """The whole command line; the verb's name is `verb`."""
    whole = Parser(
        prog="ganvae",
        description="Uses trained models, measures images, tells of studies.",
        epilog="`ganvae <verb> --help` shows an example of each; docs/use.md has more, and the "
        "same in Python.",
    )
    verbs = whole.add_subparsers(dest="verb", metavar="verb", required=True, parser_class=Parser)
    of_models = (_sample, _reconstruct, _interpolate, _invert, _export)
    for add in (*of_models, _score, _report, _experiments, _compare):
        add(verbs)
    return whole


def _sample(verbs: Verbs) -> None:
    about = "draw images"
    verb = _verb(verbs, about, "ganvae sample vae --seed-of-training 2 --count 64 --out grid.png")
    _model(verb)
    _number(verb, "--count", 64, "how many")
    verb.add_argument(
        "--class",
        dest="label",
        type=int,
        metavar="K",
        help="of this class alone, 0 to 9; for conditional models such as cgan",
    )
    verb.add_argument(
        "--mixture",
        dest="components",
        type=int,
        nargs="?",
        const=10,
        metavar="K",
        help="from K Gaussians (default: 10) fitted to the codes of the training images instead of "
        "the prior; for models with an encoder",
    )
    _number(verb, "--seed", 0, "of the noise")
    _out(verb)


def _reconstruct(verbs: Verbs) -> None:
    about = "encode images and decode them again"
    verb = _verb(verbs, about, "ganvae reconstruct vae --images letters/ --out letters.png")
    _model(verb)
    _images(verb)
    _out(verb)


def _interpolate(verbs: Verbs) -> None:
    about = "draw what lies between images, or between samples"
    verb = _verb(verbs, about, "ganvae interpolate gan --walks 8 --out walks.png")
    _model(verb)
    verb.add_argument(
        "--images",
        type=Path,
        metavar="PATH",
        help="two or more images, between which to walk in their order (default: samples)",
    )
    _negative(verb)
    _number(verb, "--walks", 8, "between samples, how many")
    _number(verb, "--points", 10, "images of a walk, both ends included")
    _number(verb, "--steps", 300, "of the search for the images, in a model without an encoder")
    _number(verb, "--seed", 0, "of the samples, or of where the search starts")
    _out(verb)


def _invert(verbs: Verbs) -> None:
    about = "find the nearest images that a model can draw"
    verb = _verb(verbs, about, "ganvae invert gan --images letters/ --steps 300 --out nearest.png")
    _model(verb)
    _images(verb)
    _number(verb, "--steps", 300, "of the search")
    _number(verb, "--seed", 0, "of where it starts")
    _out(verb)


def _score(verbs: Verbs) -> None:
    about = "measure images of any program against the test images, by the project's judge"
    verb = _verb(verbs, about, "ganvae score samples/ --out scores.json")
    verb.add_argument(
        "images",
        type=Path,
        metavar="FOLDER",
        help="a folder of pictures, an .npz or an IDX file",
    )
    verb.add_argument("--negative", action="store_true", help="exchange dark and light first")
    verb.add_argument("--out", type=Path, metavar="x.json", help="write all numbers there too")


def _export(verbs: Verbs) -> None:
    about = "write a network for other programs, and a card that says what it is"
    verb = _verb(verbs, about, "ganvae export vae --format onnx")
    _model(verb)
    verb.add_argument("--format", required=True, choices=FORMATS)
    verb.add_argument(
        "--network",
        default="decoder",
        metavar="NAME",
        help="decoder (default), encoder or discriminator; a safetensors file has all of them",
    )
    verb.add_argument("--out", type=Path, metavar="FILE", help="default: MODEL_seed_N.FORMAT")


def _report(verbs: Verbs) -> None:
    about = "write the report of a study, or of a source paper, as one HTML file to send"
    verb = _verb(verbs, about, "ganvae report --study .demo --out demo.html")
    verb.add_argument(
        "paper",
        nargs="?",
        metavar="PAPER",
        help="a source paper, such as mi2018 (default: the study)",
    )
    verb.add_argument("--out", type=Path, required=True, metavar="x.html", help="the file")


def _experiments(verbs: Verbs) -> None:
    about = "list the DVC experiments of this branch, better and worse marked"
    verb = _verb(verbs, about, "ganvae experiments --markdown > experiments.md")
    forms = verb.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_true", help="all digits, for other programs")
    forms.add_argument("--markdown", action="store_true", help="one line for each experiment")


def _compare(verbs: Verbs) -> None:
    about = "tell which models of another study are better than those of this one"
    verb = _verb(verbs, about, "ganvae compare .conv")
    verb.add_argument(
        "other",
        type=Path,
        metavar="OTHER",
        help="a folder with a study, such as .demo or .conv, or with what is kept of one, such as "
        "metrics/conv",
    )
    verb.add_argument("--csv", action="store_true", help="all metrics, with all digits")


def _verb(verbs: Verbs, about: str, example: str) -> Parser:
    described = f"{about[0].upper()}{about[1:]}."
    verb = verbs.add_parser(
        example.split()[1], help=about, description=described, epilog=f"example: {example}"
    )
    verb.add_argument(
        "--study",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="the repository (default: this folder), or another study, such as .demo or .conv",
    )
    return verb


def _model(verb: Parser) -> None:
    verb.add_argument(
        "model",
        metavar="MODEL",
        help="a model of the study, such as vae; a papers' system, such as ghosh2020_cgan; a "
        "folder that a training left; or a weights file",
    )
    _number(verb, "--seed-of-training", None, "which of its trainings")


def _images(verb: Parser) -> None:
    verb.add_argument(
        "--images",
        type=Path,
        metavar="PATH",
        help="a picture, a folder of pictures, an .npz or an IDX file (default: test images)",
    )
    _negative(verb)
    _number(verb, "--count", 20, "how many test images")


def _negative(verb: Parser) -> None:
    verb.add_argument("--negative", action="store_true", help="exchange their dark and light")


def _number(verb: Parser, option: str, default: int | None, about: str) -> None:
    said = "the smallest" if default is None else default
    verb.add_argument(
        option, type=int, default=default, metavar="N", help=f"{about} (default: {said})"
    )


def _out(verb: Parser) -> None:
    verb.add_argument(
        "--out",
        required=True,
        help="x.png: one picture; x.npz: the array `images`; x/: a folder with a PNG of each",
    )


if __name__ == "__main__":
    main()
