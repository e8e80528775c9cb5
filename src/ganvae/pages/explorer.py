"""The same latent planes drawn by every model, and what the judge sees there.

All of it is computed here, so that a page that shows it needs no inference: the images of a model
on a plane are one picture, a sprite, of which the page shows one tile at a time.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from ganvae.comparison.measurements import Study
from ganvae.core import imageset, machine
from ganvae.core.imageset import CPU
from ganvae.core.machine import Noise, seed_for
from ganvae.evaluation import mixture, showcase
from ganvae.evaluation.sampling import decode
from ganvae.judging import classifier
from ganvae.judging.classifier import Classifier
from ganvae.metrics.image_entropy import image_entropy
from ganvae.models.base import systems

STEPS = 21  # points a side: odd, so that one lies in the middle
BEYOND = 1.2  # of the length of samples: how far the plane of the prior reaches
CODES_REACH = 2.5  # of the codes' plane, in their standard deviations
LEVELS = 32  # grey levels of a sprite: even of noise it has five bits a pixel
TEST = Path("data/processed/test.safetensors")
JUDGE = Path("data/classifier/weights.safetensors")


@dataclass(frozen=True)
class Plane:
    """Points of the latent space.

    Attributes:
        name: a few words.
        said: what it is, in a sentence or two.
        reach: x and y go from -reach to reach standard deviations.
        ring: how far from the middle samples of the prior lie, in the same unit; None if it says
            nothing on this plane.
        z: float32 [STEPS * STEPS, D], row by row; x rises to the right, y from the last row up.
    """

    name: str
    said: str
    reach: float
    ring: float | None
    z: Tensor


@dataclass(frozen=True)
class View:
    """What one model draws on one plane.

    Attributes:
        model: its name.
        seed: of which training.
        sprite: PNG of STEPS x STEPS images of 28 x 28 pixels.
        classes: which one the judge sees in each image; empty where it tells no classes.
        probabilities: which it gives to that class, 0 to 1.
        entropies: of all that it gives, in nats.
    """

    model: str
    seed: int
    sprite: bytes
    classes: list[int]
    probabilities: list[float]
    entropies: list[float]


@dataclass(frozen=True)
class Explored:
    """A plane with a view of each model that drew it."""

    plane: Plane
    views: list[View]


def explore(study: Study) -> list[Explored]:
    """Both planes, drawn by the first finished seed of each model: never by the best one.

    Reads the weights of these seeds, the judge and the test images. A model that gives no finite
    images on a plane is left out there.

    Returns:
        The plane of the prior and, if a model has an encoder, that of its codes; nothing where
        every seed diverged.

    Raises:
        UserError: a file is missing or damaged.
    """
    device = machine.device()
    models = [
        (model.name, model.finished[0].seed, systems.read(model.name))
        for model in study.models
        if model.finished
    ]
    if not models:
        return []
    networks = {name: system.restored(seed).to(device) for name, seed, system in models}
    planes = [prior_plane(models[0][2].networks.latent_dim), *_of_codes(networks)]
    judge = classifier.load(JUDGE, device)
    return [
        Explored(
            plane,
            [
                found
                for name, seed, _ in models
                if (found := view(name, seed, networks[name]["decoder"], judge, plane.z))
            ],
        )
        for plane in planes
    ]


def prior_plane(latent_dim: int) -> Plane:
    """Two directions at right angles through the middle of N(0, I); with D = 1 there is one."""
    draw = Noise(seed_for(0, "explorer"), CPU).normal(2, latent_dim).double()
    directions, _ = torch.linalg.qr(draw.T)
    axes = torch.nn.functional.pad(directions, (0, 2 - directions.shape[1]))
    ring = latent_dim**0.5
    said = (
        "Two directions of the prior at right angles, the same for every model. Samples of the "
        "prior are about as far from the middle as the circle; in the middle there are hardly any."
    )
    centre = torch.zeros(latent_dim, dtype=torch.float64)
    z = _points(centre, axes, BEYOND * ring)
    return Plane("a plane of the prior", said, BEYOND * ring, ring, z)


def codes_plane(model: str, means: Tensor) -> Plane:
    """The two principal directions of a model's codes, posterior means [N, D], about their mean."""
    centre = means.double().mean(dim=0)
    directions, deviations = showcase.principal_axes(means)  # which the figure has too
    scaled = directions * deviations
    said = (
        f"The two principal directions of the codes of {model}, about their mean, in their "
        "standard deviations. The same points for every model, whatever its own codes are."
    )
    axes = torch.nn.functional.pad(scaled, (0, 2 - scaled.shape[1]))
    z = _points(centre, axes, CODES_REACH)
    return Plane(f"the codes of {model}", said, CODES_REACH, None, z)


def _points(centre: Tensor, axes: Tensor, reach: float) -> Tensor:
    """centre [D] + x axes[:, 0] + y axes[:, 1] of axes [D, 2], x and y from -reach to reach."""
    places = torch.linspace(-reach, reach, STEPS, dtype=torch.float64)
    y, x = torch.meshgrid(places.flip(0), places, indexing="ij")
    points: Tensor = centre + torch.stack([x.flatten(), y.flatten()], dim=1) @ axes.T
    return points.float()


def _of_codes(networks: dict[str, nn.ModuleDict]) -> list[Plane]:
    """Of the first model that has an encoder, by the test images of the latent map."""
    for name, own in networks.items():
        if "encoder" in own:
            images, _ = imageset.load(TEST)
            means = mixture.codes(own["encoder"], images[: showcase.LATENT_POINTS])
            return [codes_plane(name, means)]
    return []


def view(model: str, seed: int, decoder: nn.Module, judge: Classifier, z: Tensor) -> View | None:
    """The images of z [STEPS * STEPS, D] and the judge's view of them; None if not finite."""
    try:
        images = decode(decoder, z)
    except FloatingPointError:
        return None
    if judge.classes == 1:  # it tells which way up an image is
        return View(model, seed, sprite(images), [], [], [])
    _, opinions = classifier.classify(judge, imageset.dequantise(images))
    most, classes = opinions.max(dim=1)
    return View(
        model,
        seed,
        sprite(images),
        classes.tolist(),
        _rounded(most),
        _rounded(image_entropy(opinions)),
    )


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 3) for value in values.tolist()]


def sprite(images: Tensor) -> bytes:
    """PNG of images uint8 [STEPS * STEPS, 28, 28] as one picture in `LEVELS` grey levels."""
    height, width = images.shape[1:]
    tiles = images.view(STEPS, STEPS, height, width).swapaxes(1, 2)
    whole = tiles.reshape(STEPS * height, STEPS * width).int()
    levels = (whole * LEVELS // 256) * 255 // (LEVELS - 1)
    buffer = io.BytesIO()
    Image.fromarray(levels.byte().numpy()).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
