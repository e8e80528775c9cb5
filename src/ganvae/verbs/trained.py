"""What a user names, as trained networks: a model of a study, a folder or a weights file."""

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ganvae.comparison.schema import Status
from ganvae.core import config, machine, storage
from ganvae.core.config import PAPERS_FILE, PARAMS_FILE
from ganvae.errors import UserError
from ganvae.models.base import build
from ganvae.models.base.description import Description
from ganvae.models.cgan.codes import Coded

SEED = re.compile(r"seed_(\d+)\.safetensors")
PULL = "or `dvc pull` where a remote has it"


@dataclass(frozen=True)
class Trained:
    """Networks that a training left.

    Attributes:
        name: the folder's, or the file's without its suffix.
        file: their weights.
        description: what the file says of itself.
        networks: in evaluation mode, without gradients, on `machine.device()`.
        study: the folder where images and the judge are looked for.
    """

    name: str
    file: Path
    description: Description
    networks: nn.ModuleDict
    study: Path

    @property
    def latent_dim(self) -> int:
        """D of the latent vectors [N, D]."""
        return self.description.networks.latent_dim

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images."""
        return build.image_shape(self.description.networks.architecture)

    @property
    def decoder(self) -> nn.Module:
        """Latent vectors [N, D] -> logits [N, C, H, W]."""
        return self.networks["decoder"]

    @property
    def encoder(self) -> nn.Module | None:
        """Images -> mean and log-variance [N, 2 D]; None in a model without one."""
        return dict(self.networks.items()).get("encoder")

    @property
    def conditional(self) -> bool:
        """Whether the decoder can be asked for a class."""
        return isinstance(self.decoder, Coded)

    @property
    def folder(self) -> Path | None:
        """What its training left, with folders such as status/; None for a file of its own."""
        own = self.file.parent.name == "weights" and SEED.fullmatch(self.file.name)
        return self.file.parent.parent if own else None


def load(
    model: str | Path, seed_of_training: int | None = None, study: str | Path = "."
) -> Trained:
    """Finds trained networks and loads them.

    Args:
        model: a model's or a papers' system's name in `study`, a folder that a training left, or a
            weights file.
        seed_of_training: which of its trainings; None: the one with the smallest seed.
        study: a folder with `data/`, such as the repository, `.demo` or `.conv`.

    Raises:
        UserError: there is no such model, training or file; it says how to get it. Or the file is
            damaged or does not describe its networks.
    """
    root, path = folder_of(study), Path(model)
    folder = _folder(str(model), root)
    file = _of_seed(folder, seed_of_training) if folder else path
    description, networks = build.from_file(file)
    if seed_of_training not in (None, description.seed):
        raise UserError(f"{file}: of seed {description.seed}, not {seed_of_training}")
    name = folder.parent.name if folder and folder.name == "trained" else (folder or path).stem
    return Trained(name, file, description, networks.to(machine.device()), root)


def folder_of(study: str | Path) -> Path:
    """The folder of a study. Raises `UserError` where there is none."""
    if not Path(study).is_dir():
        raise UserError(f"{study}: no such folder")
    return Path(study)


def absent(path: Path, project: Path, stage: str) -> UserError:
    """The error that a file or folder is missing which a stage of a DVC project makes."""
    where = "" if project == Path() else f" in {project}"
    return UserError(f"no {path}: run `dvc repro {stage}`{where}, {PULL}")


def data_of(trained: Trained) -> Path:
    """The folder with the images that it was trained on, in `processed/`.

    They are told by their SHA-256, so that no name can be mistaken.

    Raises:
        UserError: they are not in the study.
    """
    wanted = trained.description.images_sha256
    places = [trained.study / "data", *sorted((trained.study / "papers/data").glob("*"))]
    for place in places:
        for file in sorted((place / "processed").glob("train.*")):
            with file.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() == wanted:
                    return place
    raise UserError(
        f"{trained.file}: was trained on images of {trained.description.data} with the SHA-256 "
        f"{wanted[:12]}..., which {trained.study / 'data/processed'} does not hold: run "
        f"`dvc repro preprocess`, {PULL}; --study names the folder of another study"
    )


def _folder(model: str, root: Path) -> Path | None:
    """The folder that trainings left; None where `model` is a file."""
    named = [root / "data/models" / model, *root.glob(f"papers/data/*/{_plain(model)}/trained")]
    for folder in (*named, Path(model) / "trained", Path(model)):
        if folder.is_dir():
            return folder
    if Path(model).is_file():
        return None
    raise _unknown(model, root)


def _plain(model: str) -> str:
    """The name, if it is none of a file's system that `glob` could take for a pattern."""
    return model if re.fullmatch(r"\w+", model) else "-"


def _unknown(model: str, root: Path) -> UserError:
    models = _names(root / PARAMS_FILE, "models")
    systems = _names(root / PAPERS_FILE, "systems")
    if model in models:
        return absent(root / "data/models" / model, root, f"train_{model}")
    if model in systems:
        folder = root / "papers/data" / systems[model]["paper"] / model / "trained"
        return absent(folder, root / "papers", f"train@{model}")
    if "/" in model or model.endswith(".safetensors"):
        return UserError(f"{model}: no such file or folder")
    nearest = difflib.get_close_matches(model, [*models, *systems], n=1, cutoff=0.5)
    known = ", ".join(models) or f"none in {root}"
    hint = f"did you mean {nearest[0]}?" if nearest else f"known: {known}"
    return UserError(f"{model}: no such model, folder or weights file ({hint})")


def _names(file: Path, key: str) -> dict[str, Any]:
    found = config.load(file).get(key) if file.exists() else None
    return found if isinstance(found, dict) else {}


def _of_seed(folder: Path, seed: int | None) -> Path:
    """The weights of one of a folder's trainings."""
    weights = folder / "weights"
    found = {int(match[1]): file for file in sorted(weights.glob("seed_*"))
             if (match := SEED.fullmatch(file.name))}  # fmt: skip
    if seed is None and found:
        return found[min(found)]
    if seed in found:
        return found[seed]
    status = folder / f"status/seed_{seed}.json"
    if status.exists() and storage.read_as(status, Status).state == "diverged":
        raise UserError(f"{folder}: seed {seed} diverged, so it has no weights")
    seeds = ", ".join(map(str, sorted(found))) or "none"
    raise UserError(f"{weights}: no weights of seed {seed}; there are those of: {seeds}"
                    if found else f"{weights}: holds no weights seed_<n>.safetensors")  # fmt: skip
