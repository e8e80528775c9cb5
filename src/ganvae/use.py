"""Trained networks and metrics for other programs: what the command line does, as functions.

Images are float32 [N, C, H, W] in [-1, 1] throughout, grey ones of 28 x 28 pixels; what is drawn
has 256 levels. What a user can mend is a `UserError` of one line. docs/use.md shows all of it.
"""

from ganvae.errors import UserError
from ganvae.verbs.compare import compare
from ganvae.verbs.draw import codes, draw, interpolate, invert, real_images, reconstruct, sample
from ganvae.verbs.experiments import Experiment, experiments
from ganvae.verbs.export import export
from ganvae.verbs.images import read, write
from ganvae.verbs.report import report
from ganvae.verbs.scores import Scores
from ganvae.verbs.scores import score_images as score
from ganvae.verbs.trained import Trained, load

__all__ = [
    "Experiment",
    "Scores",
    "Trained",
    "UserError",
    "codes",
    "compare",
    "draw",
    "experiments",
    "export",
    "interpolate",
    "invert",
    "load",
    "read",
    "real_images",
    "reconstruct",
    "report",
    "sample",
    "score",
    "write",
]
